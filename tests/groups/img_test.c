/* SPDX-License-Identifier: Apache-2.0 */
/* Image: typed calls to a server by the same tables.  Bytes: tests/vectors/img.jsonl. */
#include "support/duet.h"

#include <criterion/criterion.h>
#include <string.h>

static struct duet duet;

static void set_up(void)
{
    duet_open(&duet, NULL, false);
}

static void tear_down(void)
{
    duet_close(&duet);
}

TestSuite(img, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_IMG, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static const uint8_t hash[64] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

/* Two images as a device lists them: one with every flag, one with none. */
static const struct smp_img_image running = {
    .size = sizeof(running),
    .version = STR("1.0.0"),
    .has_hash = true,
    .hash = {hash, 32},
    .has_bootable = true,
    .bootable = true,
    .has_pending = true,
    .has_confirmed = true,
    .confirmed = true,
    .has_active = true,
    .active = true,
    .has_permanent = true,
};
static const struct smp_img_image other = {
    .size = sizeof(other),
    .has_image = true,
    .image = 1,
    .slot = 1,
    .version = STR("1.1.0.7"),
    .has_hash = true,
    .hash = {hash, 64},
};
static const struct smp_img_image *const images[] = {&running, &other};
static const struct smp_img_state_rsp state = {.size = sizeof(state),
                                               .n_images = 2,
                                               .images = images,
                                               .has_split_status = true,
                                               .split_status = 0};

static void check_state(const struct smp_img_state_rsp *got)
{
    cr_assert_eq(got->n_images, 2);
    cr_assert(is(got->images[0]->version, "1.0.0"));
    cr_assert_eq(got->images[0]->hash.len, 32);
    cr_assert_arr_eq(got->images[0]->hash.data, hash, 32);
    cr_assert(got->images[0]->bootable && got->images[0]->confirmed && got->images[0]->active);
    cr_assert(got->images[0]->has_pending && !got->images[0]->pending);
    cr_assert_not(got->images[0]->has_image);
    cr_assert_eq(got->images[1]->image, 1);
    cr_assert_eq(got->images[1]->slot, 1);
    cr_assert_eq(got->images[1]->hash.len, 64);
    cr_assert_not(got->images[1]->has_active);
    cr_assert_not(got->images[1]->active, "a flag left out is false");
    cr_assert(got->has_split_status);
}

Test(img, state_read)
{
    SERVE(0, SMP_OP_READ, &state);
    cr_assert_eq(smp_img_state_read(duet.session, WITH), SMP_OK);
    check_state(duet_answer(&duet, "a0"));
}

Test(img, state_read_of_an_empty_device)
{
    const struct smp_img_state_rsp none = {.size = sizeof(none)};
    SERVE(0, SMP_OP_READ, &none);
    cr_assert_eq(smp_img_state_read(duet.session, WITH), SMP_OK);
    const struct smp_img_state_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_images, 0);
    cr_assert_not(got->has_split_status);
}

Test(img, state_write_test)
{
    const struct smp_img_state_write_req req = {
        .size = sizeof(req), .has_hash = true, .hash = {hash, 4}};
    SERVE(0, SMP_OP_WRITE, &state);
    cr_assert_eq(smp_img_state_write(duet.session, &req, WITH), SMP_OK);
    check_state(duet_answer(&duet, "a1 6468617368 4401020304"));
}

Test(img, state_write_confirm)
{
    const struct smp_img_state_write_req req = {
        .size = sizeof(req), .has_confirm = true, .confirm = true};
    SERVE(0, SMP_OP_WRITE, &state);
    cr_assert_eq(smp_img_state_write(duet.session, &req, WITH), SMP_OK);
    check_state(duet_answer(&duet, "a1 67636f6e6669726d f5"));
}

Test(img, state_write_with_an_empty_hash)
{
    const struct smp_img_state_write_req req = {
        .size = sizeof(req), .has_hash = true, .has_confirm = true, .confirm = true};
    SERVE(0, SMP_OP_WRITE, &state);
    cr_assert_eq(smp_img_state_write(duet.session, &req, WITH), SMP_OK);
    check_state(duet_answer(&duet, "a2 6468617368 40 67636f6e6669726d f5"));
}

Test(img, upload_chunk)
{
    const struct smp_img_upload_req req = {.size = sizeof(req),
                                           .has_image = true,
                                           .image = 2,
                                           .has_len = true,
                                           .len = 1000,
                                           .has_sha = true,
                                           .sha = {hash, 4},
                                           .has_upgrade = true,
                                           .upgrade = true,
                                           .has_data = true,
                                           .data = {hash, 3}};
    const struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = 3, .has_match = true, .match = true};
    SERVE(1, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_img_upload_chunk(duet.session, &req, WITH), SMP_OK);
    const struct smp_img_upload_rsp *got =
        duet_answer(&duet, "a6 65696d616765 02 636c656e 1903e8 636f6666 00 63736861 4401020304"
                           "6775706772616465 f5 6464617461 43010203");
    cr_assert_eq(got->off, 3);
    cr_assert(got->has_match && got->match);
}

Test(img, core_list)
{
    SERVE(3, SMP_OP_READ, NULL);
    cr_assert_eq(smp_img_core_list(duet.session, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a0"));
}

Test(img, core_load)
{
    const struct smp_img_core_load_req req = {.size = sizeof(req), .off = 512};
    const struct smp_img_core_load_rsp rsp = {.size = sizeof(rsp), .off = 512, .data = {hash, 5}};
    SERVE(4, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_img_core_load(duet.session, &req, WITH), SMP_OK);
    const struct smp_img_core_load_rsp *got = duet_answer(&duet, "a1 636f6666 190200");
    cr_assert_eq(got->off, 512);
    cr_assert_not(got->has_len);
    cr_assert_eq(got->data.len, 5);
    cr_assert_arr_eq(got->data.data, hash, 5);
}

Test(img, core_erase)
{
    SERVE(4, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_img_core_erase(duet.session, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a0"));
}

Test(img, erase)
{
    SERVE(5, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_img_erase(duet.session, NULL, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a0"));
}

Test(img, erase_of_slot_0_is_not_erase_without_a_slot)
{
    const struct smp_img_erase_req req = {.size = sizeof(req), .has_slot = true, .slot = 0};
    SERVE(5, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_img_erase(duet.session, &req, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a1 64736c6f74 00"));
}

Test(img, slot_info)
{
    static const struct smp_img_slot good = {.size = sizeof(good),
                                             .has_bytes = true,
                                             .bytes = 0x100000,
                                             .has_upload_image_id = true,
                                             .upload_image_id = 2};
    static const struct smp_img_slot bad = {
        .size = sizeof(bad), .slot = 1, .has_rc = true, .rc = -19};
    static const struct smp_img_slot *const slots[] = {&good, &bad};
    static const struct smp_img_slots first = {.size = sizeof(first),
                                               .n_slots = 2,
                                               .slots = slots,
                                               .has_max_image_size = true,
                                               .max_image_size = 0xff000};
    static const struct smp_img_slots *const list[] = {&first};
    const struct smp_img_slot_info_rsp rsp = {.size = sizeof(rsp), .n_images = 1, .images = list};
    SERVE(6, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_img_slot_info(duet.session, WITH), SMP_OK);
    const struct smp_img_slot_info_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_images, 1);
    cr_assert_eq(got->images[0]->max_image_size, 0xff000);
    cr_assert_eq(got->images[0]->n_slots, 2);
    cr_assert_eq(got->images[0]->slots[0]->bytes, 0x100000);
    cr_assert_eq(got->images[0]->slots[0]->upload_image_id, 2);
    cr_assert_not(got->images[0]->slots[0]->has_rc);
    cr_assert_eq(got->images[0]->slots[1]->rc, -19);
    cr_assert_not(got->images[0]->slots[1]->has_bytes);
}

Test(img, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 1, "FLASH_CONFIG_QUERY_FAIL"},
        {3, 5, "NO_IMAGE"},
        {4, 5, "NO_TLVS"},
        {5, 1, "INVALID_TLV"},
        {6, 1, "TLV_MULTIPLE_HASHES_FOUND"},
        {7, 1, "TLV_INVALID_SIZE"},
        {8, 1, "HASH_NOT_FOUND"},
        {9, 6, "NO_FREE_SLOT"},
        {10, 1, "FLASH_OPEN_FAILED"},
        {11, 1, "FLASH_READ_FAILED"},
        {12, 1, "FLASH_WRITE_FAILED"},
        {13, 1, "FLASH_ERASE_FAILED"},
        {14, 3, "INVALID_SLOT"},
        {15, 2, "NO_FREE_MEMORY"},
        {16, 1, "FLASH_CONTEXT_ALREADY_SET"},
        {17, 1, "FLASH_CONTEXT_NOT_SET"},
        {18, 1, "FLASH_AREA_DEVICE_NULL"},
        {19, 3, "INVALID_PAGE_OFFSET"},
        {20, 3, "INVALID_OFFSET"},
        {21, 3, "INVALID_LENGTH"},
        {22, 3, "INVALID_IMAGE_HEADER"},
        {23, 1, "INVALID_IMAGE_HEADER_MAGIC"},
        {24, 3, "INVALID_HASH"},
        {25, 3, "INVALID_FLASH_ADDRESS"},
        {26, 1, "VERSION_GET_FAILED"},
        {27, 6, "CURRENT_VERSION_IS_NEWER"},
        {28, 6, "IMAGE_ALREADY_PENDING"},
        {29, 1, "INVALID_IMAGE_VECTOR_TABLE"},
        {30, 1, "INVALID_IMAGE_TOO_LARGE"},
        {31, 1, "INVALID_IMAGE_DATA_OVERRUN"},
        {32, 1, "IMAGE_CONFIRMATION_DENIED"},
        {33, 1, "IMAGE_SETTING_TEST_TO_ACTIVE_DENIED"},
        {34, 1, "ACTIVE_SLOT_NOT_KNOWN"},
    };
    duet_codes(SMP_GROUP_IMG, 0, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

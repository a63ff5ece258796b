/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/groups.h"
#include "codec/vector.h"

static const struct smp_field *field(const struct smp_message *message, const char *key)
{
    const struct smp_field *found = smp_message_find(message, key);

    cr_assert_not_null(found, "%s", key);
    return found;
}

Test(message, shows_groups_and_their_codes)
{
    cr_assert_eq(smp_group_number(&t_img), 1);
    cr_assert_str_eq(smp_group_name(&t_img), "img");
    cr_assert_eq(smp_group_commands(&t_img), 3);
    cr_assert_eq(smp_group_command(&t_img, 2), &t_img_commands[2]);
    cr_assert_null(smp_group_command(&t_img, 3));
    cr_assert_str_eq(smp_group_code(&t_img, 24)->name, "INVALID_HASH");
    cr_assert_null(smp_group_code(&t_img, 25));
    cr_assert_null(smp_group_code(&t_img, -24));
    cr_assert_null(smp_group_code(&t_user, 0));
    cr_assert_null(smp_group_code(NULL, 24));
}

Test(message, shows_commands)
{
    const struct smp_command *command = smp_group_command(&t_img, 1);

    cr_assert_str_eq(smp_command_name(command), "state_write");
    cr_assert_eq(smp_command_group(command), 1);
    cr_assert_eq(smp_command_id(command), 0);
    cr_assert_eq(smp_command_op(command), SMP_OP_WRITE);
    cr_assert_not(smp_command_idempotent(command));
    cr_assert(smp_command_idempotent(smp_group_command(&t_img, 0)));
    cr_assert_null(smp_command_enable(command));
    cr_assert_eq(smp_command_request(command), &t_upload);
    cr_assert_eq(smp_command_response(command), &t_state);
}

Test(message, shows_rows_as_the_struct_is)
{
    cr_assert_str_eq(smp_message_name(&t_all), "t_all");
    cr_assert_eq(smp_message_size(&t_all), sizeof(struct t_all));
    cr_assert_eq(smp_message_fields(&t_offset), 2);
    cr_assert_eq(smp_message_field(&t_offset, 1), field(&t_offset, "match"));
    cr_assert_null(smp_message_field(&t_offset, 2));
    cr_assert_null(smp_message_find(&t_offset, "of"));
    cr_assert_null(smp_message_find(&t_offset, "offset"));

    const struct smp_field *u16 = field(&t_all, "u16");
    cr_assert_str_eq(smp_field_key(u16), "u16");
    cr_assert_eq(smp_field_kind(u16), SMP_KIND_UINT);
    cr_assert_eq(smp_field_element_kind(u16), SMP_KIND_UINT);
    cr_assert_eq(smp_field_offset(u16), offsetof(struct t_all, u16));
    cr_assert_eq(smp_field_width(u16), 2);
    cr_assert(smp_field_optional(u16));
    cr_assert_null(smp_field_message(u16));
    cr_assert_not(smp_field_optional(field(&t_upload, "off")));

    const struct smp_field *numbers = field(&t_all, "numbers");
    cr_assert_eq(smp_field_kind(numbers), SMP_KIND_LIST);
    cr_assert_eq(smp_field_element_kind(numbers), SMP_KIND_UINT);
    cr_assert_eq(smp_field_width(numbers), 2);
    cr_assert_eq(smp_field_kind(field(&t_all, "pools")), SMP_KIND_MAP);
    cr_assert_eq(smp_field_element_kind(field(&t_all, "images")), SMP_KIND_RECORD);
    cr_assert_eq(smp_field_message(field(&t_all, "images")), &t_image);
    cr_assert_eq(smp_field_message(field(&t_all, "record")), &t_offset);
    cr_assert_str_eq(smp_field_key(smp_message_field(&t_root, 0)), "");
}

Test(message, sets_and_gets_scalars_of_every_width)
{
    static const struct {
        const char *key;
        struct smp_value value;
    } vectors[] = {
        {"b", {.kind = SMP_KIND_BOOL, .as.boolean = true}},
        {"u8", {.kind = SMP_KIND_UINT, .as.uint = 255}},
        {"u16", {.kind = SMP_KIND_UINT, .as.uint = 65535}},
        {"u32", {.kind = SMP_KIND_UINT, .as.uint = UINT32_MAX}},
        {"u64", {.kind = SMP_KIND_UINT, .as.uint = UINT64_MAX}},
        {"i8", {.kind = SMP_KIND_INT, .as.sint = INT8_MIN}},
        {"i16", {.kind = SMP_KIND_INT, .as.sint = INT16_MIN}},
        {"i32", {.kind = SMP_KIND_INT, .as.sint = INT32_MIN}},
        {"i64", {.kind = SMP_KIND_INT, .as.sint = INT64_MIN}},
    };
    struct t_all all = {.size = sizeof(all)};

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct smp_field *f = field(&t_all, vectors[i].key);
        struct smp_value value;
        cr_assert_not(smp_field_has(f, &all));
        cr_assert_eq(smp_field_get(f, &all, &value), SMP_ERR_NOT_FOUND);
        cr_assert_eq(smp_field_set(f, &all, &vectors[i].value), SMP_OK);
        cr_assert(smp_field_has(f, &all));
        cr_assert_eq(smp_field_get(f, &all, &value), SMP_OK);
        cr_assert_eq(value.kind, vectors[i].value.kind);
        cr_assert_eq(value.as.uint & (i == 0 ? 1 : UINT64_MAX),
                     vectors[i].value.as.uint & (i == 0 ? 1 : UINT64_MAX), "%s", vectors[i].key);
    }
    cr_assert(all.b && all.u8 == 255 && all.i64 == INT64_MIN && all.has_i32);
}

Test(message, sets_text_bytes_and_values)
{
    struct t_all all = {.size = sizeof(all)};
    struct smp_value text = {.kind = SMP_KIND_STR, .as.str = {"abc", 3}};
    struct smp_value bytes = {.kind = SMP_KIND_BYTES, .as.bytes = {(const uint8_t *)"xy", 2}};
    struct smp_value value;

    cr_assert_eq(smp_field_set(field(&t_all, "str"), &all, &text), SMP_OK);
    expect_str(all.str, "abc");
    cr_assert_eq(smp_field_set(field(&t_all, "bytes"), &all, &bytes), SMP_OK);
    cr_assert_eq(all.bytes.len, 2);
    cr_assert_eq(smp_field_set(field(&t_all, "value"), &all, &text), SMP_OK);
    cr_assert_eq(smp_field_get(field(&t_all, "value"), &all, &value), SMP_OK);
    cr_assert_eq(value.kind, SMP_KIND_STR);
    expect_str(value.as.str, "abc");
}

Test(message, refuses_wrong_kinds_and_numbers_that_do_not_fit)
{
    static const struct {
        const char *key;
        struct smp_value value;
    } wrong[] = {
        {"u8", {.kind = SMP_KIND_UINT, .as.uint = 256}},
        {"u8", {.kind = SMP_KIND_INT, .as.sint = -1}},
        {"u16", {.kind = SMP_KIND_UINT, .as.uint = 65536}},
        {"u32", {.kind = SMP_KIND_UINT, .as.uint = UINT64_C(1) << 32}},
        {"i8", {.kind = SMP_KIND_INT, .as.sint = 128}},
        {"i8", {.kind = SMP_KIND_UINT, .as.uint = 128}},
        {"i64", {.kind = SMP_KIND_UINT, .as.uint = UINT64_C(1) << 63}},
        {"b", {.kind = SMP_KIND_UINT, .as.uint = 2}},
        {"b", {.kind = SMP_KIND_STR, .as.str = {"true", 4}}},
        {"u8", {.kind = SMP_KIND_BOOL, .as.boolean = true}},
        {"str", {.kind = SMP_KIND_BYTES}},
        {"bytes", {.kind = SMP_KIND_STR}},
        {"value", {.kind = SMP_KIND_LIST}},
        {"numbers", {.kind = SMP_KIND_UINT, .as.uint = 1}},
        {"record", {.kind = SMP_KIND_UINT, .as.uint = 1}},
    };
    struct t_all all = {.size = sizeof(all)};
    struct t_all untouched = {.size = sizeof(all)};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct smp_field *f = field(&t_all, wrong[i].key);
        cr_assert_eq(smp_field_set(f, &all, &wrong[i].value), SMP_ERR_INVALID, "%s, case %zu",
                     wrong[i].key, i);
        cr_assert_not(smp_field_has(f, &all), "%s, case %zu", wrong[i].key, i);
    }
    cr_assert_eq(memcmp(&all, &untouched, sizeof(all)), 0);
}

Test(message, members_past_the_size_are_absent)
{
    struct t_offset offset = {
        .size = offsetof(struct t_offset, has_match), .has_match = true, .match = true};
    struct smp_value yes = {.kind = SMP_KIND_BOOL, .as.boolean = true};
    struct smp_value value;
    const struct smp_field *match = field(&t_offset, "match");

    cr_assert_not(smp_field_has(match, &offset));
    cr_assert_eq(smp_field_get(match, &offset, &value), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_field_set(match, &offset, &yes), SMP_ERR_INVALID);
}

Test(message, walks_lists_maps_and_records)
{
    struct smp_result result =
        decode_answer(&t_all, "a4 67'numbers' 82 05 06 65'pools' a1 61'a' a0 "
                              "66'images' 81 a2 64'slot' 03 67'version' 61'1' 66'record' a0");
    const struct t_all *all = result.rsp;
    struct smp_value value;

    cr_assert_eq(result.error, SMP_OK);
    const struct smp_field *numbers = field(&t_all, "numbers");
    cr_assert_eq(smp_field_count(numbers, all), 2);
    cr_assert_eq(smp_field_scalar(numbers, all, 1, &value), SMP_OK);
    cr_assert_eq(value.as.uint, 6);
    cr_assert_eq(smp_field_scalar(numbers, all, 2, &value), SMP_ERR_NOT_FOUND);
    cr_assert_null(smp_field_element(numbers, all, 0));
    cr_assert_eq(smp_field_get(numbers, all, &value), SMP_ERR_INVALID);

    const struct smp_field *images = field(&t_all, "images");
    cr_assert_eq(smp_field_count(images, all), 1);
    cr_assert_eq(smp_field_element(images, all, 0), all->images[0]);
    cr_assert_null(smp_field_element(images, all, 1));
    cr_assert_eq(smp_field_scalar(images, all, 0, &value), SMP_ERR_INVALID);

    const struct smp_field *pools = field(&t_all, "pools");
    cr_assert_eq(smp_field_element(pools, all, 0), all->pools[0]);
    cr_assert_eq(smp_field_get(smp_message_field(&t_pool, 0), all->pools[0], &value), SMP_OK);
    expect_str(value.as.str, "a");

    const struct smp_field *record = field(&t_all, "record");
    cr_assert_eq(smp_field_count(record, all), 1);
    cr_assert_eq(smp_field_element(record, all, 0), all->record);
    cr_assert_null(smp_field_element(record, all, 1));
    cr_assert_eq(smp_field_count(field(&t_all, "u8"), all), 0);
    cr_assert_eq(smp_field_count(field(&t_all, "texts"), all), 0);
}

Test(message, encodes)
{
    struct t_offset offset = {.size = sizeof(offset), .has_off = true, .off = 5};
    uint8_t cbor[16];
    size_t len;

    cr_assert_eq(smp_message_encode(&t_offset, &offset, cbor, sizeof(cbor), &len), SMP_OK);
    expect_bytes(cbor, len, "a1 63'off' 05");
    cr_assert_eq(smp_message_encode(&t_offset, &offset, cbor, 5, &len), SMP_ERR_TOO_LARGE);
    offset.size = 0;
    cr_assert_eq(smp_message_encode(&t_offset, &offset, cbor, sizeof(cbor), &len), SMP_ERR_INVALID);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Image state, erase, slot info and core dump by the rules of protocol.md 4.2 and 10. */
#include "rig.h"

static struct rig rig;
static struct blob app_100, app_110;

static void setup(void)
{
    rig_init(&rig);
    blob_read(&app_100, APP_100);
    blob_read(&app_110, APP_110);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(img, .init = setup, .fini = teardown);

enum situation { UPLOADED, TO_TEST, PERMANENT, TRIAL, SITUATIONS };
static const char *const names[] = {"uploaded", "to be tested", "permanent", "trial"};

static void arrange(enum situation situation)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK);
    if (situation != UPLOADED)
        cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, situation == PERMANENT), 0);
    if (situation == TRIAL)
        rig_reset(&rig);
}

/* Each rule starts from its own folder: what one does must not help the next. */
static void again(void)
{
    rig_end(&rig);
    rig_init(&rig);
}

Test(img, state_write_obeys_the_table)
{
    /* test and confirm the other, test and confirm the active, confirm without a hash */
    static const int expected[SITUATIONS][5] = {
        [UPLOADED] = {0, 0, 33, 0, 0},
        [TO_TEST] = {0, 28, 33, 28, 28},
        [PERMANENT] = {28, 0, 33, 28, 28},
        [TRIAL] = {28, 0, 33, 0, 0},
    };

    for (int s = 0; s < SITUATIONS; s++) {
        const uint8_t *active = s == TRIAL ? app_110.hash : app_100.hash;
        const uint8_t *other = s == TRIAL ? app_100.hash : app_110.hash;

        for (int r = 0; r < 5; r++) {
            const uint8_t *hash = r < 2 ? other : r < 4 ? active : NULL;
            int64_t rc;

            arrange((enum situation)s);
            rc = rig_state_write(&rig, hash, 32, r != 0 && r != 2);
            cr_expect_eq(rc, expected[s][r], "%s, request %d: %d", names[s], r, (int)rc);
            again();
        }
    }
}

Test(img, confirming_the_fallback_changes_nothing)
{
    arrange(TRIAL);
    cr_assert_eq(rig_state_write(&rig, app_100.hash, 32, true), 0);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active; 1:1.0.0 confirmed");
}

Test(img, state_write_refuses_bad_hashes)
{
    static const uint8_t zeros[33];
    struct smp_img_state_write_req empty = {.size = sizeof(empty), .has_hash = true};

    arrange(UPLOADED);
    cr_assert_eq(rig_state_write(&rig, NULL, 0, false), 24, "no hash, no confirm");
    cr_assert_eq(rig_state_write(&rig, zeros, 32, false), 8, "unknown");
    cr_assert_eq(rig_state_write(&rig, zeros, 3, false), 24, "short");
    cr_assert_eq(rig_state_write(&rig, zeros, 33, true), 24, "long");
    empty.has_confirm = empty.confirm = true;
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 0, SMP_OP_WRITE, &empty)), 0,
                 "an empty hash means the running image");
}

Test(img, the_running_image_uploaded_again)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_100), SMP_OK);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.0.0");
    cr_assert_eq(rig_state_write(&rig, app_100.hash, 32, false), 33, "slot 0 is found first");
    cr_assert_eq(rig_state_write(&rig, app_100.hash, 32, true), 0);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.0.0", "sets nothing");
}

static int64_t erase(int slot)
{
    struct smp_img_erase_req req = {
        .size = sizeof(req), .has_slot = slot >= 0, .slot = (uint32_t)slot};

    return rig_rc(rig_call(&rig, SMP_GROUP_IMG, 5, SMP_OP_WRITE, &req));
}

Test(img, erase_obeys_the_situation)
{
    static const int expected[SITUATIONS] = {0, 0, 0, 9};

    for (int s = 0; s < SITUATIONS; s++) {
        arrange((enum situation)s);
        cr_expect_eq(erase(0), 9, "%s: the running slot", names[s]);
        cr_expect_eq(erase(1), expected[s], "%s", names[s]);
        if (expected[s] == 0)
            cr_expect_str_eq(rig_list(&rig), "0:1.0.0 active confirmed", "%s", names[s]);
        cr_expect_eq(erase(-1), expected[s], "%s: again, by default", names[s]);
        again();
    }
}

Test(img, erase_of_no_slot)
{
    rig_start(&rig);
    cr_assert_eq(erase(2), 14);
    cr_assert_eq(erase(0x7fffffff), 14);
}

Test(img, a_slow_erase_answers_late)
{
    uint64_t before;

    rig.device_options.erase_ms = 700;
    rig.session_options.timeout_ms = 2000;
    rig_start(&rig);
    before = smp_loop_now(rig.loop);
    cr_assert_eq(erase(1), 0);
    cr_assert_geq(smp_loop_now(rig.loop) - before, 700 * SIM_NS_PER_MS);
}

static void note_time(struct smp_session *session, const struct smp_result *result, void *user)
{
    cr_assert_eq(result->error, SMP_OK);
    *(uint64_t *)user = smp_loop_now(smp_session_loop(session));
}

Test(img, nothing_else_is_answered_during_an_erase)
{
    struct smp_os_echo_req echo = {.size = sizeof(echo), .text = {"x", 1}};
    uint64_t start, erased = 0, echoed = 0;

    rig.device_options.erase_ms = 700;
    rig.session_options.timeout_ms = 2000;
    rig.session_options.window = 2;
    rig.session_options.no_params = true;
    rig_start(&rig);
    start = smp_loop_now(rig.loop);
    cr_assert_eq(smp_img_erase(rig.session, NULL, note_time, &erased, NULL), SMP_OK);
    cr_assert_eq(smp_os_echo(rig.session, &echo, note_time, &echoed, NULL), SMP_OK);
    rig_sleep(&rig, 1000);
    cr_assert_geq(erased - start, 700 * SIM_NS_PER_MS);
    cr_assert_geq(echoed, erased, "answers come in order");
}

Test(img, slot_info_tells_sizes)
{
    const struct smp_img_slot_info_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_IMG, 6, SMP_OP_READ, NULL)->rsp;
    cr_assert(rsp != NULL);
    cr_assert_eq(rsp->n_images, 1);
    cr_assert_eq(rsp->images[0]->n_slots, 2);
    cr_assert_eq(rsp->images[0]->slots[0]->bytes, rig.device_options.slot_size);
    cr_assert_not(rsp->images[0]->slots[0]->has_upload_image_id);
    cr_assert(rsp->images[0]->slots[1]->has_upload_image_id);
    cr_assert_eq(rsp->images[0]->slots[1]->upload_image_id, 0);
    cr_assert(rsp->images[0]->has_max_image_size);
    cr_assert_lt(rsp->images[0]->max_image_size, rig.device_options.slot_size);
}

Test(img, two_images_are_numbered)
{
    const struct smp_img_slot_info_rsp *rsp;

    rig.device_options.n_images = 2;
    rig.device_options.images[1] = APP_110;
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 2:1.1.0 active confirmed");
    rsp = rig_call(&rig, SMP_GROUP_IMG, 6, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(rsp->n_images, 2);
    cr_assert_eq(rsp->images[1]->slots[1]->upload_image_id, 1);
}

Test(img, core_dump_is_a_file)
{
    struct smp_img_core_load_req req = {.size = sizeof(req)};
    const struct smp_img_core_load_rsp *rsp;
    char path[128];
    FILE *file;

    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 3, SMP_OP_READ, NULL)), -SMP_RC_NOT_SUPPORTED);
    rig_stop(&rig);
    rig.device_options.profile = sim_profile_find("mynewt");
    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 3, SMP_OP_READ, NULL)), -SMP_RC_NOT_FOUND);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 4, SMP_OP_READ, &req)), -SMP_RC_NOT_FOUND);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 4, SMP_OP_WRITE, NULL)), -SMP_RC_NOT_FOUND);

    snprintf(path, sizeof(path), "%s/core", rig.state);
    file = fopen(path, "wb");
    cr_assert(file != NULL);
    for (int i = 0; i < 600; i++)
        fputc(i % 251, file);
    fclose(file);

    cr_assert_eq(rig_rc(rig_call(&rig, 1, 3, SMP_OP_READ, NULL)), 0);
    rsp = rig_call(&rig, 1, 4, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp->has_len && rsp->len == 600 && rsp->data.len == 512);
    req.off = 512;
    rsp = rig_call(&rig, 1, 4, SMP_OP_READ, &req)->rsp;
    cr_assert(!rsp->has_len && rsp->off == 512 && rsp->data.len == 88);
    cr_assert_eq(rsp->data.data[0], 512 % 251);
    req.off = UINT64_MAX;
    rsp = rig_call(&rig, 1, 4, SMP_OP_READ, &req)->rsp;
    cr_assert_eq(rsp->data.len, 0, "the end");
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 4, SMP_OP_WRITE, NULL)), 0);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 3, SMP_OP_READ, NULL)), -SMP_RC_NOT_FOUND);
}

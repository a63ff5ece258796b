/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing is done: upload, mark, and no more than the goal asks for. */
#include "update/each_step.h"
#include "update/refusal.h"

TestSuite(update_flow, .init = setup, .fini = teardown);

/* ---- how far it goes ---- */

Test(update_flow, stops_at_the_trial_unless_told)
{
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, TO_TRIAL " done");
    cr_expect_str_eq(told.phases, TO_TRIAL " done");
    cr_expect(runs(&v2) && !board.confirmed);
    cr_expect_eq(board.confirms, 0, "nothing is confirmed by itself");
    cr_expect_str_eq(told.from, "1.0.0");
    cr_expect_str_eq(told.to, "1.1.0");
    cr_expect_arr_eq(told.from_hash, v1.hash, 32);
    cr_expect_arr_eq(told.to_hash, v2.hash, 32);
    cr_expect_lt(told.ms, 3000);
    cr_expect_eq(told.phase, SMP_UPDATE_DONE);
    expect_text("1.0.0 to 1.1.0: the device runs the new image on trial");
    board_power_cut(&board);
    cr_expect(runs(&v1), "and the next reset brings the old one back");
}

Test(update_flow, can_stop_after_the_upload)
{
    options.goal = SMP_UPDATE_UPLOADED;
    run();
    expect(SMP_OK, SMP_UPDATE_UPLOADED, "checking uploading done");
    cr_expect_eq(board.marks + board.resets, 0);
    board_power_cut(&board);
    cr_expect(runs(&v1));
}

Test(update_flow, can_stop_when_marked)
{
    options.goal = SMP_UPDATE_MARKED;
    run();
    expect(SMP_OK, SMP_UPDATE_MARKED, "checking uploading testing done");
    cr_expect(board.pending && !board.permanent);
    cr_expect_eq(board.resets, 0);
}

/* ---- before anything is sent ---- */

Test(update_flow, sends_it_again_when_told)
{
    smp_source_memory(&source, v1.data, v1.len);
    options.again = true;
    run();
    expect(SMP_ERR_DEVICE, SMP_UPDATE_UPLOADED, NULL);
    cr_expect_eq(told.rc, SMP_IMG_RC_IMAGE_SETTING_TEST_TO_ACTIVE_DENIED);
    cr_expect_eq(board.uploads, 1);
}

Test(update_flow, refuses_a_downgrade_if_asked)
{
    static struct board_file v0;
    board_make_file(&v0, 0, 9, 1000);
    smp_source_memory(&source, v0.data, v0.len);
    options.no_downgrade = true;
    run();
    expect(SMP_ERR_DOWNGRADE, SMP_UPDATE_UNTOUCHED, "checking!-25 done!-25");
    expect_text("0.9.0 is older than 1.0.0, which runs; the device runs what it ran");
    cr_expect_eq(board.chunks, 0);
    options.no_downgrade = false;
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, NULL);
}

/* ---- uploads that go wrong ---- */

static bool forget(struct board *b, struct smp_exchange *exchange)
{
    struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = 0};
    if (board_what(exchange) != BOARD_UPLOAD || b->off < 5000) {
        return false;
    }
    smp_exchange_reply(exchange, &rsp);
    return true;
}

Test(update_flow, an_upload_that_never_gets_on)
{
    board.twist = forget;
    run();
    cr_expect_eq(told.error, SMP_ERR_STUCK, "%s", told.text);
    cr_expect_eq(told.state, SMP_UPDATE_PARTIAL);
    expect_text("uploading: ");
}

static bool claim_mismatch(struct board *b, struct smp_exchange *exchange)
{
    struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = v2.len, .has_match = true};
    if (board_what(exchange) != BOARD_UPLOAD || b->off < 5000) {
        return false;
    }
    smp_exchange_reply(exchange, &rsp);
    return true;
}

Test(update_flow, what_arrived_is_not_what_was_sent)
{
    board.twist = claim_mismatch;
    run();
    cr_expect_eq(board.marks, 0, "it is never marked");
    cr_expect(told.error == SMP_ERR_CORRUPT || told.error == SMP_ERR_OFFSET, "%s", told.text);
}

/* ---- marking ---- */

Test(update_flow, firmware_that_cannot_mark_images)
{
    board.no_marks = true;
    board.fate = BOARD_KEPT;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, TO_TRIAL " done");
}

Test(update_flow, a_device_of_few_words)
{
    board.terse = true;
    options.goal = SMP_UPDATE_CONFIRMED;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, TO_TRIAL " confirming done");
    cr_expect_eq(board.marks + board.confirms, 2);
}

/* A copy that was damaged on the way is refused, though the first one was carried out. */
Test(update_flow, a_refusal_is_believed_the_second_time)
{
    for (uint32_t left = 1; left <= 2; left++) {
        struct refusal refusal = {.what = BOARD_STATE_WRITE, .left = left, .rc = SMP_RC_CORRUPT};
        board_close(&board);
        board_open(&board, &world, &v1);
        board.twist = refuse;
        board.user = &refusal;
        options.goal = SMP_UPDATE_CONFIRMED;
        run();
        expect(left == 1 ? SMP_OK : SMP_ERR_DEVICE,
               left == 1 ? SMP_UPDATE_CONFIRMED : SMP_UPDATE_UPLOADED, NULL);
        cr_expect_eq(refusal.left, 0);
    }
}

/* ---- a power cut ---- */

static void cut_power(void)
{
    board_power_cut(&board);
}

Test(update_flow, survives_a_power_cut_at_each_step)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, cut_power);
        run();
        if (steps[i] == SMP_UPDATE_VERIFYING || steps[i] == SMP_UPDATE_CONFIRMING) {
            expect(SMP_ERR_NOT_STARTED, SMP_UPDATE_REVERTED, NULL);
            cr_expect(runs(&v1), "a reset during the trial ends it");
        } else {
            expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
            cr_expect(runs(&v2) && board.confirmed, "%s", smp_update_phase_name(steps[i]));
        }
    }
}

/* ---- serial recovery ---- */

Test(update_flow, in_serial_recovery_it_uploads_and_resets)
{
    board.recovery = true;
    options.recovery = true;
    options.goal = SMP_UPDATE_CONFIRMED; /* not looked at */
    run();
    expect(SMP_OK, SMP_UPDATE_WRITTEN, "checking uploading verifying resetting done");
    cr_expect(runs(&v2));
    cr_expect_eq(board.marks + board.confirms, 0);
    cr_expect_eq(board.resets, 1);
}

Test(update_flow, an_interrupted_recovery_leaves_nothing_that_boots)
{
    board.recovery = true;
    options.recovery = true;
    told.at = SMP_UPDATE_UPLOADING;
    told.at_byte = 5000;
    told.then = cancel;
    run();
    expect(SMP_ERR_CANCELLED, SMP_UPDATE_BROKEN, NULL);
    expect_text("the device stays in recovery");
}

static void damage(void)
{
    board.slots[0].there = true;
    memset(board.slots[0].hash, 0x5a, 32);
}

static bool damaged_list(struct board *b, struct smp_exchange *exchange)
{
    if (board_what(exchange) == BOARD_STATE_READ && b->uploads > 0) {
        damage();
    }
    return false;
}

Test(update_flow, recovery_looks_at_what_was_written)
{
    board.recovery = true;
    options.recovery = true;
    board.twist = damaged_list;
    run();
    expect(SMP_ERR_CORRUPT, SMP_UPDATE_BROKEN, NULL);
    cr_expect_eq(board.resets, 0);
}

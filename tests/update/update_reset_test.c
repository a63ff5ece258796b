/* SPDX-License-Identifier: Apache-2.0 */
/* The reset, and waiting for the device to come back with one image or the other. */
#include "update/updating.h"

TestSuite(update_reset, .init = setup, .fini = teardown);

/* ---- back, or not ---- */

Test(update_reset, the_device_does_not_come_back)
{
    board.fate = BOARD_DEAD;
    run();
    expect(SMP_ERR_TIMEOUT, SMP_UPDATE_UNKNOWN,
           "checking uploading testing resetting waiting!-8 done!-8");
    expect_text("waiting: the device did not come back in the time allowed");
    cr_expect(told.ms >= 120000 && told.ms < 125000, "%d", (int)told.ms);
}

Test(update_reset, waits_as_long_as_it_is_told)
{
    board.boot_ms = 200000;
    options.wait_ms = 60000;
    begin();
    finish(70000);
    expect(SMP_ERR_TIMEOUT, SMP_UPDATE_UNKNOWN, NULL);
    board_close(&board);
    board_open(&board, &world, &v1);
    board.boot_ms = 200000;
    options.wait_ms = 250000;
    begin();
    finish(250000);
    expect(SMP_OK, SMP_UPDATE_TRIAL, NULL);
}

Test(update_reset, the_boot_loader_refuses_the_image)
{
    board.fate = BOARD_REFUSED;
    run();
    expect(SMP_ERR_NOT_STARTED, SMP_UPDATE_REVERTED,
           "checking uploading testing resetting waiting verifying!-26 done!-26");
    expect_text("its boot loader refused it");
    cr_expect(runs(&v1));
}

Test(update_reset, the_new_image_crashes_and_goes_back)
{
    board.fate = BOARD_CRASHES;
    run();
    expect(SMP_ERR_NOT_STARTED, SMP_UPDATE_REVERTED, NULL);
    cr_expect(runs(&v1) && board.slots[1].there);
}

Test(update_reset, a_boot_loader_that_keeps_what_it_starts)
{
    board.fate = BOARD_KEPT;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, TO_TRIAL " done");
    cr_expect_eq(board.confirms, 0);
}

/* ---- the link falls ---- */

Test(update_reset, the_link_falls_at_the_reset_and_returns)
{
    board.link_falls = true;
    board.boot_ms = 20000;
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, TO_TRIAL " done");
    cr_expect(told.link_down);
}

Test(update_reset, the_link_falls_at_the_reset_for_good)
{
    board.link_falls = true;
    board.fate = BOARD_DEAD;
    run();
    expect(SMP_ERR_TIMEOUT, SMP_UPDATE_UNKNOWN, NULL);
    cr_expect(told.ms >= 120000 && told.ms < 125000, "%d", (int)told.ms);
}

/* ---- the request ---- */

static bool lose_resets(struct board *b, struct smp_exchange *exchange)
{
    unsigned *left = b->user;
    if (board_what(exchange) != BOARD_RESET || *left == 0) {
        return false;
    }
    --*left;
    board_silent(exchange);
    return true;
}

Test(update_reset, a_lost_reset_is_sent_again)
{
    unsigned left = 2;
    board.twist = lose_resets;
    board.user = &left;
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, NULL);
    cr_expect_eq(board.resets, 1);
}

static bool ignore_resets(struct board *b, struct smp_exchange *exchange)
{
    (void)b;
    if (board_what(exchange) != BOARD_RESET) {
        return false;
    }
    smp_exchange_reply(exchange, NULL);
    return true;
}

Test(update_reset, a_device_that_never_resets)
{
    board.twist = ignore_resets;
    run();
    expect(SMP_ERR_TIMEOUT, SMP_UPDATE_UNKNOWN, NULL);
    expect_text("the device answers, and has not reset");
}

static bool refuse_reset(struct board *b, struct smp_exchange *exchange)
{
    (void)b;
    if (board_what(exchange) != BOARD_RESET) {
        return false;
    }
    smp_exchange_refuse(exchange, SMP_RC_BAD_STATE, "motor runs");
    return true;
}

Test(update_reset, the_device_refuses_to_reset)
{
    board.twist = refuse_reset;
    run();
    expect(SMP_ERR_DEVICE, SMP_UPDATE_MARKED, "checking uploading testing resetting!-11 done!-11");
    cr_expect_eq(told.rc, SMP_RC_BAD_STATE);
    expect_text("EBADSTATE");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The decision on the new image, and confirming it. */
#include "update/updating.h"

TestSuite(update_confirm, .init = setup, .fini = teardown);

Test(update_confirm, confirms_on_an_explicit_word)
{
    options.goal = SMP_UPDATE_CONFIRMED;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, TO_TRIAL " confirming done");
    cr_expect(runs(&v2) && board.confirmed);
    cr_expect_eq(board.confirms, 1);
    board_power_cut(&board);
    cr_expect(runs(&v2));
}

/* ---- asking ---- */

Test(update_confirm, asks_and_confirms)
{
    options.decide = on_decide;
    told.answer = SMP_UPDATE_YES;
    run();
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, TO_TRIAL " deciding confirming done");
    cr_expect_eq(told.asked, 1);
    cr_expect(runs(&v2) && board.confirmed);
}

Test(update_confirm, asks_and_goes_back)
{
    options.decide = on_decide;
    told.answer = SMP_UPDATE_NO;
    run();
    expect(SMP_OK, SMP_UPDATE_REVERTED, TO_TRIAL " deciding reverting done");
    cr_expect(runs(&v1) && board.confirmed);
    cr_expect_eq(board.confirms, 0);
    cr_expect_eq(board.resets, 2);
}

Test(update_confirm, asks_and_leaves_it)
{
    options.decide = on_decide;
    told.answer = SMP_UPDATE_LEAVE;
    run();
    expect(SMP_OK, SMP_UPDATE_TRIAL, TO_TRIAL " deciding done");
    cr_expect(runs(&v2) && !board.confirmed);
}

Test(update_confirm, waits_for_an_answer_that_comes_later)
{
    options.decide = on_decide;
    options.goal = SMP_UPDATE_UPLOADED; /* not looked at */
    begin();
    cr_expect_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_YES), SMP_ERR_AGAIN);
    cr_expect_eq(smp_update_decide(world.session, told.id + 1, SMP_UPDATE_YES), SMP_ERR_NOT_FOUND);
    world_pass(&world, 200000);
    cr_assert_eq(told.asked, 1);
    cr_assert_eq(told.calls, 0);
    cr_expect_eq(board.confirms, 0);
    cr_expect_eq(smp_update_decide(world.session, told.id, 0), SMP_ERR_INVALID);
    cr_expect_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_YES), SMP_OK);
    cr_expect_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_NO), SMP_ERR_EXISTS);
    finish(5000);
    expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
    cr_expect_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_YES), SMP_ERR_NOT_FOUND);
}

Test(update_confirm, without_an_answer_it_stays_on_trial)
{
    options.decide = on_decide;
    options.decide_ms = 60000;
    begin();
    finish(70000);
    expect(SMP_ERR_TIMEOUT, SMP_UPDATE_TRIAL, TO_TRIAL " deciding!-8 done!-8");
    expect_text("deciding: nobody decided in the time allowed");
    cr_expect_eq(board.confirms, 0);
}

/* ---- answers that come too late, or do nothing ---- */

/* A boot loader that keeps what it starts leaves nothing to decide. */
Test(update_confirm, cannot_go_back_then)
{
    board.fate = BOARD_KEPT;
    options.decide = on_decide;
    told.answer = SMP_UPDATE_NO;
    run();
    expect(SMP_ERR_UNSUPPORTED, SMP_UPDATE_CONFIRMED, NULL);
    expect_text("there is no way back");
}

Test(update_confirm, a_confirmation_that_does_nothing)
{
    for (int terse = 0; terse < 2; terse++) {
        board_close(&board);
        board_open(&board, &world, &v1);
        board.ignores_yes = true;
        board.terse = terse;
        options.goal = SMP_UPDATE_CONFIRMED;
        run();
        expect(SMP_ERR_UNSUPPORTED, SMP_UPDATE_TRIAL, NULL);
        expect_text("the image is not confirmed");
    }
}

/* The device goes back while a person thinks: what is confirmed must not be the bad image. */
Test(update_confirm, the_device_goes_back_before_it_is_confirmed)
{
    options.decide = on_decide;
    begin();
    world_pass(&world, 10000);
    cr_assert_eq(told.asked, 1);
    board_power_cut(&board);
    world_pass(&world, 5000);
    cr_assert(runs(&v1));
    cr_expect_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_YES), SMP_OK);
    finish(10000);
    expect(SMP_ERR_NOT_STARTED, SMP_UPDATE_REVERTED, NULL);
    expect_text("the new image is gone");
    cr_expect(!board.pending && !board.permanent, "it does not start again");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A link that is lost, and a device that is busy or gone, at each step. */
#include "update/each_step.h"
#include "update/refusal.h"

TestSuite(update_link, .init = setup, .fini = teardown);

/* ---- a lost link ---- */

static void link_blinks(void)
{
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
}

static void pass_and_up(void)
{
    world_pass(&world, 5000);
    smp_transport_up(world.near);
}

Test(update_link, survives_a_lost_link_at_each_step)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, link_blinks);
        begin();
        world_settle(&world);
        if (told.then != NULL) {
            for (unsigned ms = 0; told.then != NULL && ms < 10000; ms += 10) {
                world_pass(&world, 10);
            }
        }
        cr_assert_null(told.then, "step %zu never came", i);
        pass_and_up();
        finish(60000);
        expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
        cr_expect(runs(&v2) && board.confirmed);
        cr_expect_eq(board.uploads, 1, "the upload was taken up, not begun again");
    }
}

/* A session whose transfers wait for the link would wait for one that nobody opens. */
Test(update_link, opens_the_link_itself_whatever_the_session_does)
{
    const struct smp_session_options patient = {.size = sizeof(patient), .link_wait_ms = 500000};
    smp_session_free(world.session);
    cr_assert_eq(smp_session_new(world.near, &patient, &world.session), SMP_OK);
    prepare(1, link_blinks);
    begin();
    finish(60000);
    expect(SMP_ERR_CLOSED, SMP_UPDATE_PARTIAL, NULL);
    smp_transport_up(world.near);
    world_settle(&world);
}

Test(update_link, ends_when_the_link_does_not_return)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, link_blinks);
        begin();
        finish(160000);
        cr_expect(told.error == SMP_ERR_CLOSED || told.error == SMP_ERR_TIMEOUT, "%s: %s",
                  smp_update_phase_name(steps[i]), told.text);
        cr_expect_eq(board.confirms, 0);
        smp_transport_up(world.near);
        world_pass(&world, 100);
    }
}

static bool flap(struct board *b, struct smp_exchange *exchange)
{
    ++*(unsigned *)b->user;
    board_silent(exchange);
    smp_transport_down(world.near, SMP_ERR_REFUSED, 0);
    smp_transport_up(world.near);
    return true;
}

/* As UDP does when nobody listens: the link falls and is back at once. */
Test(update_link, a_link_that_flaps_is_tried_now_and_then)
{
    unsigned asked = 0;
    board.twist = flap;
    board.user = &asked;
    begin();
    finish(40000);
    expect(SMP_ERR_REFUSED, SMP_UPDATE_UNTOUCHED, NULL);
    cr_expect(asked > 10 && asked < 70, "%u", asked);
}

/* ---- a device that is gone ---- */

static void vanish(void)
{
    board_vanish(&board);
}

Test(update_link, ends_when_the_device_vanishes)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, vanish);
        begin();
        finish(200000);
        cr_expect(told.error == SMP_ERR_TIMEOUT || told.error == SMP_ERR_STALLED, "%s: %s",
                  smp_update_phase_name(steps[i]), told.text);
    }
}

/* As smpbridge answers while the device's port is away. */
Test(update_link, a_bridge_that_has_lost_the_device)
{
    for (size_t i = 0; i < 4; i++) {
        struct refusal refusal = {.what = all_commands[i], .left = 3, .rc = SMP_RC_TIMEOUT};
        board_close(&board);
        board_open(&board, &world, &v1);
        board.twist = refuse;
        board.user = &refusal;
        options.goal = SMP_UPDATE_CONFIRMED;
        run();
        expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
        cr_expect_eq(refusal.left, 0);
    }
}

/* ---- a device that is busy ---- */

Test(update_link, waits_for_a_device_that_is_busy)
{
    for (size_t i = 0; i < 4; i++) {
        struct refusal refusal = {.what = all_commands[i], .left = 3, .rc = SMP_RC_BUSY};
        board_close(&board);
        board_open(&board, &world, &v1);
        board.twist = refuse;
        board.user = &refusal;
        options.goal = SMP_UPDATE_CONFIRMED;
        run();
        expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
        cr_expect_eq(refusal.left, 0);
    }
}

Test(update_link, does_not_wait_for_ever_for_a_busy_device)
{
    static const enum smp_update_state states[] = {SMP_UPDATE_UNTOUCHED, SMP_UPDATE_UNTOUCHED,
                                                   SMP_UPDATE_UPLOADED, SMP_UPDATE_MARKED};
    for (size_t i = 0; i < 4; i++) {
        struct refusal refusal = {.what = all_commands[i], .left = 1000, .rc = SMP_RC_BUSY};
        board_close(&board);
        board_open(&board, &world, &v1);
        board.twist = refuse;
        board.user = &refusal;
        begin();
        finish(30000);
        expect(SMP_ERR_DEVICE, states[i], NULL);
        cr_expect_eq(told.rc, SMP_RC_BUSY);
        expect_text("EBUSY");
        expect_text("try again in a moment");
    }
}

/* The time for one thing is not what another thing left of it. */
Test(update_link, is_as_patient_with_a_busy_device_the_second_time)
{
    struct refusal refusal = {.what = BOARD_RESET, .left = 1, .rc = SMP_RC_BUSY};
    board.twist = refuse;
    board.user = &refusal;
    options.decide = on_decide;
    begin();
    world_pass(&world, 60000);
    cr_assert_eq(told.asked, 1);
    refusal.left = 3;
    cr_assert_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_NO), SMP_OK);
    finish(60000);
    expect(SMP_OK, SMP_UPDATE_REVERTED, NULL);
    cr_expect_eq(refusal.left, 0);
}

Test(update_link, does_not_ask_a_busy_device_for_ever_to_confirm)
{
    struct refusal refusal = {.what = BOARD_STATE_WRITE, .left = 0, .rc = SMP_RC_BUSY};
    board.twist = refuse;
    board.user = &refusal;
    options.decide = on_decide;
    begin();
    world_pass(&world, 60000);
    cr_assert_eq(told.asked, 1);
    refusal.left = 1000;
    cr_assert_eq(smp_update_decide(world.session, told.id, SMP_UPDATE_YES), SMP_OK);
    finish(60000);
    expect(SMP_ERR_DEVICE, SMP_UPDATE_TRIAL, NULL);
    cr_expect_eq(told.rc, SMP_RC_BUSY);
}

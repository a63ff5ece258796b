/* SPDX-License-Identifier: Apache-2.0 */
/* An update as seen from outside: it begins, is waited for or cancelled, and ends. */
#include "update/each_step.h"

TestSuite(update, .init = setup, .fini = teardown);

/* ---- as a request ---- */

Test(update, can_be_waited_for)
{
    const struct smp_result *result = NULL;
    options.size = sizeof(options);
    cr_assert_eq(smp_update_start(world.session, &source, &options, NULL, NULL, &told.id), SMP_OK);
    cr_assert_eq(smp_wait(world.session, told.id, &result), SMP_OK);
    const struct smp_update_report *report = result->rsp;
    cr_assert_eq(result->error, SMP_OK);
    cr_assert_not_null(report);
    cr_expect_eq(report->state, SMP_UPDATE_TRIAL);
    cr_expect_eq(report->to_version.len, 5);
    cr_expect_arr_eq(report->to_version.data, "1.1.0", 5);
    cr_expect_arr_eq(report->to_hash.data, v2.hash, 32);
    cr_expect_gt(report->text.len, 20);
    cr_expect_eq(report->text.data[0], '1');
}

Test(update, one_at_a_time)
{
    smp_id other;
    begin();
    cr_expect_eq(smp_update_start(world.session, &source, NULL, NULL, NULL, &other), SMP_ERR_BUSY);
    finish(10000);
    cr_expect_eq(smp_update_start(world.session, &source, NULL, NULL, NULL, &other), SMP_OK);
}

Test(update, refuses_nonsense)
{
    struct smp_update_options bad = {.size = sizeof(bad), .goal = SMP_UPDATE_BROKEN};
    smp_id id;
    cr_expect_eq(smp_update_start(NULL, &source, NULL, NULL, NULL, &id), SMP_ERR_INVALID);
    cr_expect_eq(smp_update_start(world.session, NULL, NULL, NULL, NULL, &id), SMP_ERR_INVALID);
    cr_expect_eq(smp_update_start(world.session, &source, &bad, NULL, NULL, &id), SMP_ERR_INVALID);
    bad = (struct smp_update_options){.size = 4};
    cr_expect_eq(smp_update_start(world.session, &source, &bad, NULL, NULL, &id), SMP_ERR_INVALID);
    bad = (struct smp_update_options){.size = sizeof(bad), .key = {NULL, 5}};
    cr_expect_eq(smp_update_start(world.session, &source, &bad, NULL, NULL, &id), SMP_ERR_INVALID);
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    world_settle(&world);
    cr_expect_eq(smp_update_start(world.session, &source, NULL, NULL, NULL, &id), SMP_ERR_CLOSED);
}

Test(update, memory_that_is_refused_is_an_error_and_leaks_nothing)
{
    for (uint64_t ask = 1; ask < 4; ask++) {
        world.heap.fail_at = world.heap.count + ask;
        int error = smp_update_start(world.session, &source, NULL, NULL, NULL, NULL);
        cr_expect(error == SMP_OK || error == SMP_ERR_NO_MEMORY);
        world_pass(&world, 20000);
    }
}

/* ---- cancelled ---- */

Test(update, can_be_cancelled_at_each_step)
{
    static const enum smp_update_state states[STEPS] = {
        SMP_UPDATE_UNTOUCHED, SMP_UPDATE_PARTIAL, SMP_UPDATE_UPLOADED, SMP_UPDATE_MARKED,
        SMP_UPDATE_UNKNOWN,   SMP_UPDATE_TRIAL,   SMP_UPDATE_TRIAL,
    };
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, cancel);
        begin();
        world_pass(&world, 0);
        for (unsigned ms = 0; told.then != NULL && ms < 10000; ms += 10) {
            world_pass(&world, 10);
        }
        cr_assert_null(told.then, "step %zu never came", i);
        cr_expect_eq(told.calls, 1, "%s: cancelled, it ends at once",
                     smp_update_phase_name(steps[i]));
        finish(5000);
        cr_expect_eq(told.error, SMP_ERR_CANCELLED);
        cr_expect_eq(told.state, states[i], "%s: %s", smp_update_phase_name(steps[i]), told.text);
        cr_expect_eq(board.confirms, 0);
        /* And the same update again comes to its end. */
        world_pass(&world, 5000);
        run();
        expect(SMP_OK, SMP_UPDATE_CONFIRMED, NULL);
        cr_expect_eq(board.uploads, 1);
    }
}

static struct smp_exchange *held;

static bool hold_writes(struct board *b, struct smp_exchange *exchange)
{
    (void)b;
    if (board_what(exchange) != BOARD_STATE_WRITE || held != NULL) {
        return false;
    }
    cr_assert_eq(smp_exchange_defer(exchange, &held), SMP_OK);
    return true;
}

Test(update, a_cancel_awaits_what_was_told_to_the_device)
{
    const struct smp_img_state_rsp rsp = {.size = sizeof(rsp)};
    board.twist = hold_writes;
    begin();
    world_pass(&world, 1000);
    cr_assert_not_null(held);
    cancel();
    world_pass(&world, 500);
    cr_expect_eq(told.calls, 0, "its answer says what the device is left with");
    smp_exchange_reply(held, &rsp);
    finish(1000);
    expect(SMP_ERR_CANCELLED, SMP_UPDATE_MARKED, NULL);
}

Test(update, a_cancel_does_not_wait_for_ever)
{
    board.twist = hold_writes;
    begin();
    world_pass(&world, 1000);
    cr_assert_not_null(held);
    board_vanish(&board);
    cancel();
    finish(10000);
    expect(SMP_ERR_CANCELLED, SMP_UPDATE_UNKNOWN, NULL);
    smp_exchange_free(held);
}

/* ---- without its session ---- */

Test(update, ends_with_its_session_at_each_step)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, NULL);
        begin();
        for (unsigned ms = 0; strstr(told.phases, smp_update_phase_name(steps[i])) == NULL;
             ms += 1) {
            cr_assert_lt(ms, 10000);
            world_pass(&world, 1);
        }
        struct smp_session *session = world.session;
        unsigned before = told.calls;
        smp_session_free(session);
        cr_expect_eq(told.calls, 1);
        if (before == 0) {
            cr_expect_eq(told.error, SMP_ERR_CLOSED);
        }
        const struct smp_session_options again = {.size = sizeof(again)};
        world.session = NULL;
        cr_assert_eq(smp_session_new(world.near, &again, &world.session), SMP_OK);
    }
}

static void free_session(void)
{
    smp_session_free(world.session);
}

Test(update, may_be_freed_in_its_own_callbacks)
{
    for (size_t i = 0; i < STEPS; i++) {
        prepare(i, free_session);
        begin();
        for (unsigned ms = 0; told.calls == 0; ms += 10) {
            cr_assert_lt(ms, 10000);
            world_pass(&world, 10);
        }
        cr_expect_eq(told.error, SMP_ERR_CLOSED);
        const struct smp_session_options again = {.size = sizeof(again)};
        cr_assert_eq(smp_session_new(world.near, &again, &world.session), SMP_OK);
        world_pass(&world, 1000);
    }
}

static unsigned closed;
static void on_closed(struct smp_session *session, void *user)
{
    (void)session, (void)user;
    closed++;
}

Test(update, a_session_that_closes_lets_it_end)
{
    closed = 0;
    begin();
    world_pass(&world, 300);
    cr_assert_eq(smp_session_close(world.session, on_closed, NULL), SMP_OK);
    world_pass(&world, 10);
    cr_expect_eq(closed, 0);
    finish(20000);
    expect(SMP_OK, SMP_UPDATE_TRIAL, NULL);
    cr_expect_eq(closed, 1);
}

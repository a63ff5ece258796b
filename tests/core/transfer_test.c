/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads from the first report to the one end: refused, cancelled, freed, paused. */
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(transfer, .fini = close_all);

/* ---- progress, and the end ---- */

static bool wrong_match(struct flash *f, struct smp_exchange *exchange,
                        const struct smp_img_upload_req *req)
{
    const struct smp_img_upload_rsp rsp = {
        .size = sizeof(rsp), .has_off = true, .off = f->len, .has_match = true, .match = false};
    if (req->off + req->data.len < f->len || f->len == 0) {
        return false;
    }
    smp_exchange_reply(exchange, &rsp);
    return true;
}

static enum smp_phase last_phase;
static unsigned reports;
static uint64_t last_done;

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    cr_assert_eq(session, world.session);
    cr_assert_eq(user, &note);
    cr_assert_eq(progress->total, source.length);
    cr_assert_eq(progress->size, sizeof(*progress));
    cr_assert_geq(progress->done, last_done);
    cr_assert(reports > 0 || progress->phase == SMP_PHASE_STARTING);
    last_phase = progress->phase;
    last_done = progress->done;
    reports++;
}

Test(transfer, a_hash_that_does_not_match_is_an_error)
{
    flash.twist = wrong_match;
    upload_options.transfer.progress = on_progress;
    begin(20000);
    finish(1000);
    cr_assert_eq(note.error, SMP_ERR_CORRUPT);
    cr_assert_neq(last_phase, SMP_PHASE_DONE);
}

Test(transfer, progress_is_reported)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 1000000};
    upload_options.transfer.progress = on_progress;
    begin(20000);
    cr_assert_eq(reports, 0, "never from inside the call");
    finish(1000);
    check_all_arrived();
    cr_assert_eq(last_phase, SMP_PHASE_DONE);
    cr_assert_eq(last_done, 20000);
    cr_assert_geq(reports, flash.n_chunks);
}

/* ---- answers that are not as expected ---- */

static uint16_t refuse_with;
static bool globally;

static bool refuses_later(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    if (req->off < 10000) {
        return false;
    }
    (void)f;
    if (globally) {
        smp_exchange_refuse(exchange, refuse_with, NULL);
    } else {
        smp_exchange_fail(exchange, refuse_with, NULL);
    }
    return true;
}

static void check_refusal(uint16_t rc, bool global)
{
    refuse_with = rc;
    globally = global;
    flash.twist = refuses_later;
    begin(100000);
    finish(30000);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, rc);
    cr_assert_eq(note.from_group, !global);
    cr_assert_eq(note.group, global ? 0 : 1);
    cr_assert_leq(flash.n_chunks, 80);
}

Test(transfer, an_error_in_the_middle_is_reported_exactly)
{
    check_refusal(12, false);
}
Test(transfer, a_global_error_in_the_middle_is_reported_exactly)
{
    check_refusal(SMP_RC_BUSY, true);
}
Test(transfer, a_device_always_out_of_memory_is_reported_exactly)
{
    check_refusal(SMP_RC_NO_MEMORY, true);
}
Test(transfer, a_device_that_always_finds_them_corrupt_is_reported_exactly)
{
    check_refusal(SMP_RC_CORRUPT, true);
}

static bool refuses_first(struct flash *f, struct smp_exchange *exchange,
                          const struct smp_img_upload_req *req)
{
    (void)f;
    (void)req;
    smp_exchange_fail(exchange, SMP_IMG_RC_NO_FREE_SLOT, NULL);
    return true;
}

Test(transfer, a_refused_first_chunk_ends_it_at_once)
{
    flash.twist = refuses_first;
    begin(100000);
    finish(100);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, 9);
    cr_assert_eq(flash.n_chunks, 1);
}

/* ---- cancelling, and freeing at any point ---- */

static void free_transport(void)
{
    smp_transport_free(world.near);
    world.near = NULL;
}

static void let_time_pass_and_free_transport(void)
{
    smp_fake_clock_advance(world.clock, UINT64_C(3000000000)); /* timers are due, too */
    free_transport();
}

static void link_down(void)
{
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
}

/* Does it after 0, 1, 2, ... turns. */
static void at_any_point(act *action, int error)
{
    for (unsigned turns = 0; turns < 60; turns++) {
        note = (struct note){0};
        begin(60000);
        for (unsigned i = 0; i < turns && note.calls == 0; i++) {
            cr_assert_geq(smp_loop_process(world.loop), 0);
        }
        bool over = note.calls == 1;
        if (!over) {
            action();
        }
        if (world.session == NULL || world.near == NULL) {
            world_settle(&world);
        } else {
            finish(1000);
        }
        cr_assert_eq(note.calls, 1, "after %u turns", turns);
        /* What had arrived when the link went down counts. */
        bool good = over || (action == link_down && flash.done);
        cr_assert(note.error == error || (good && note.error == SMP_OK), "after %u turns: %s",
                  turns, smp_error_name(note.error));
        world_pass(&world, 100000);
        cr_assert_eq(note.calls, 1);
        close_all();
    }
}

Test(transfer, cancel_at_any_point)
{
    at_any_point(cancel, SMP_ERR_CANCELLED);
}
Test(transfer, free_the_session_at_any_point)
{
    at_any_point(free_session, SMP_ERR_CLOSED);
}
Test(transfer, free_the_transport_at_any_point)
{
    at_any_point(free_transport, SMP_ERR_CLOSED);
}
Test(transfer, free_the_transport_while_timers_are_due)
{
    at_any_point(let_time_pass_and_free_transport, SMP_ERR_CLOSED);
}
Test(transfer, link_down_at_any_point)
{
    at_any_point(link_down, SMP_ERR_CLOSED);
}

static act *in_progress;
static unsigned act_at;

static void act_in_progress(struct smp_session *session, const struct smp_progress *progress,
                            void *user)
{
    (void)session;
    (void)progress;
    (void)user;
    if (++reports == act_at) {
        in_progress();
    }
}

static void progress_at_any_point(act *action, int error)
{
    in_progress = action;
    for (act_at = 1; act_at < 40; act_at++) {
        reports = 0;
        note = (struct note){0};
        upload_options.transfer.progress = act_in_progress;
        begin(60000);
        while (note.calls == 0 && smp_loop_turn(world.loop, -1) >= 0) {
        }
        cr_assert_eq(note.calls, 1);
        cr_assert(note.error == error || (note.error == SMP_OK && reports <= act_at),
                  "at report %u: %s", act_at, smp_error_name(note.error));
        world_pass(&world, 100000);
        cr_assert_eq(note.calls, 1);
        close_all();
    }
}

Test(transfer, the_session_may_be_freed_in_the_progress_callback)
{
    progress_at_any_point(free_session, SMP_ERR_CLOSED);
}
Test(transfer, it_may_be_cancelled_in_the_progress_callback)
{
    progress_at_any_point(cancel, SMP_ERR_CANCELLED);
}
Test(transfer, the_transport_may_be_freed_in_the_progress_callback)
{
    progress_at_any_point(free_transport, SMP_ERR_CLOSED);
}

/* ---- pausing ---- */

Test(transfer, pause_and_continue)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 5000000};
    begin(200000);
    world_pass(&world, 100);
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_OK);
    world_pass(&world, 100);
    const size_t before = flash.n_chunks;
    world_pass(&world, 600000);
    cr_assert_eq(flash.n_chunks, before, "nothing is sent");
    cr_assert_eq(note.calls, 0, "and the stall clock stands");
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_OK);
    finish(700000);
    check_all_arrived();
    check_no_overrun();
    cr_assert_eq(flash.chunks[flash.n_chunks - 2].packet, 2048, "silence proved nothing");
    cr_assert_eq(smp_transfer_pause(world.session, note.id), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_transfer_continue(world.session, note.id), SMP_ERR_NOT_FOUND);
}

Test(transfer, paused_before_it_began)
{
    begin(20000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 600000);
    cr_assert_eq(flash.n_chunks, 0);
    cr_assert_eq(note.calls, 0);
    smp_transfer_continue(world.session, note.id);
    finish(700000);
    check_all_arrived();
}

Test(transfer, waiting_for_a_paused_one_does_not_hang)
{
    const struct smp_result *result;
    begin(20000);
    smp_transfer_pause(world.session, note.id);
    world_pass(&world, 10);
    cr_assert_eq(smp_wait(world.session, note.id, &result), SMP_ERR_AGAIN);
    smp_transfer_continue(world.session, note.id);
    cr_assert_eq(smp_wait(world.session, note.id, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_OK);
    check_all_arrived();
}

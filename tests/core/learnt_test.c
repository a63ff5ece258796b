/* SPDX-License-Identifier: Apache-2.0 */
/* What a session is told of its device and finds out is used, and kept. */
#include "core/upload.h"

#include <criterion/criterion.h>

TestSuite(learnt, .fini = close_all);

Test(learnt, parameters_are_asked_for_once)
{
    begin(5000);
    finish(1000);
    check_all_arrived();
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(world.session, &stats);
    cr_assert_eq(stats.sent, flash.n_chunks + 1);
    cr_assert_eq(stats.answered, flash.n_chunks + 1);
    cr_assert_eq(stats.repeated + stats.lost + stats.strange + stats.late, 0);
}

static bool out_of_memory_at_window_7(struct flash *f, struct smp_exchange *exchange,
                                      const struct smp_img_upload_req *req)
{
    unsigned *refusals = f->user;
    (void)req;
    if (f->n_chunks < 4 || *refusals == 0) {
        return false;
    }
    (*refusals)--;
    smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
    return true;
}

static uint32_t smallest_window = UINT32_MAX;

static void note_window(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    (void)session;
    (void)user;
    smallest_window = progress->window < smallest_window ? progress->window : smallest_window;
}

Test(learnt, rc_2_shrinks_the_window)
{
    static unsigned refusals = 1;
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    flash.twist = out_of_memory_at_window_7;
    flash.user = &refusals;
    flash.options.buf_count = 8;
    upload_options.transfer.progress = note_window;
    begin(200000);
    finish(10000);
    check_all_arrived();
    cr_assert_lt(smallest_window, 7);
    cr_assert_gt(smallest_window, 1, "one refusal is one packet less, not all");
}

Test(learnt, a_device_with_fewer_buffers_than_the_caller_said)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    session_options.window = 8;
    session_options.no_params = true;
    session_options.max_packet = 512;
    flash.options.buf_count = 4;
    flash.options.work_ns = 1000000;
    begin(100000);
    finish(60000);
    check_all_arrived();
}

/* As many packets as it has buffers for: then there is none left for an answer. */
static void run_one_too_many(const struct smp_session_learnt *learnt)
{
    note = (struct note){0};
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .delay_ns = 10000000};
    session_options.window = 4;
    flash.options.buf_count = 4;
    flash.options.work_ns = 100000000;
    begin(100000);
    if (learnt != NULL) {
        cr_assert_eq(smp_session_set_learnt(world.session, learnt), SMP_OK);
    }
    finish(60000);
    check_all_arrived();
}

Test(learnt, what_was_learnt_of_a_device_is_kept)
{
    struct smp_session_learnt learnt = {.size = sizeof(learnt)};
    run_one_too_many(NULL);
    cr_assert_eq(flash.starved, 1, "once, and never again: %u", flash.starved);
    smp_session_get_learnt(world.session, &learnt);
    cr_assert_eq(learnt.size, sizeof(learnt));
    cr_assert_eq(learnt.buf_size, 2048);
    cr_assert_eq(learnt.buf_count, 4);
    cr_assert_eq(learnt.edge, 3);
    cr_assert_eq(learnt.window, 3);
    cr_assert_eq(smp_session_window(world.session), 3);
    close_all();

    run_one_too_many(&learnt);
    cr_assert_eq(flash.starved, 0, "another session with the same device need not try");
    cr_assert_eq(flash.chunks[2].at, flash.chunks[1].at + 100, "they wait in the device");
    close_all();

    learnt.buf_count = 8; /* it has other firmware now */
    run_one_too_many(&learnt);
    cr_assert_eq(flash.starved, 1);
    cr_assert_eq(smp_session_set_learnt(world.session, NULL), SMP_ERR_INVALID);
    learnt.size = 0;
    cr_assert_eq(smp_session_set_learnt(world.session, &learnt), SMP_ERR_INVALID);
}

Test(learnt, a_learnt_packet_size_is_kept)
{
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 600};
    begin(50000);
    finish(60000);
    struct smp_session_learnt learnt = {.size = sizeof(learnt)};
    smp_session_get_learnt(world.session, &learnt);
    cr_assert_eq(learnt.packet, 512);
    close_all();
    note = (struct note){0};
    world.faults = (struct smp_faults){.size = sizeof(world.faults), .drop_above = 600};
    begin(50000);
    smp_session_set_learnt(world.session, &learnt);
    finish(100);
    check_all_arrived();
}

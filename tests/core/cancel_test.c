/* SPDX-License-Identifier: Apache-2.0 */
/* What is cancelled is told once, from the next turn, and stays cancelled. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

static struct note other;

TestSuite(cancel, .init = open_world, .fini = close_world);

Test(cancel, cancel_before_it_was_sent)
{
    note_echo(&note, world.session, "first");
    note_echo(&other, world.session, "second"); /* waits: the window is 1 */
    cr_assert_eq(smp_session_cancel(world.session, other.id), SMP_OK);
    cr_assert_eq(other.calls, 0, "cancel only marks");
    world_settle(&world);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CANCELLED);
    for (size_t i = 0; i < peer.n; i++) {
        cr_assert_neq(peer.packets[i].len, 10, "the second was never sent");
    }
    cr_assert_eq(smp_session_cancel(world.session, other.id), SMP_ERR_NOT_FOUND);
    cr_assert_eq(note.calls, 0);
}

Test(cancel, cancel_after_it_was_sent)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_session_cancel(world.session, note.id);
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(stats().late, 1);
}

Test(cancel, a_cancelled_request_stays_cancelled_when_its_answer_is_there_already)
{
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    cr_assert_eq(smp_loop_process(world.loop), 1); /* the device has answered, not yet heard */
    cr_assert_eq(note.calls, 0);
    cr_assert_eq(smp_session_cancel(world.session, note.id), SMP_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
}

Test(cancel, a_cancelled_request_is_not_repeated)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    cr_assert_eq(peer.n, 1);
}

Test(cancel, a_cancelled_request_does_not_time_out_instead)
{
    smp_os_reset(world.session, NULL, note_result, &note, &note.id);
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its only try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
}

static void cancel_others(struct note *n, struct smp_session *session,
                          const struct smp_result *result)
{
    (void)result;
    cr_expect_eq(smp_session_cancel(session, n->id), SMP_ERR_NOT_FOUND, "it is complete");
    cr_expect_eq(smp_session_cancel(session, other.id), SMP_OK);
    cr_expect_eq(other.calls, 0);
}

Test(cancel, cancel_in_a_callback)
{
    note.then = cancel_others;
    peer.script = peer_ok_without_params;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CANCELLED);
}

Test(cancel, cancelling_what_is_not_there)
{
    cr_assert_eq(smp_session_cancel(world.session, 12345), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_session_cancel(world.session, 0), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_cancel(NULL, 1), SMP_ERR_INVALID);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Time: repeats, timeouts and deadlines, and what a cancelled request still is. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

static struct note other;

TestSuite(expiry, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(expiry_options, .fini = close_world);

Test(expiry, silence_ends_in_a_timeout_after_all_tries)
{
    note_echo(&note, world.session, "x");
    world_pass(&world, 7499);
    cr_assert_eq(note.calls, 0);
    cr_assert_eq(peer.n, 3);
    world_pass(&world, 1);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_not(note.has_answer);
    cr_assert_eq(note.header.group, SMP_GROUP_OS);
    cr_assert_eq(note.header.sequence, peer.packets[0].header.sequence);
    world_pass(&world, 100000);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(peer.n, 3);
    cr_assert_eq(stats().repeated, 2);
    cr_assert_eq(stats().lost, 3);
}

Test(expiry, a_repeat_keeps_its_number_and_any_answer_to_it_counts)
{
    note_echo(&note, world.session, "x");
    world_pass(&world, 3000);
    cr_assert_eq(peer.n, 2);
    cr_assert_eq(peer.packets[0].header.sequence, peer.packets[1].header.sequence);
    cr_assert_eq(peer.packets[1].at, 2500);
    peer_answer(&peer, &peer.packets[0], ECHO_OK); /* late, to the first copy */
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    peer_answer(&peer, &peer.packets[1], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(stats().strange, 1, "the answer to the second copy");
}

/* ---- cancelling ---- */

Test(expiry, cancel_before_it_was_sent)
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

Test(expiry, cancel_after_it_was_sent)
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

Test(expiry, a_cancelled_request_stays_cancelled_when_its_answer_is_there_already)
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

Test(expiry, a_cancelled_request_is_not_repeated)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    cr_assert_eq(peer.n, 1);
}

Test(expiry, a_cancelled_request_does_not_time_out_instead)
{
    smp_os_reset(world.session, NULL, note_result, &note, &note.id);
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its only try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
}

Test(expiry_options, the_deadline_counts_waiting_too)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .deadline_ms = 5000, .timeout_ms = 4000});
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    world_pass(&world, 4999);
    cr_assert_eq(note.calls + other.calls, 0);
    world_pass(&world, 1);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 2, "two tries of the first, none of the second");
}

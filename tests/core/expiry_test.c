/* SPDX-License-Identifier: Apache-2.0 */
/* Time: repeats, timeouts and deadlines. */
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

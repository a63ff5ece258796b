/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers, the window and the queue: what is sent when. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

static struct note other;

TestSuite(send, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(send_options, .fini = close_world);

/* ---- sequence numbers ---- */

Test(send, numbers_are_reused_oldest_first)
{
    peer.script = peer_ok;
    for (unsigned i = 0; i < 600; i++) {
        struct note n = {0};
        note_echo(&n, world.session, "x");
        world_settle(&world);
        cr_assert_eq(n.error, SMP_OK);
        uint8_t first = peer.packets[0].header.sequence;
        cr_assert_eq(peer.packets[i].header.sequence, (uint8_t)(first + i));
    }
}

Test(send_options, an_abandoned_number_rests_for_the_grace_time)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .window = 4,
                                            .grace_ms = 60000,
                                            .no_params = true});
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    const uint8_t resting = peer.packets[0].header.sequence;
    peer.script = peer_ok;
    for (unsigned i = 0; i < 600; i++) {
        struct note n = {0};
        note_echo(&n, world.session, "x");
        world_settle(&world);
        cr_assert_eq(n.error, SMP_OK);
        cr_assert_neq(peer.packets[i + 1].header.sequence, resting);
    }
    world_pass(&world, 60000);
    bool seen = false;
    for (unsigned i = 0; i < 256; i++) {
        struct note n = {0};
        note_echo(&n, world.session, "x");
        world_settle(&world);
        seen = seen || peer.packets[i + 601].header.sequence == resting;
    }
    cr_assert(seen, "after the grace time it is used again");
}

/* ---- the window ---- */

Test(send_options, the_window_option_is_the_callers_word)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    for (unsigned i = 0; i < 5; i++) {
        note_echo(&note, world.session, "x");
    }
    world_settle(&world);
    cr_assert_eq(peer.n, 3);
}

Test(send, a_ghost_holds_its_place)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    note_echo(&other, world.session, "y");
    world_pass(&world, 3999);
    cr_assert_eq(peer.n, 1, "the device may still hold the first one");
    world_pass(&world, 1);
    cr_assert_eq(peer.n, 2, "the grace time is over");
}

Test(send, a_late_answer_frees_the_ghosts_place)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    note_echo(&other, world.session, "y");
    world_settle(&world);
    cr_assert_eq(peer.n, 1);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 2);
    cr_assert_eq(stats().late, 1);
}

Test(send_options, an_answer_to_a_later_request_frees_the_earlier_places)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    static struct note notes[6];
    for (unsigned i = 0; i < 6; i++) {
        note_echo(&notes[i], world.session, "x");
    }
    world_settle(&world);
    cr_assert_eq(peer.n, 3);
    peer_answer(&peer, &peer.packets[2], ECHO_OK); /* the first two were lost */
    world_settle(&world);
    cr_assert_eq(peer.n, 6, "all three places are free");
    peer_answer(&peer, &peer.packets[0], ECHO_OK); /* not lost after all */
    world_settle(&world);
    cr_assert_eq(notes[0].calls, 1);
    cr_assert_eq(peer.n, 6);
}

Test(send_options, repeats_never_overrun_the_window)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .window = 3,
                                            .no_params = true,
                                            .timeout_ms = 1000});
    static struct note notes[6];
    for (unsigned i = 0; i < 6; i++) {
        note_echo(&notes[i], world.session, "x");
    }
    world_pass(&world, 500);
    peer_answer(&peer, &peer.packets[2], ECHO_OK); /* overtakes the first two */
    world_pass(&world, 499);
    cr_assert_eq(peer.n, 6, "three are with the device");
    world_pass(&world, 2); /* the first two would be repeated, but there is no place */
    cr_assert_eq(peer.n, 6);
    peer_answer(&peer, &peer.packets[3], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 7, "now there is one");
    cr_assert_eq(peer.packets[6].header.sequence, peer.packets[0].header.sequence);
}

Test(send_options, a_slow_device_does_not_get_copies_of_everything)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .window = 3,
                                            .no_params = true,
                                            .timeout_ms = 1000});
    static struct note notes[3];
    for (unsigned i = 0; i < 3; i++) {
        note_echo(&notes[i], world.session, "x");
    }
    world_pass(&world, 1500);
    cr_assert_eq(peer.n, 4, "one copy, of the oldest");
    cr_assert_eq(peer.packets[3].header.sequence, peer.packets[0].header.sequence);
    for (unsigned i = 0; i < 3; i++) {
        peer_answer(&peer, &peer.packets[i], ECHO_OK); /* it was only slow */
    }
    world_pass(&world, 10000);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(notes[i].calls, 1);
        cr_assert_eq(notes[i].error, SMP_OK);
    }
}

Test(send_options, all_that_were_lost_at_once_are_repeated_in_the_end)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .window = 4,
                                            .no_params = true,
                                            .timeout_ms = 1000});
    static struct note notes[4];
    for (unsigned i = 0; i < 4; i++) {
        note_echo(&notes[i], world.session, "x");
    }
    world_pass(&world, 999);
    cr_assert_eq(peer.n, 4);
    peer.script = peer_ok; /* from now on it answers */
    world_pass(&world, 2);
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(notes[i].error, SMP_OK);
        cr_assert_eq(notes[i].calls, 1);
    }
    cr_assert_eq(peer.n, 8);
}

/* ---- the queue ---- */

Test(send_options, the_queue_is_bounded)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .queue = 3, .no_params = true});
    static struct note notes[5];
    for (unsigned i = 0; i < 4; i++) {
        cr_assert_eq(note_echo(&notes[i], world.session, "x"), SMP_OK, "one sent, three wait");
    }
    cr_assert_eq(note_echo(&notes[4], world.session, "x"), SMP_ERR_BUSY);
    peer.script = peer_ok;
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    world_pass(&world, 5000);
    cr_assert_eq(notes[3].error, SMP_OK);
    cr_assert_eq(notes[4].calls, 0);
}

Test(send_options, the_pool_is_bounded_too)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .queue = 100000, .no_params = true});
    int code = SMP_OK;
    unsigned made = 0;
    const uint64_t allocated = world.heap.count;
    while (code == SMP_OK) {
        cr_assert_lt(made, 10000);
        code = smp_session_request(world.session, 0, 0, SMP_OP_WRITE, NULL, 0, NULL, NULL, NULL);
        made += code == SMP_OK;
    }
    cr_assert_eq(code, SMP_ERR_BUSY);
    cr_assert_geq(made, 64);
    cr_assert_eq(world.heap.count, allocated, "requests never allocate");
}

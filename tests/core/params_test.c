/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the device what it takes, and believing nothing that cannot be true. */
#include "core/dialogue.h"

#include <criterion/criterion.h>

#include <string.h>

static struct note other;

TestSuite(params, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(params_options, .fini = close_world);

static void params_8(struct peer *p, const struct peer_packet *packet)
{
    if (peer_is_params(packet)) { /* {"buf_size": 2048, "buf_count": 8} */
        peer_answer(p, packet, "a2 68 6275665f73697a65 19 0800 69 6275665f636f756e74 08");
    }
}

Test(params, the_window_is_one_until_parameters_are_known)
{
    cr_assert_eq(smp_session_window(world.session), 1);
    cr_assert_eq(smp_session_max_packet(world.session), 384);
    for (unsigned i = 0; i < 10; i++) {
        note_echo(&note, world.session, "x");
    }
    world_settle(&world);
    cr_assert_eq(peer.n, 1);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 2);
    cr_assert(peer_is_params(&peer.packets[1]), "asked before what is sent in parallel");
    params_8(&peer, &peer.packets[1]);
    world_settle(&world);
    cr_assert_eq(smp_session_window(world.session), 7);
    cr_assert_eq(smp_session_max_packet(world.session), 2048);
    cr_assert_eq(peer.n, 2 + 7);
    peer_answer(&peer, &peer.packets[2], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 2 + 8);
}

/* Sends two echoes, so that parameters are asked for; answers them with `hex`, then all. */
static void learn(const char *hex)
{
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "x");
    world_settle(&world);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 2);
    cr_assert(peer_is_params(&peer.packets[1]));
    peer_answer(&peer, &peer.packets[1], hex);
    world_settle(&world);
    cr_assert_eq(peer.n, 3);
    peer_answer(&peer, &peer.packets[2], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.error, SMP_OK);
}

/* After a reset it may be other firmware, with other buffers. */
Test(params, renewed_it_asks_again)
{
    learn("a2 68 6275665f73697a65 19 0800 69 6275665f636f756e74 08");
    cr_assert_eq(smp_session_window(world.session), 7);
    smp_session_renew(world.session);
    cr_expect_eq(smp_session_window(world.session), 1);
    cr_expect_eq(smp_session_max_packet(world.session), 384);
    size_t before = peer.n;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "x");
    world_settle(&world);
    peer_answer(&peer, &peer.packets[before], ECHO_OK);
    world_settle(&world);
    cr_assert(peer_is_params(&peer.packets[before + 1]));
    smp_session_renew(NULL);
}

static void check_unknown(const char *hex)
{
    learn(hex);
    cr_assert_eq(smp_session_window(world.session), 1);
    cr_assert_eq(smp_session_max_packet(world.session), 384);
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "x");
    world_settle(&world);
    cr_assert_eq(peer.n, 4, "not asked again");
}

Test(params, parameters_refused)
{
    check_unknown(RC_8);
}
Test(params, parameters_without_the_keys)
{
    check_unknown("a0");
}
Test(params, parameters_of_the_wrong_type)
{
    check_unknown("a2 68 6275665f73697a65 61 78 69 6275665f636f756e74 04");
}
Test(params, parameters_zero)
{
    check_unknown("a2 68 6275665f73697a65 00 69 6275665f636f756e74 00");
}
Test(params, parameters_too_small_to_be_true)
{
    check_unknown("a2 68 6275665f73697a65 0a 69 6275665f636f756e74 04");
}
Test(params, parameters_not_cbor)
{
    check_unknown("ff");
}

Test(params, parameters_enormous)
{
    /* buf_size 2^32 - 1, buf_count 2^32 - 1 */
    learn("a2 68 6275665f73697a65 1a ffffffff 69 6275665f636f756e74 1a ffffffff");
    cr_assert_leq(smp_session_window(world.session), 128);
    cr_assert_leq(smp_session_max_packet(world.session), SMP_PACKET_MAX);
}

Test(params, parameters_of_a_device_with_one_or_two_buffers)
{
    learn("a2 68 6275665f73697a65 19 0400 69 6275665f636f756e74 02");
    cr_assert_eq(smp_session_window(world.session), 1);
    cr_assert_eq(smp_session_max_packet(world.session), 1024);
}

static void silent_params(struct peer *p, const struct peer_packet *packet)
{
    if (!peer_is_params(packet)) {
        peer_answer(p, packet, ECHO_OK);
    }
}

Test(params, parameters_never_answered)
{
    peer.script = silent_params;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    world_pass(&world, 30000);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_OK, "what waited for them goes on without");
    cr_assert_eq(smp_session_window(world.session), 1);
}

Test(params_options, no_params_never_asks_not_even_after_reconnecting)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .no_params = true});
    peer.script = peer_ok;
    for (unsigned round = 0; round < 2; round++) {
        note_echo(&note, world.session, "x");
        note_echo(&other, world.session, "y");
        world_settle(&world);
        smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
        smp_transport_up(world.near);
        world_settle(&world);
    }
    cr_assert_eq(peer.n, 4);
    for (size_t i = 0; i < peer.n; i++) {
        cr_assert_not(peer_is_params(&peer.packets[i]));
    }
}

Test(params, a_device_that_comes_back_is_asked_anew)
{
    peer.script = params_8;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "x");
    world_settle(&world);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(smp_session_window(world.session), 7);
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    smp_transport_up(world.near);
    world_settle(&world);
    cr_assert_eq(smp_session_window(world.session), 1);
}

static char long_text[5000];

Test(params, a_packet_over_the_fall_back_size_asks_first)
{
    memset(long_text, 'x', 1000);
    cr_assert_eq(note_echo(&note, world.session, long_text), SMP_OK);
    world_settle(&world);
    cr_assert_eq(peer.n, 1);
    cr_assert(peer_is_params(&peer.packets[0]));
    params_8(&peer, &peer.packets[0]);
    world_settle(&world);
    cr_assert_eq(peer.n, 2);
    peer_answer(&peer, &peer.packets[1], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
}

Test(params, a_packet_over_the_fall_back_size_fails_without_parameters)
{
    memset(long_text, 'x', 1000);
    peer.script = peer_ok_without_params;
    cr_assert_eq(note_echo(&note, world.session, long_text), SMP_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TOO_LARGE);
    cr_assert_eq(note_echo(&other, world.session, long_text), SMP_ERR_TOO_LARGE, "known now");
    cr_assert_eq(note_echo(&other, world.session, "small"), SMP_OK);
    world_settle(&world);
    cr_assert_eq(other.error, SMP_OK);
}

Test(params_options, max_packet_stands_in_for_parameters)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .max_packet = 1024, .no_params = true});
    memset(long_text, 'x', 1100);
    cr_assert_eq(smp_session_max_packet(world.session), 1024);
    cr_assert_eq(note_echo(&note, world.session, long_text), SMP_ERR_TOO_LARGE);
    long_text[1024 - 8 - 6] = '\0'; /* header, map, key, three bytes of string head */
    cr_assert_eq(note_echo(&note, world.session, long_text), SMP_OK);
    world_settle(&world);
    cr_assert_eq(peer.packets[0].len + 8, 1024);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers find their requests, in either version, and nothing else does. */
#include "core/dialogue.h"
#include "support/hex.h"

#include <criterion/criterion.h>

#include <string.h>

static struct note other, third;

TestSuite(receive, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(receive_options, .fini = close_world);

/* ---- matching ---- */

static void answer_with(void (*change)(struct smp_header *header))
{
    struct smp_header header = peer.packets[0].header;
    header.op++;
    change(&header);
    peer_send_as(&peer, header, ECHO_OK);
    world_settle(&world);
}

static void wrong_sequence(struct smp_header *header)
{
    header->sequence++;
}
static void wrong_group(struct smp_header *header)
{
    header->group = 1;
}
static void wrong_command(struct smp_header *header)
{
    header->id = 1;
}
static void wrong_op(struct smp_header *header)
{
    header->op = SMP_OP_READ_RSP;
}
static void request_op(struct smp_header *header)
{
    header->op = SMP_OP_WRITE;
}
static void op_seven(struct smp_header *header)
{
    header->op = 7;
}
static void as_asked(struct smp_header *header)
{
    header->flags = 0xff; /* to be ignored */
    header->version = 3;
}

Test(receive, what_does_not_match_is_counted_and_dropped)
{
    static void (*const changes[])(struct smp_header *) = {
        wrong_sequence, wrong_group, wrong_command, wrong_op, request_op, op_seven,
    };
    note_echo(&note, world.session, "x");
    world_settle(&world);
    for (size_t i = 0; i < 6; i++) {
        answer_with(changes[i]);
        cr_assert_eq(note.calls, 0, "change %zu", i);
        cr_assert_eq(stats().strange, i + 1);
    }
    answer_with(as_asked);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_OK);
}

Test(receive, garbage_is_counted_and_dropped)
{
    static const char *const garbage[] = {
        "",
        "00",
        "0b 00 00 06 00 00 00",                      /* 7 bytes */
        "0b 00 ff ff 00 00 00 00 a0",                /* length past the end */
        "ff ff ff ff ff ff ff ff ff ff ff ff ff ff", /* not SMP at all */
        "06 09 0a 0d 0a",
    };
    note_echo(&note, world.session, "x");
    world_settle(&world);
    for (size_t i = 0; i < 6; i++) {
        peer_send_hex(&peer, garbage[i]);
        world_settle(&world);
        cr_assert_eq(note.calls, 0);
        cr_assert_eq(stats().strange, i + 1);
    }
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
}

Test(receive, an_answer_cut_short_is_malformed_or_dropped)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    struct smp_header header = peer.packets[0].header;
    header.op++;
    peer_send_as(&peer, header, "a1 61 72 62 6f"); /* header right, CBOR cut */
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_MALFORMED);
    cr_assert(note.has_answer);
}

Test(receive, duplicates_are_strange_and_unasked_packets_too)
{
    peer_send_hex(&peer, "0b 00 00 06 00 00 11 00 a1 61 72 62 6f 6b");
    world_settle(&world);
    cr_assert_eq(stats().strange, 1);
    note_echo(&note, world.session, "x");
    world_settle(&world);
    for (unsigned i = 0; i < 3; i++) {
        peer_answer(&peer, &peer.packets[0], ECHO_OK);
    }
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(stats().strange, 3);
    cr_assert_eq(stats().answered, 1);
}

Test(receive, padding_after_the_payload_is_ignored)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    uint8_t packet[20] = {0x0b, 0,    0,   6,   0, 0, peer.packets[0].header.sequence,
                          0,    0xa1, 'a', 'r', 0, 0};
    hex_read(ECHO_OK, packet + 8, 6);
    peer_send(&peer, packet, sizeof(packet));
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(note.payload_len, 6);
}

Test(receive_options, answers_may_come_in_any_order)
{
    static struct note notes[4];
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 4, .no_params = true});
    for (size_t i = 0; i < 4; i++) {
        note_echo(&notes[i], world.session, "x");
    }
    world_settle(&world);
    cr_assert_eq(peer.n, 4);
    const size_t order[] = {3, 1, 2, 0};
    for (size_t i = 0; i < 4; i++) {
        peer_answer(&peer, &peer.packets[order[i]], ECHO_OK);
        world_settle(&world);
        cr_assert_eq(notes[order[i]].calls, 1);
        cr_assert_eq(notes[order[i]].error, SMP_OK);
    }
    cr_assert_eq(stats().strange, 0);
}

/* ---- versions ---- */

static void answer_v1(struct peer *p, const struct peer_packet *packet)
{
    struct smp_header header = packet->header;
    header.op++;
    header.version = SMP_PROTOCOL_V1;
    peer_send_as(p, header, "a2 62 7263 00 61 72 62 6f6b"); /* {"rc": 0, "r": "ok"} */
}

Test(receive, a_v1_answer_switches_to_v1)
{
    peer.script = answer_v1;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(peer.packets[0].header.version, SMP_PROTOCOL_V2);
    note_echo(&other, world.session, "x");
    world_settle(&world);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(peer.packets[1].header.version, SMP_PROTOCOL_V1);
}

static void only_v1(struct peer *p, const struct peer_packet *packet)
{
    bool v1 = packet->header.version == SMP_PROTOCOL_V1;
    peer_answer(p, packet, v1 ? ECHO_OK : "a1 62 7263 0d");
}

Test(receive_options, rc_13_is_asked_again_in_v1_by_every_request_that_got_it)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    peer.script = only_v1;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(peer.n, 4);
    note_echo(&third, world.session, "z");
    world_settle(&world);
    cr_assert_eq(peer.n, 5, "remembered");
}

static void only_v2(struct peer *p, const struct peer_packet *packet)
{
    bool v2 = packet->header.version == SMP_PROTOCOL_V2;
    peer_answer(p, packet, v2 ? ECHO_OK : "a1 62 7263 0c");
}

Test(receive, a_device_that_got_a_firmware_without_v1_is_asked_in_v2)
{
    peer.script = answer_v1;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    peer.script = only_v2;
    note_echo(&other, world.session, "x");
    world_settle(&world);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(peer.n, 3);
}

static void no_version_is_right(struct peer *p, const struct peer_packet *packet)
{
    bool v1 = packet->header.version == SMP_PROTOCOL_V1;
    peer_answer(p, packet, v1 ? "a1 62 7263 0c" : "a1 62 7263 0d");
}

Test(receive, a_device_that_wants_neither_version_ends_it)
{
    peer.script = no_version_is_right;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, 12);
    cr_assert_eq(peer.n, 2);
}

Test(receive_options, v1_from_the_start_stays_v1)
{
    open_with(
        &(struct smp_session_options){.size = sizeof(struct smp_session_options), .v1 = true});
    peer.script = only_v2;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, 12);
    cr_assert_eq(peer.n, 1);
}

/* ---- outside a turn ---- */

Test(receive, packets_handed_over_outside_a_turn_wait_for_the_next)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    uint8_t answer[14] = {0x0b, 0, 0, 6, 0, 0, peer.packets[0].header.sequence, 0};
    hex_read(ECHO_OK, answer + 8, 6);
    smp_transport_received(world.near, NULL, answer, sizeof(answer));
    smp_transport_received(world.near, NULL, NULL, 0);
    memset(answer, 0xff, sizeof(answer)); /* it was copied */
    cr_assert_eq(note.calls, 0);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(stats().strange, 1);
}

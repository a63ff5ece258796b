/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: every request completes once, answers are matched, the window holds. */
#include "support/hex.h"
#include "support/note.h"
#include "support/peer.h"

#include <criterion/criterion.h>

#include <string.h>

static struct world world;
static struct peer peer;
static struct note note, other, third;

static void open_with(const struct smp_session_options *options)
{
    cr_assert_eq(world_open(&world, options), SMP_OK);
    peer_open(&peer, &world);
}

static void open_world(void)
{
    open_with(NULL);
}

static void close_world(void)
{
    peer_close(&peer);
    world_close(&world);
}

TestSuite(session, .init = open_world, .fini = close_world);
/* Tests that open their session with options of their own. */
TestSuite(session_options, .fini = close_world);

static struct smp_session_stats stats(void)
{
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(world.session, &stats);
    return stats;
}

/* ---- exactly one completion, never from inside the call ---- */

Test(session, a_lone_echo_is_one_packet)
{
    peer.script = peer_ok;
    cr_assert_eq(note_echo(&note, world.session, "hi"), SMP_OK);
    cr_assert_eq(note.calls, 0, "never from inside the call");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert(note.has_answer);
    cr_assert_eq(peer.n, 1);
    const struct peer_packet *packet = &peer.packets[0];
    cr_assert_eq(packet->header.version, SMP_PROTOCOL_V2);
    cr_assert_eq(packet->header.op, SMP_OP_WRITE);
    cr_assert_eq(packet->len, 6);
    cr_assert_arr_eq(packet->payload, "\xa1\x61\x64\x62hi", 6);
    cr_assert_eq(stats().sent, 1);
    cr_assert_eq(stats().answered, 1);
    cr_assert_eq(stats().bytes_sent, 14);
    cr_assert_eq(stats().bytes_received, 14);
}

Test(session, silence_ends_in_a_timeout_after_all_tries)
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

Test(session, a_repeat_keeps_its_number_and_any_answer_to_it_counts)
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

Test(session, only_idempotent_requests_are_repeated)
{
    smp_os_reset(world.session, NULL, note_result, &note, NULL);
    world_pass(&world, 2500);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 1);
    smp_session_request(world.session, 64, 1, SMP_OP_READ, NULL, 0, note_result, &other, NULL);
    world_pass(&world, 10000);
    cr_assert_eq(other.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 2, "nobody knows whether an unknown command may be repeated");
}

Test(session_options, retry_all_repeats_everything)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .retry_all = true, .tries = 2});
    smp_os_reset(world.session, NULL, note_result, &note, NULL);
    world_pass(&world, 10000);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 2);
}

Test(session, cancel_before_it_was_sent)
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

Test(session, cancel_after_it_was_sent)
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

Test(session, a_cancelled_request_stays_cancelled_when_its_answer_is_there_already)
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

Test(session, a_cancelled_request_is_not_repeated)
{
    note_echo(&note, world.session, "x");
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
    cr_assert_eq(peer.n, 1);
}

Test(session, a_cancelled_request_does_not_time_out_instead)
{
    smp_os_reset(world.session, NULL, note_result, &note, &note.id);
    world_settle(&world);
    smp_fake_clock_advance(world.clock, UINT64_C(2500000000)); /* its only try is over */
    smp_session_cancel(world.session, note.id);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CANCELLED);
}

Test(session, cancelling_what_is_not_there)
{
    cr_assert_eq(smp_session_cancel(world.session, 12345), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_session_cancel(world.session, 0), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_cancel(NULL, 1), SMP_ERR_INVALID);
}

static int link_reasons[8];
static unsigned n_links;

static void on_link(struct smp_session *session, int reason, void *user)
{
    cr_assert_eq(session, world.session);
    cr_assert_eq(user, link_reasons);
    link_reasons[n_links++] = reason;
}

static void open_with_link(void)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .link = on_link, .link_user = link_reasons});
}

Test(session_options, link_loss_ends_all_from_the_next_turn)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    smp_transport_down(world.near, SMP_ERR_SYSTEM, 5);
    cr_assert_eq(note.calls + other.calls + n_links, 0, "nothing comes from inside the call");
    cr_assert_eq(note_echo(&third, world.session, "z"), SMP_ERR_CLOSED);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_SYSTEM);
    cr_assert_eq(note.system_error, 5);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_SYSTEM);
    cr_assert_eq(n_links, 1);
    cr_assert_eq(link_reasons[0], SMP_ERR_SYSTEM);
    smp_transport_up(world.near);
    smp_transport_up(world.near);
    world_settle(&world);
    cr_assert_eq(n_links, 2);
    cr_assert_eq(link_reasons[1], SMP_OK);
    cr_assert_eq(note_echo(&third, world.session, "z"), SMP_OK);
    peer.script = peer_ok;
    world_settle(&world);
    world_pass(&world, 5000);
    cr_assert_eq(third.error, SMP_OK);
    cr_assert_eq(third.calls, 1);
}

Test(session_options, a_link_that_comes_back_at_once_has_still_been_down)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    smp_transport_up(world.near);
    world_settle(&world);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(n_links, 2);
    cr_assert_eq(link_reasons[0], SMP_ERR_CLOSED);
    cr_assert_eq(link_reasons[1], SMP_OK);
}

Test(session_options, a_transport_may_be_freed_under_a_session)
{
    open_with_link();
    note_echo(&note, world.session, "x");
    smp_transport_free(world.near);
    world.near = NULL;
    cr_assert_eq(note.calls, 0);
    cr_assert_eq(note_echo(&other, world.session, "y"), SMP_ERR_CLOSED);
    cr_assert_eq(smp_session_max_packet(world.session), 0);
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(n_links, 1);
    cr_assert_eq(link_reasons[0], SMP_ERR_CLOSED);
    world_pass(&world, 100000);
    cr_assert_eq(note.calls, 1);
}

Test(session, the_other_end_may_be_freed)
{
    note_echo(&note, world.session, "x");
    peer_close(&peer);
    smp_transport_free(world.far);
    world.far = NULL;
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
}

Test(session, free_completes_all)
{
    note_echo(&note, world.session, "sent");
    note_echo(&other, world.session, "queued");
    smp_session_free(world.session);
    world.session = NULL;
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
    world_pass(&world, 100000);
    cr_assert_eq(note.calls, 1);
}

static void free_session(struct note *n, struct smp_session *session,
                         const struct smp_result *result)
{
    (void)result;
    smp_session_free(session);
    world.session = NULL;
    cr_assert_eq(n->calls, 1);
    /* Nothing is left to be completed once free has returned. */
    for (struct note *p = n->user; p != NULL; p = p->user) {
        cr_expect_eq(p->calls, 1);
    }
}

Test(session, free_in_a_callback_completes_the_others_there)
{
    note.then = free_session;
    note.user = &other;
    other.user = &third;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    world_settle(&world);
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
    cr_assert_eq(third.error, SMP_ERR_CLOSED);
}

Test(session, free_in_a_callback_of_link_loss_completes_the_others_there)
{
    note.then = free_session;
    note.user = &other;
    other.user = &third;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    smp_transport_down(world.near, SMP_ERR_CLOSED, 0);
    world_settle(&world);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(third.calls, 1);
}

Test(session, free_in_a_callback_of_a_timeout)
{
    note.then = free_session;
    note.user = &other;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    world_pass(&world, 200000);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
}

static struct smp_session *second_session;

static void free_the_other_session(struct note *n, struct smp_session *session,
                                   const struct smp_result *result)
{
    (void)n;
    (void)result;
    cr_assert_neq(session, second_session);
    smp_session_free(second_session);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
}

Test(session, another_session_may_be_freed_in_a_callback)
{
    struct smp_transport *a;
    struct smp_transport *b;
    cr_assert_eq(smp_loopback_new(world.loop, 0, &a, &b), SMP_OK);
    cr_assert_eq(smp_session_new(a, NULL, &second_session), SMP_OK);
    note.then = free_the_other_session;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    note_echo(&other, second_session, "b");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
    smp_transport_free(a);
    smp_transport_free(b);
}

static void cancel_others(struct note *n, struct smp_session *session,
                          const struct smp_result *result)
{
    (void)result;
    cr_expect_eq(smp_session_cancel(session, n->id), SMP_ERR_NOT_FOUND, "it is complete");
    cr_expect_eq(smp_session_cancel(session, other.id), SMP_OK);
    cr_expect_eq(other.calls, 0);
}

Test(session, cancel_in_a_callback)
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

static void ask_again(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    (void)result;
    n->then = NULL;
    cr_assert_eq(note_echo(&other, session, "again"), SMP_OK);
    cr_assert_eq(other.calls, 0);
}

Test(session, a_callback_may_ask_again)
{
    note.then = ask_again;
    peer.script = peer_ok;
    note_echo(&note, world.session, "a");
    world_settle(&world);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(peer.n, 2);
}

Test(session, done_may_be_null)
{
    peer.script = peer_ok;
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    cr_assert_eq(smp_os_echo(world.session, &req, NULL, NULL, NULL), SMP_OK);
    world_settle(&world);
    cr_assert_eq(stats().answered, 1);
}

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

Test(session, what_does_not_match_is_counted_and_dropped)
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

Test(session, garbage_is_counted_and_dropped)
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

Test(session, an_answer_cut_short_is_malformed_or_dropped)
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

Test(session, duplicates_are_strange_and_unasked_packets_too)
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

Test(session, padding_after_the_payload_is_ignored)
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

static void params_8(struct peer *p, const struct peer_packet *packet)
{
    if (peer_is_params(packet)) { /* {"buf_size": 2048, "buf_count": 8} */
        peer_answer(p, packet, "a2 68 6275665f73697a65 19 0800 69 6275665f636f756e74 08");
    }
}

Test(session_options, answers_may_come_in_any_order)
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

/* ---- sequence numbers ---- */

Test(session, numbers_are_reused_oldest_first)
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

Test(session_options, an_abandoned_number_rests_for_the_grace_time)
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

Test(session, the_window_is_one_until_parameters_are_known)
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
Test(session, renewed_it_asks_again)
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

Test(session, parameters_refused)
{
    check_unknown(RC_8);
}
Test(session, parameters_without_the_keys)
{
    check_unknown("a0");
}
Test(session, parameters_of_the_wrong_type)
{
    check_unknown("a2 68 6275665f73697a65 61 78 69 6275665f636f756e74 04");
}
Test(session, parameters_zero)
{
    check_unknown("a2 68 6275665f73697a65 00 69 6275665f636f756e74 00");
}
Test(session, parameters_too_small_to_be_true)
{
    check_unknown("a2 68 6275665f73697a65 0a 69 6275665f636f756e74 04");
}
Test(session, parameters_not_cbor)
{
    check_unknown("ff");
}

Test(session, parameters_enormous)
{
    /* buf_size 2^32 - 1, buf_count 2^32 - 1 */
    learn("a2 68 6275665f73697a65 1a ffffffff 69 6275665f636f756e74 1a ffffffff");
    cr_assert_leq(smp_session_window(world.session), 128);
    cr_assert_leq(smp_session_max_packet(world.session), SMP_PACKET_MAX);
}

Test(session, parameters_of_a_device_with_one_or_two_buffers)
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

Test(session, parameters_never_answered)
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

Test(session_options, no_params_never_asks_not_even_after_reconnecting)
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

Test(session, a_device_that_comes_back_is_asked_anew)
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

Test(session_options, the_window_option_is_the_callers_word)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    for (unsigned i = 0; i < 5; i++) {
        note_echo(&note, world.session, "x");
    }
    world_settle(&world);
    cr_assert_eq(peer.n, 3);
}

Test(session, a_ghost_holds_its_place)
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

Test(session, a_late_answer_frees_the_ghosts_place)
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

Test(session_options, an_answer_to_a_later_request_frees_the_earlier_places)
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

Test(session_options, repeats_never_overrun_the_window)
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

Test(session_options, in_a_hurry_the_first_repeats_come_soon)
{
    open_with(&(struct smp_session_options){.size = sizeof(struct smp_session_options),
                                            .timeout_ms = 1000,
                                            .tries = 2,
                                            .hurry_ms = 250});
    note_echo(&note, world.session, "x");
    const unsigned at[] = {0, 250, 750, 1750};
    for (unsigned i = 0; i < 4; i++) {
        world_pass(&world, at[i] + 1 - (unsigned)world_now(&world));
        cr_assert_eq(peer.n, i + 1, "after %u ms: %zu", at[i], peer.n);
        cr_assert_eq(peer.packets[i].header.sequence, peer.packets[0].header.sequence);
    }
    world_pass(&world, 900);
    cr_assert_eq(note.calls, 0, "a whole try for the last one");
    world_pass(&world, 200);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
    cr_assert_eq(peer.n, 4);
}

Test(session_options, a_slow_device_does_not_get_copies_of_everything)
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

Test(session_options, all_that_were_lost_at_once_are_repeated_in_the_end)
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

/* ---- the queue, sizes, deadlines ---- */

Test(session_options, the_queue_is_bounded)
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

Test(session_options, the_pool_is_bounded_too)
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

static char long_text[5000];

Test(session, a_packet_over_the_fall_back_size_asks_first)
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

Test(session, a_packet_over_the_fall_back_size_fails_without_parameters)
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

Test(session_options, max_packet_stands_in_for_parameters)
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

Test(session, nothing_larger_than_the_header_can_describe)
{
    static uint8_t huge[70000];
    cr_assert_eq(smp_session_request(world.session, 64, 0, SMP_OP_WRITE, huge, sizeof(huge),
                                     note_result, &note, NULL),
                 SMP_ERR_TOO_LARGE);
    world_settle(&world);
    cr_assert_eq(note.calls, 0);
}

Test(session_options, the_deadline_counts_waiting_too)
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

Test(session, bad_arguments_are_told)
{
    struct smp_session *session;
    const struct smp_session_options none = {.size = 0};
    uint8_t byte = 0xa0;
    cr_assert_eq(smp_session_new(world.far, NULL, &session), SMP_ERR_BUSY);
    cr_assert_eq(smp_session_new(NULL, NULL, &session), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_new(world.near, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_new(world.near, &none, &session), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 1, &byte, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 4, &byte, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_request(world.session, 0, 0, 0, NULL, 1, NULL, NULL, NULL),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_session_call(world.session, NULL, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_session_call(NULL, NULL, NULL, NULL, NULL, NULL), SMP_ERR_INVALID);
    smp_session_free(NULL);
}

Test(session, sessions_that_come_and_go_do_not_grow_the_pool)
{
    struct smp_transport *a;
    struct smp_transport *b;
    cr_assert_eq(smp_loopback_new(world.loop, 384, &a, &b), SMP_OK);
    const size_t live = world.heap.live;
    for (unsigned i = 0; i < 100; i++) {
        struct smp_session *session;
        cr_assert_eq(smp_session_new(a, NULL, &session), SMP_OK);
        cr_assert_eq(smp_session_new(a, NULL, &session), SMP_ERR_BUSY);
        smp_session_free(session);
    }
    cr_assert_leq(world.heap.live, live + 2);
    smp_transport_free(a);
    smp_transport_free(b);
}

Test(session, requests_and_answers_do_not_allocate)
{
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    const uint64_t count = world.heap.count;
    for (unsigned i = 0; i < 500; i++) {
        struct note n = {0};
        note_echo(&n, world.session, "x");
        note_echo(&n, world.session, "y");
        world_settle(&world);
        cr_assert_eq(n.calls, 2);
    }
    cr_assert_eq(world.heap.count, count);
}

/* ---- versions ---- */

static void answer_v1(struct peer *p, const struct peer_packet *packet)
{
    struct smp_header header = packet->header;
    header.op++;
    header.version = SMP_PROTOCOL_V1;
    peer_send_as(p, header, "a2 62 7263 00 61 72 62 6f6b"); /* {"rc": 0, "r": "ok"} */
}

Test(session, a_v1_answer_switches_to_v1)
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

Test(session_options, rc_13_is_asked_again_in_v1_by_every_request_that_got_it)
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

Test(session, a_device_that_got_a_firmware_without_v1_is_asked_in_v2)
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

Test(session, a_device_that_wants_neither_version_ends_it)
{
    peer.script = no_version_is_right;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_DEVICE);
    cr_assert_eq(note.rc, 12);
    cr_assert_eq(peer.n, 2);
}

Test(session_options, v1_from_the_start_stays_v1)
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

/* ---- smp_wait ---- */

static int wait_for(struct note *n, const struct smp_result **result)
{
    return smp_wait(world.session, n->id, result);
}

Test(session, wait_returns_the_result_which_stays_valid)
{
    const struct smp_result *result;
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(note.calls, 1, "the callback came too");
    cr_assert_eq(result->error, SMP_OK);
    const struct smp_os_echo_rsp *rsp = result->rsp;
    cr_assert_eq(rsp->text.len, 2);
    cr_assert_arr_eq(rsp->text.data, "ok", 2);
    cr_assert_eq(result->payload.len, 6);
    cr_assert_arr_eq(result->payload.data, "\xa1\x61\x72\x62ok", 6);
}

Test(session, wait_without_a_callback)
{
    const struct smp_result *result;
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    smp_id id;
    peer.script = peer_ok;
    smp_os_echo(world.session, &req, NULL, NULL, &id);
    cr_assert_eq(smp_wait(world.session, id, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_OK);
    cr_assert_eq(smp_wait(world.session, id, &result), SMP_ERR_NOT_FOUND, "complete before");
}

Test(session, wait_ends_with_the_timeout)
{
    const struct smp_result *result;
    note_echo(&note, world.session, "x");
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_TIMEOUT);
    cr_assert_eq(world_now(&world), 7500);
}

Test(session_options, waiting_for_one_completes_others_and_loses_none)
{
    open_with(&(struct smp_session_options){
        .size = sizeof(struct smp_session_options), .window = 3, .no_params = true});
    const struct smp_result *result;
    note_echo(&note, world.session, "a");
    note_echo(&other, world.session, "b");
    note_echo(&third, world.session, "c");
    world_settle(&world);
    for (unsigned i = 0; i < 3; i++) { /* all three in one batch */
        peer_answer(&peer, &peer.packets[i], ECHO_OK);
    }
    cr_assert_eq(wait_for(&other, &result), SMP_OK);
    const struct smp_os_echo_rsp *rsp = result->rsp;
    cr_assert_arr_eq(rsp->text.data, "ok", 2);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(third.calls, 0, "it comes with the next turn");
    world_settle(&world);
    cr_assert_eq(third.calls, 1);
    cr_assert_eq(third.error, SMP_OK);
}

Test(session, waiting_for_what_is_cancelled)
{
    const struct smp_result *result;
    note_echo(&note, world.session, "x");
    smp_session_cancel(world.session, note.id);
    cr_assert_eq(wait_for(&note, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_CANCELLED);
}

Test(session, the_session_may_be_freed_while_somebody_waits)
{
    const struct smp_result *result;
    note.then = free_session;
    note.user = &other;
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    cr_assert_eq(wait_for(&other, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_ERR_CLOSED);
}

Test(session, wait_for_nonsense)
{
    const struct smp_result *result;
    cr_assert_eq(smp_wait(world.session, 99, &result), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_wait(world.session, 0, &result), SMP_ERR_INVALID);
    cr_assert_eq(smp_wait(NULL, 1, &result), SMP_ERR_INVALID);
    cr_assert_eq(smp_wait(world.session, 1, NULL), SMP_ERR_INVALID);
}

/* ---- packets that come outside a turn ---- */

Test(session, packets_handed_over_outside_a_turn_wait_for_the_next)
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

/* ---- closing ---- */

static void count_closed(struct smp_session *session, void *user)
{
    unsigned *count = user;
    (void)session;
    (*count)++;
}

Test(session, close_lets_the_begun_end_and_takes_nothing_new)
{
    unsigned closed = 0;
    cr_assert_eq(note_echo(&note, world.session, "first"), SMP_OK);
    cr_assert_eq(note_echo(&other, world.session, "second"), SMP_OK); /* waits in the queue */
    cr_assert_eq(smp_session_close(world.session, count_closed, &closed), SMP_OK);
    cr_assert_eq(smp_session_close(world.session, count_closed, &closed), SMP_ERR_BUSY);
    cr_assert_eq(note_echo(&third, world.session, "third"), SMP_ERR_CLOSED);
    world_settle(&world);
    cr_assert_eq(closed, 0);
    peer.script = peer_ok_without_params;
    world_pass(&world, 10000); /* the first is repeated, and answered */
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(other.error, SMP_OK);
    cr_assert_eq(closed, 1);
    world_pass(&world, 10000);
    cr_assert_eq(closed, 1);
}

static void free_when_closed(struct smp_session *session, void *user)
{
    smp_session_free(session);
    *(struct smp_session **)user = NULL;
}

Test(session, an_idle_session_closes_at_once_and_may_be_freed_there)
{
    cr_assert_eq(smp_session_close(world.session, free_when_closed, &world.session), SMP_OK);
    cr_assert_not_null(world.session, "never from inside the call");
    world_settle(&world);
    cr_assert_null(world.session);
}

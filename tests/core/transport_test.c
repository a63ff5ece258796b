/* SPDX-License-Identifier: Apache-2.0 */
/* Transports of a program's own: what `send` may say, and what follows from it. */
#include "support/hex.h"
#include "support/note.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

/* A link that does as it is told. */
struct wire {
    int next[16]; /* what `send` returns, in order; then SMP_OK */
    size_t calls;
    size_t max_packet;
    size_t stepped;
    size_t sent; /* packets taken */
    uint8_t last[8192];
    size_t last_len;
    unsigned freed;
};

static int wire_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct wire *wire = self;
    (void)peer;
    int code = wire->calls < 16 ? wire->next[wire->calls] : SMP_OK;
    wire->calls++;
    if (code == SMP_OK) {
        memcpy(wire->last, packet, len);
        wire->last_len = len;
        wire->sent++;
    }
    errno = code == SMP_ERR_SYSTEM ? EIO : 0;
    return code;
}

static size_t wire_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct wire *)self)->max_packet;
}

static size_t wire_step_down(void *self, size_t size)
{
    struct wire *wire = self;
    wire->stepped++;
    return size > 200 ? 200 : 0;
}

static void wire_free(void *self)
{
    ((struct wire *)self)->freed++;
}

static struct world world;
static struct wire wire;
static struct smp_transport *transport;
static struct smp_session *session;
static struct note note, other;

static void open_wire(void)
{
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_DATAGRAM,
        .send = wire_send,
        .max_packet = wire_max_packet,
        .step_down = wire_step_down,
        .free = wire_free,
    };
    const struct smp_session_options options = {
        .size = sizeof(options), .no_params = true, .window = 3, .max_packet = 2048};
    cr_assert_eq(world_open(&world, NULL), SMP_OK);
    wire.max_packet = SMP_PACKET_MAX;
    cr_assert_eq(smp_transport_new(world.loop, &ops, &wire, &transport), SMP_OK);
    cr_assert_eq(smp_session_new(transport, &options, &session), SMP_OK);
}

static void close_wire(void)
{
    smp_session_free(session);
    smp_transport_free(transport);
    cr_assert_eq(wire.freed, 1);
    world_close(&world);
}

TestSuite(transport, .init = open_wire, .fini = close_wire);

/* Answers the last packet sent. */
static void answer(void)
{
    uint8_t packet[14];
    memcpy(packet, wire.last, 8);
    packet[0]++;
    packet[2] = 0;
    packet[3] = 6;
    hex_read("a1 61 72 62 6f6b", packet + 8, 6);
    smp_transport_received(transport, NULL, packet, sizeof(packet));
    world_settle(&world);
}

Test(transport, again_waits_for_writable)
{
    wire.next[0] = SMP_ERR_AGAIN;
    cr_assert_eq(note_echo(&note, session, "x"), SMP_OK);
    cr_assert_eq(note_echo(&other, session, "y"), SMP_OK);
    world_pass(&world, 10000);
    cr_assert_eq(wire.calls, 1, "nothing more is tried before the link has room");
    cr_assert_eq(note.calls, 0);
    smp_transport_writable(transport);
    world_settle(&world);
    cr_assert_eq(wire.sent, 2);
    world_pass(&world, 2499);
    cr_assert_eq(wire.sent, 2, "time began when the link took them");
    answer();
    cr_assert_eq(other.error, SMP_OK);
}

Test(transport, a_repeat_waits_for_writable_too)
{
    wire.next[1] = SMP_ERR_AGAIN;
    note_echo(&note, session, "x");
    world_pass(&world, 2500);
    cr_assert_eq(wire.calls, 2);
    cr_assert_eq(wire.sent, 1);
    world_pass(&world, 10000);
    cr_assert_eq(wire.calls, 2);
    smp_transport_writable(transport);
    world_settle(&world);
    cr_assert_eq(wire.sent, 2);
    answer();
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(note.calls, 1);
}

Test(transport, a_link_that_never_has_room_ends_in_the_deadline)
{
    wire.next[0] = SMP_ERR_AGAIN;
    note_echo(&note, session, "x");
    world_pass(&world, 120000);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TIMEOUT);
}

static void check_link_error(int code, int system_error)
{
    wire.next[1] = code;
    note_echo(&note, session, "x");
    cr_assert_eq(note_echo(&other, session, "y"), SMP_OK, "not from inside the call");
    cr_assert_eq(note.calls + other.calls, 0);
    world_settle(&world);
    cr_assert_eq(note.calls, 1, "what is with the device will not be answered either");
    cr_assert_eq(note.error, code);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, code);
    cr_assert_eq(other.system_error, system_error);
    note.calls = 0;
    cr_assert_eq(note_echo(&note, session, "x"), SMP_OK, "the next one tries again");
    world_settle(&world);
    answer();
    cr_assert_eq(note.error, SMP_OK);
}

Test(transport, closed_ends_all)
{
    check_link_error(SMP_ERR_CLOSED, 0);
}
Test(transport, refused_ends_all)
{
    check_link_error(SMP_ERR_REFUSED, 0);
}
Test(transport, a_system_error_ends_all_and_is_kept)
{
    check_link_error(SMP_ERR_SYSTEM, EIO);
}

Test(transport, refused_on_a_repeat_ends_all_at_once)
{
    wire.next[1] = SMP_ERR_REFUSED;
    note_echo(&note, session, "x");
    world_pass(&world, 2500);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_REFUSED);
}

Test(transport, too_large_ends_one)
{
    wire.next[0] = SMP_ERR_TOO_LARGE;
    note_echo(&note, session, "x");
    note_echo(&other, session, "y");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_TOO_LARGE);
    cr_assert_eq(other.calls, 0);
    answer();
    cr_assert_eq(other.error, SMP_OK);
}

Test(transport, the_links_packet_size_may_change)
{
    cr_assert_eq(smp_session_max_packet(session), 2048);
    wire.max_packet = 100;
    cr_assert_eq(smp_session_max_packet(session), 100);
    wire.max_packet = 1000000;
    cr_assert_eq(smp_session_max_packet(session), 2048);
}

static void free_transport(struct note *n, struct smp_session *s, const struct smp_result *result)
{
    (void)n;
    (void)result;
    smp_transport_free(transport);
    cr_expect_eq(note_echo(&other, s, "y"), SMP_ERR_CLOSED);
}

Test(transport, may_be_freed_in_a_callback)
{
    note.then = free_transport;
    note_echo(&note, session, "x");
    world_settle(&world);
    answer();
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(wire.freed, 1);
    transport = NULL;
}

static struct smp_transport *kept;

static void receive_in_callback(struct note *n, struct smp_session *s,
                                const struct smp_result *result)
{
    uint8_t packet[14] = {0x0b, 0, 0, 6, 0, 0, wire.last[6], 0};
    (void)n;
    (void)s;
    (void)result;
    hex_read("a1 61 72 62 6f6b", packet + 8, 6);
    smp_transport_received(kept, NULL, packet, sizeof(packet));
    smp_transport_down(kept, SMP_ERR_CLOSED, 0);
    smp_transport_up(kept);
    smp_transport_writable(kept);
    cr_expect_eq(other.calls, 0, "nothing is handled inside a callback");
}

Test(transport, what_happens_in_a_callback_is_told_after_it)
{
    kept = transport;
    note.then = receive_in_callback;
    note_echo(&note, session, "x");
    smp_session_cancel(session, note.id);
    note_echo(&other, session, "y");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_OK, "its answer came before the link went down");
}

/* What a tap saw. */
static struct {
    unsigned out, in;
    uint8_t packet[64];
    size_t len;
} seen;

static void on_tap(struct smp_transport *tapped, bool sent, const struct smp_peer *peer,
                   const uint8_t *packet, size_t len, void *user)
{
    cr_assert_eq(tapped, transport);
    cr_assert_eq(user, &seen);
    cr_assert_eq(peer->len, 0);
    cr_assert_leq(len, sizeof(seen.packet));
    seen.out += sent;
    seen.in += !sent;
    memcpy(seen.packet, packet, len);
    seen.len = len;
}

Test(transport, a_tap_sees_what_the_link_took_and_what_came)
{
    smp_transport_tap(transport, on_tap, &seen);
    wire.next[0] = SMP_ERR_AGAIN;
    note_echo(&note, session, "x");
    world_settle(&world);
    cr_assert_eq(seen.out, 0, "the link did not take it");
    smp_transport_writable(transport);
    world_settle(&world);
    cr_assert_eq(seen.out, 1);
    cr_assert_arr_eq(seen.packet, wire.last, wire.last_len);
    cr_assert_eq(seen.len, wire.last_len);
    answer();
    cr_assert_eq(note.error, SMP_OK);
    cr_assert_eq(seen.in, 1);
    cr_assert_eq(seen.len, 14);
    answer(); /* nobody waits for it; it came all the same */
    cr_assert_eq(seen.in, 2);
    smp_transport_tap(transport, NULL, NULL);
    note_echo(&other, session, "y");
    world_settle(&world);
    cr_assert_eq(seen.out, 1);
}

/* Sends back what came, whoever sent it. */
static void send_back(struct smp_transport *used, const struct smp_peer *peer,
                      const uint8_t *packet, size_t len, void *user)
{
    ++*(unsigned *)user;
    cr_expect_eq(smp_transport_send(used, peer, packet, len), SMP_OK);
}

Test(transport, a_program_can_use_one_bare)
{
    const uint8_t packet[] = {0x02, 0, 0, 1, 0, 0, 7, 0, 0xa0};
    unsigned came = 0;
    cr_assert_eq(smp_transport_use(transport, send_back, &came), SMP_ERR_BUSY, "a session has it");
    cr_assert_eq(smp_transport_send(transport, NULL, packet, 9), SMP_ERR_INVALID);
    smp_session_free(session);
    session = NULL;
    cr_assert_eq(smp_transport_use(transport, NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_transport_use(transport, send_back, &came), SMP_OK);
    cr_assert_eq(smp_transport_use(transport, send_back, &came), SMP_ERR_BUSY);
    smp_transport_received(transport, NULL, packet, sizeof(packet));
    cr_assert_eq(came, 0, "not outside of a turn");
    world_settle(&world);
    cr_assert_eq(came, 1);
    cr_assert_eq(wire.last_len, sizeof(packet));
    cr_assert_arr_eq(wire.last, packet, sizeof(packet));
    wire.max_packet = 8;
    cr_assert_eq(smp_transport_send(transport, NULL, packet, 9), SMP_ERR_TOO_LARGE);
    cr_assert_eq(smp_transport_send(transport, NULL, packet, 0), SMP_ERR_INVALID);
    smp_transport_down(transport, SMP_ERR_CLOSED, 0);
    cr_assert_eq(smp_transport_send(transport, NULL, packet, 8), SMP_ERR_CLOSED);
    cr_assert_eq(smp_transport_use(transport, NULL, NULL), SMP_OK);
    cr_assert_eq(smp_session_new(transport, NULL, &session), SMP_OK, "it is free again");
}

Test(transport, bad_ops_are_refused)
{
    struct smp_transport *made;
    struct smp_transport_ops ops = {
        .size = sizeof(ops), .send = wire_send, .max_packet = wire_max_packet};
    cr_assert_eq(smp_transport_new(NULL, &ops, NULL, &made), SMP_ERR_INVALID);
    cr_assert_eq(smp_transport_new(world.loop, NULL, NULL, &made), SMP_ERR_INVALID);
    ops.send = NULL;
    cr_assert_eq(smp_transport_new(world.loop, &ops, NULL, &made), SMP_ERR_INVALID);
    ops.send = wire_send;
    ops.max_packet = NULL;
    cr_assert_eq(smp_transport_new(world.loop, &ops, NULL, &made), SMP_ERR_INVALID);
    ops.max_packet = wire_max_packet;
    ops.size = 8;
    cr_assert_eq(smp_transport_new(world.loop, &ops, NULL, &made), SMP_ERR_INVALID);
    ops.size = offsetof(struct smp_transport_ops, step_down); /* the optional ones left out */
    cr_assert_eq(smp_transport_new(world.loop, &ops, NULL, &made), SMP_OK);
    smp_transport_free(made);
    smp_transport_free(NULL);
}

/* ---- a link that can be opened again ---- */

static struct smp_transport *port;

static int port_reopen(void *self)
{
    unsigned *tries = self;
    if (++*tries < 3) {
        errno = ENOENT;
        return SMP_ERR_SYSTEM;
    }
    smp_transport_up(port);
    return SMP_OK;
}

Test(transport, is_opened_again_by_its_own_means)
{
    const struct smp_transport_ops ops = {.size = sizeof(ops),
                                          .send = wire_send,
                                          .max_packet = wire_max_packet,
                                          .reopen = port_reopen};
    unsigned tries = 0;
    cr_assert_eq(smp_transport_new(world.loop, &ops, &tries, &port), SMP_OK);
    cr_expect_eq(smp_transport_reopen(port), SMP_OK, "it is up");
    cr_expect_eq(tries, 0, "so nobody is troubled");
    smp_transport_down(port, SMP_ERR_CLOSED, 0);
    cr_expect_eq(smp_transport_reopen(port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, ENOENT);
    cr_expect_eq(smp_transport_reopen(port), SMP_ERR_SYSTEM);
    cr_expect_eq(smp_transport_reopen(port), SMP_OK);
    cr_expect_eq(smp_transport_reopen(port), SMP_OK);
    cr_expect_eq(tries, 3);
    smp_transport_free(port);
    cr_expect_eq(smp_transport_reopen(NULL), SMP_ERR_INVALID);
}

Test(transport, may_not_know_how_to_open_again)
{
    smp_transport_down(transport, SMP_ERR_CLOSED, 0);
    cr_expect_eq(smp_transport_reopen(transport), SMP_ERR_UNSUPPORTED);
    smp_transport_up(transport);
    cr_expect_eq(smp_transport_reopen(transport), SMP_OK);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Stands where a session or server would, and remembers what a transport told it. */
#ifndef TESTS_TRANSPORTS_CATCHER_H
#define TESTS_TRANSPORTS_CATCHER_H

#include "core/transport.h"

#include <smp/header.h>
#include <smp/loopback.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { CAUGHT_MAX = 20000, CAUGHT_BYTES = 16 };

struct caught {
    size_t len;
    uint64_t when;
    struct smp_peer peer;
    uint8_t head[CAUGHT_BYTES];
};

struct catcher {
    struct smp_loop *loop;
    struct smp_transport *transport;
    size_t count;
    unsigned ups, downs, writables;
    int reason;
    int system_error;
    bool echo;                    /* sends each packet back */
    struct smp_transport *victim; /* freed when the next packet comes */
    struct caught caught[CAUGHT_MAX];
};

static inline void catch_received(void *user, struct smp_transport *transport,
                                  const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct catcher *c = user;
    cr_assert_lt(c->count, (size_t)CAUGHT_MAX);
    struct caught *caught = &c->caught[c->count++];
    caught->len = len;
    caught->when = c->loop->now;
    if (peer != NULL) {
        caught->peer = *peer;
    }
    memcpy(caught->head, packet, len < CAUGHT_BYTES ? len : CAUGHT_BYTES);
    if (c->echo) {
        cr_expect_eq(smpi_transport_send(transport, peer, packet, len), SMP_OK);
    }
    if (c->victim != NULL) {
        struct smp_transport *victim = c->victim;
        c->victim = NULL;
        smp_transport_free(victim);
    }
}

static inline void catch_writable(void *user, struct smp_transport *transport)
{
    (void)transport;
    ((struct catcher *)user)->writables++;
}

static inline void catch_up(void *user, struct smp_transport *transport)
{
    (void)transport;
    ((struct catcher *)user)->ups++;
}

static inline void catch_down(void *user, struct smp_transport *transport, int reason,
                              int system_error)
{
    struct catcher *c = user;
    (void)transport;
    c->downs++;
    c->reason = reason;
    c->system_error = system_error;
}

static inline struct catcher *catcher_new(struct smp_transport *transport)
{
    static const struct smpi_sink sink = {
        .received = catch_received,
        .writable = catch_writable,
        .up = catch_up,
        .down = catch_down,
    };
    struct catcher *c = calloc(1, sizeof(*c));
    cr_assert_not_null(c);
    c->transport = transport;
    c->loop = smp_transport_loop(transport);
    cr_assert_eq(smpi_transport_attach(transport, &sink, c), SMP_OK);
    return c;
}

/* Sends one packet that begins with a number. */
static inline int send_number(struct smp_transport *transport, uint32_t number, size_t len)
{
    static uint8_t packet[SMP_PACKET_MAX + 100];
    memset(packet, 0xa5, len);
    memcpy(packet, &number, sizeof(number) < len ? sizeof(number) : len);
    return smpi_transport_send(transport, NULL, packet, len);
}

static inline uint32_t caught_number(const struct catcher *c, size_t i)
{
    uint32_t number;
    memcpy(&number, c->caught[i].head, sizeof(number));
    return number;
}

/* An allocator that says no once its number is up. */
struct stingy {
    size_t left;
    size_t owed; /* blocks not given back */
};

static inline void *stingy_alloc(size_t bytes, void *user)
{
    struct stingy *s = user;
    if (s->left == 0) {
        return NULL;
    }
    s->left--;
    s->owed++;
    return calloc(1, bytes);
}

static inline void stingy_free(void *memory, void *user)
{
    ((struct stingy *)user)->owed--;
    free(memory);
}

/*
 * Lets `make` run out of memory at each of its allocations in turn.  It returns an
 * error, and then nothing of it may be left, or frees what it made and returns SMP_OK.
 */
static inline void expect_no_leak_without_memory(int (*make)(struct smp_loop *loop))
{
    for (size_t n = 0;; n++) {
        cr_assert_lt(n, (size_t)100);
        struct stingy stingy = {.left = SIZE_MAX};
        const struct smp_allocator allocator = {stingy_alloc, stingy_free, &stingy};
        const struct smp_loop_options options = {.size = sizeof(options), .allocator = &allocator};
        struct smp_loop *loop;
        cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
        size_t before = stingy.owed;
        size_t pool = loop->pool.wanted[1];
        stingy.left = n;
        int error = make(loop);
        stingy.left = SIZE_MAX;
        cr_expect(error == SMP_OK || error == SMP_ERR_NO_MEMORY, "error %d", error);
        cr_expect_eq(loop->timers.made, 0);
        cr_expect_eq(loop->pool.wanted[1], pool);
        cr_expect_leq(stingy.owed, before + 6,
                      "only the pool and the heap of timers may have grown");
        smp_loop_free(loop);
        cr_expect_eq(stingy.owed, 0);
        if (error == SMP_OK) {
            cr_expect_gt(n, (size_t)0);
            return;
        }
    }
}

/* A loop on a fake clock. */
struct fake {
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
};

static inline struct fake fake_new(void)
{
    struct fake fake;
    cr_assert_eq(smp_fake_clock_new(&fake.clock), SMP_OK);
    const struct smp_loop_options options = {
        .size = sizeof(options),
        .clock = smp_fake_clock_get(fake.clock),
    };
    cr_assert_eq(smp_loop_new(&options, &fake.loop), SMP_OK);
    return fake;
}

static inline void fake_free(struct fake *fake)
{
    smp_loop_free(fake->loop);
    smp_fake_clock_free(fake->clock);
}

/* Turns until nothing is left to do now. */
static inline void settle(struct smp_loop *loop)
{
    for (int i = 0; smp_loop_process(loop) == 1; i++) {
        cr_assert_lt(i, 100000, "the loop never comes to rest");
    }
}

#endif

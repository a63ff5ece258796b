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

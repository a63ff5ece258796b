/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bridge: clients on some transports share one device on another.
 *
 * A request keeps who asked and its sequence number; the session to the device gives it one of its
 * own, holds it back while the device's buffers are full, and finds its answer.  Payloads pass as
 * they are, in the client's version of the protocol.  Only the parameters are answered with what
 * passes through the bridge.
 */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <smp/smp.h>

enum { BRIDGE_LISTEN_MAX = 8, BRIDGE_PENDING_MAX = 64 };

/* Lines for people; `detail`: of less interest. */
typedef void bridge_say(bool detail, const char *text);

struct bridge_options {
    uint32_t timeout_ms; /* how long an answer is waited for */
    uint32_t each;       /* requests of one client that may wait or be with the device */
    bridge_say *say;
};

struct bridge;

/* A request on its way. */
struct pending {
    struct bridge *bridge;
    struct smp_transport *from; /* NULL: this place is free */
    struct smp_peer peer;
    struct smp_header header; /* the client's */
    smp_id id;
    unsigned copies; /* whose end is still to come: the client repeated it */
    uint64_t since;
};

struct bridge {
    struct bridge_options options;
    struct smp_loop *loop;
    struct smp_transport *device;
    struct smp_session *session;
    struct smp_timer *timer; /* opens a lost link again */
    struct smp_timer *reset; /* runs while the device resets */
    struct smp_transport *listen[BRIDGE_LISTEN_MAX];
    size_t n_listen;
    bool down;
    bool asked; /* the session knows the device's parameters, or that it has none */
    struct pending pending[BRIDGE_PENDING_MAX];
    struct {
        uint64_t requests, answers, repeated, refused, dropped;
    } count;
};

/* Starts a session on `device`; the transports must outlive the bridge. */
int bridge_open(struct bridge *bridge, struct smp_transport *device,
                const struct bridge_options *options, uint32_t max_packet);
/* Takes clients from one more transport. */
int bridge_listen(struct bridge *bridge, struct smp_transport *transport);
void bridge_close(struct bridge *bridge);

#endif

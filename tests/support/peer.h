/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device written by hand: it records each packet it gets and answers with the
 * bytes a test gives it, right or wrong.
 */
#ifndef TESTS_SUPPORT_PEER_H
#define TESTS_SUPPORT_PEER_H

#include "support/world.h"

struct peer;

/* One packet as it came. */
struct peer_packet {
    struct smp_header header;
    uint64_t at; /* world_now(), ms */
    size_t len;  /* of the payload there really was */
    uint8_t payload[4096];
};

/* Called for each packet, after it was recorded. */
typedef void peer_script(struct peer *peer, const struct peer_packet *packet);

struct peer {
    struct world *world;
    struct smp_transport *transport;
    peer_script *script; /* NULL: only record */
    void *user;
    struct peer_packet *packets;
    size_t n;
};

/* Takes the world's far transport, or any other. */
void peer_open(struct peer *peer, struct world *world);
void peer_open_on(struct peer *peer, struct world *world, struct smp_transport *transport);
void peer_close(struct peer *peer);

/* Sends any bytes. */
void peer_send(struct peer *peer, const uint8_t *bytes, size_t len);
void peer_send_hex(struct peer *peer, const char *hex);

/* Sends a payload under any header; its length is filled in. */
void peer_send_as(struct peer *peer, struct smp_header header, const char *payload_hex);

/* Answers a request as a device would: op + 1, all else as asked. */
void peer_answer(struct peer *peer, const struct peer_packet *request, const char *payload_hex);

/* Scripts: {} to everything; {"r": "ok"} to everything; rc 8 to parameters, {"r": "ok"} else. */
void peer_empty(struct peer *peer, const struct peer_packet *packet);
void peer_ok(struct peer *peer, const struct peer_packet *packet);
void peer_ok_without_params(struct peer *peer, const struct peer_packet *packet);

#define ECHO_OK "a1 61 72 62 6f6b" /* {"r": "ok"} */
#define RC_8 "bf 62 7263 08 ff"    /* {_ "rc": 8} */

/* Whether a packet asks for the device's parameters. */
bool peer_is_params(const struct peer_packet *packet);

#endif

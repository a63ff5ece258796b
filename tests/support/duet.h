/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session and a server of this library on the two ends of a link in memory:
 * what a typed call sends is decoded by the same tables, and answered.
 */
#ifndef TESTS_SUPPORT_DUET_H
#define TESTS_SUPPORT_DUET_H

#include "support/world.h"

#define STR(literal)                                                                               \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

struct duet {
    struct world world;
    struct smp_session *session;
    struct smp_server *server;
    smp_id id;          /* for the call under way */
    const void *answer; /* what the server replies; NULL: nothing in it */
    uint16_t rc;        /* when not 0: what it refuses with */
    char request[1024]; /* the payload it was asked with, in hex */
    unsigned asked;     /* how often */
};

/* `v1` speaks SMP v1.  `options` may be NULL. */
void duet_open(struct duet *duet, const struct smp_server_options *options, bool v1);
void duet_close(struct duet *duet);

/* Serves one command; the answer must outlive the duet. */
void duet_serve(struct duet *duet, uint16_t group, uint8_t id, uint8_t op, const void *answer);

/* Waits for the call whose id is in duet->id. */
const struct smp_result *duet_result(struct duet *duet);

/*
 * The same for a call that succeeded, was asked once, and with this payload in hex.  Returns the
 * answer's struct; prints and aborts when it is otherwise.
 */
const void *duet_answer(struct duet *duet, const char *request_hex);

/* One code of a group, as protocol and Zephyr have it. */
struct duet_code {
    uint16_t rc;
    int v1;
    const char *name;
};

/*
 * Refuses a command with each code, in both versions, and sees that the client is told code and
 * name; then that the table has no others.  `request` may be NULL.
 */
void duet_codes(uint16_t group, uint8_t id, uint8_t op, const void *request,
                const struct duet_code *codes, size_t n_codes);

#endif

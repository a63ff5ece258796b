/* SPDX-License-Identifier: Apache-2.0 */
/* A session, and a device whose every word the test writes itself. */
#ifndef TESTS_CORE_DIALOGUE_H
#define TESTS_CORE_DIALOGUE_H

#include "support/note.h"
#include "support/peer.h"

#include <criterion/criterion.h>

static struct world world;
static struct peer peer;
static struct note note;

static inline void open_with(const struct smp_session_options *options)
{
    cr_assert_eq(world_open(&world, options), SMP_OK);
    peer_open(&peer, &world);
}

static inline void open_world(void)
{
    open_with(NULL);
}

static inline void close_world(void)
{
    peer_close(&peer);
    world_close(&world);
}

static inline struct smp_session_stats stats(void)
{
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(world.session, &stats);
    return stats;
}

/* For note.then: frees the session, which completes the notes that follow. */
static inline void free_session(struct note *n, struct smp_session *session,
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

#endif

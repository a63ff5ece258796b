/* SPDX-License-Identifier: Apache-2.0 */
/* A loop on a fake clock, and what its timers and descriptors note. */
#ifndef TESTS_CORE_TURNING_H
#define TESTS_CORE_TURNING_H

#include "support/note.h"
#include "support/peer.h"

#include <criterion/criterion.h>

#include <string.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static struct world world;

static inline void open_world(void)
{
    cr_assert_eq(world_open(&world, NULL), SMP_OK);
}

static inline void close_world(void)
{
    world_close(&world);
}

static char fired[32];

static inline void note_fired(void *user)
{
    strcat(fired, user);
}

static inline struct smp_timer *timer_for(const char *name, uint64_t ns)
{
    struct smp_timer *timer;
    cr_assert_eq(smp_timer_new(world.loop, note_fired, (void *)(uintptr_t)name, &timer), SMP_OK);
    smp_timer_start(timer, ns);
    return timer;
}

static unsigned readable;

static inline void on_readable(int fd, unsigned events, void *user)
{
    char byte;
    cr_assert_eq(events, SMP_WATCH_READ);
    cr_assert_eq(read(fd, &byte, 1), 1);
    readable++;
    if (user != NULL) {
        smp_watch_free(*(struct smp_watch **)user);
    }
}

#endif

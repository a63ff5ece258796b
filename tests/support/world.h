/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop on a fake clock with a counting allocator, two joined transports, and a
 * session on the near one: what most tests of the core begin with.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include <smp/smp.h>

#include <stdio.h>
#include <stdlib.h>

/* Counts what the library allocates, and refuses when told. */
struct heap {
    size_t live;      /* blocks not freed yet */
    uint64_t count;   /* blocks ever asked for */
    uint64_t fail_at; /* the ask that is refused, 1 is the first; 0: none is */
};

struct world {
    struct heap heap;
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *near;
    struct smp_transport *far;
    struct smp_session *session;
    smp_log_callback *log; /* set before world_open() */
    void *log_user;
    size_t max_packet;        /* of the transports; 0: any */
    struct smp_faults faults; /* of the near one; size 0: none */
};

struct smp_allocator heap_allocator(struct heap *heap);

/* Makes it all.  On error all that was made is left for world_close().  `options` may be NULL. */
int world_open(struct world *world, const struct smp_session_options *options);

/* Frees what there still is, and prints and aborts when the library leaked. */
void world_close(struct world *world);

/* Processes until nothing is due, without time passing. */
void world_settle(struct world *world);

/* Lets time pass, and processes all that becomes due. */
void world_pass(struct world *world, uint64_t ms);

/* Milliseconds since the fake clock started. */
uint64_t world_now(const struct world *world);

/* Stops the program with a message: for helpers, which know no test framework. */
#define WORLD_MUST(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif

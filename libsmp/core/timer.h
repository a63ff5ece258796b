/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: a binary heap.  The array grows when a timer is made, never when it is started. */
#ifndef SMPI_CORE_TIMER_H
#define SMPI_CORE_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smp_loop;

struct smpi_timer {
    uint64_t due;   /* ns */
    uint64_t order; /* of starting: the first started fires first */
    size_t place;   /* 1-based in the heap; 0: not running */
    void (*fire)(struct smpi_timer *timer);
};

struct smpi_timers {
    struct smpi_timer **heap; /* heap[0] is unused */
    size_t count;
    size_t capacity;
    size_t made;    /* timers that exist */
    uint64_t order; /* of the last one started */
};

/* Each timer is made once (room in the heap) and unmade once. */
int smpi_timer_make(struct smp_loop *loop, struct smpi_timer *timer,
                    void (*fire)(struct smpi_timer *timer));
void smpi_timer_unmake(struct smp_loop *loop, struct smpi_timer *timer);

/* Starts, or moves a running one. */
void smpi_timer_set(struct smp_loop *loop, struct smpi_timer *timer, uint64_t due);
void smpi_timer_cancel(struct smp_loop *loop, struct smpi_timer *timer);

/* SMPI_NEVER when none runs. */
uint64_t smpi_timers_next(const struct smpi_timers *timers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/timer.h"

#include "core/loop.h"

#include <string.h>

static void place(struct smpi_timers *timers, size_t i, struct smpi_timer *timer)
{
    timers->heap[i] = timer;
    timer->place = i;
}

static bool before(const struct smpi_timer *a, const struct smpi_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void sift_up(struct smpi_timers *timers, size_t i, struct smpi_timer *timer)
{
    while (i > 1 && before(timer, timers->heap[i / 2])) {
        place(timers, i, timers->heap[i / 2]);
        i /= 2;
    }
    place(timers, i, timer);
}

static void sift_down(struct smpi_timers *timers, size_t i, struct smpi_timer *timer)
{
    for (;;) {
        size_t child = 2 * i;
        if (child > timers->count) {
            break;
        }
        if (child < timers->count && before(timers->heap[child + 1], timers->heap[child])) {
            child++;
        }
        if (before(timer, timers->heap[child])) {
            break;
        }
        place(timers, i, timers->heap[child]);
        i = child;
    }
    place(timers, i, timer);
}

int smpi_timer_make(struct smp_loop *loop, struct smpi_timer *timer,
                    void (*fire)(struct smpi_timer *timer))
{
    struct smpi_timers *timers = &loop->timers;
    timer->due = SMPI_NEVER;
    timer->place = 0;
    timer->fire = fire;
    if (timers->made + 1 >= timers->capacity) {
        size_t capacity = timers->capacity == 0 ? 16 : timers->capacity * 2;
        struct smpi_timer **heap = smpi_alloc(loop, capacity * sizeof(struct smpi_timer *));
        if (heap == NULL) {
            return SMP_ERR_NO_MEMORY;
        }
        if (timers->heap != NULL) {
            memcpy(heap, timers->heap, (timers->count + 1) * sizeof(struct smpi_timer *));
            smpi_free(loop, timers->heap);
        }
        timers->heap = heap;
        timers->capacity = capacity;
    }
    timers->made++;
    return SMP_OK;
}

void smpi_timer_unmake(struct smp_loop *loop, struct smpi_timer *timer)
{
    smpi_timer_cancel(loop, timer);
    loop->timers.made--;
}

void smpi_timer_set(struct smp_loop *loop, struct smpi_timer *timer, uint64_t due)
{
    struct smpi_timers *timers = &loop->timers;
    bool up = timer->place == 0 || due < timer->due;
    timer->due = due;
    timer->order = ++timers->order;
    if (up) {
        sift_up(timers, timer->place == 0 ? ++timers->count : timer->place, timer);
    } else {
        sift_down(timers, timer->place, timer);
    }
    /* Outside a turn nobody else tells the descriptor that it is due earlier now. */
    if (!smpi_loop_attended(loop) && loop->platform != NULL && timers->heap[1] == timer) {
        loop->ops->arm(loop->platform, due);
    }
}

void smpi_timer_cancel(struct smp_loop *loop, struct smpi_timer *timer)
{
    struct smpi_timers *timers = &loop->timers;
    size_t i = timer->place;
    if (i == 0) {
        return;
    }
    struct smpi_timer *last = timers->heap[timers->count--];
    timer->place = 0;
    if (last != timer) {
        if (i > 1 && before(last, timers->heap[i / 2])) {
            sift_up(timers, i, last);
        } else {
            sift_down(timers, i, last);
        }
    }
}

uint64_t smpi_timers_next(const struct smpi_timers *timers)
{
    return timers->count == 0 ? SMPI_NEVER : timers->heap[1]->due;
}

/* ---- the public timer ---- */

struct smp_timer {
    struct smpi_timer timer; /* first: the two share an address */
    struct smp_loop *loop;
    smp_timer_callback *callback;
    void *user;
    struct smpi_corpse corpse;
};

static void fire_public(struct smpi_timer *timer)
{
    struct smp_timer *public_timer = SMPI_OF(timer, struct smp_timer, timer);
    struct smp_loop *loop = public_timer->loop;
    smpi_enter_user(loop);
    public_timer->callback(public_timer->user);
    smpi_leave_user(loop);
}

int smp_timer_new(struct smp_loop *loop, smp_timer_callback *callback, void *user,
                  struct smp_timer **timer)
{
    if (loop == NULL || callback == NULL || timer == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_timer *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL || smpi_timer_make(loop, &made->timer, fire_public) != SMP_OK) {
        smpi_free(loop, made);
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    made->callback = callback;
    made->user = user;
    *timer = made;
    return SMP_OK;
}

void smp_timer_start(struct smp_timer *timer, uint64_t ns)
{
    if (smpi_loop_enter(timer->loop) == SMP_OK) {
        uint64_t now = timer->loop->now;
        smpi_timer_set(timer->loop, &timer->timer, ns < SMPI_NEVER - now ? now + ns : SMPI_NEVER);
    }
}

void smp_timer_stop(struct smp_timer *timer)
{
    smpi_timer_cancel(timer->loop, &timer->timer);
}

void smp_timer_free(struct smp_timer *timer)
{
    if (timer != NULL) {
        smpi_timer_unmake(timer->loop, &timer->timer);
        smpi_bury(timer->loop, &timer->corpse, smpi_free, timer);
    }
}

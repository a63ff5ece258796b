/* SPDX-License-Identifier: Apache-2.0 */
#include "core/loop.h"

#include "core/custom.h"

#include <smp/message.h>

#include <stdlib.h>
#include <string.h>

/* Work done in one turn before it says "call again". */
enum { BUDGET = 256 };

enum { DEFAULT_REQUESTS = 64, DEFAULT_ARENA = 65536 };

static void *default_alloc(size_t bytes, void *user)
{
    (void)user;
    return calloc(1, bytes);
}

static void default_free(void *memory, void *user)
{
    (void)user;
    free(memory);
}

void *smpi_alloc(struct smp_loop *loop, size_t bytes)
{
    return loop->allocator.alloc(bytes, loop->allocator.user);
}

void smpi_free(struct smp_loop *loop, void *memory)
{
    if (memory != NULL) {
        loop->allocator.free(memory, loop->allocator.user);
    }
}

/* ---- making and freeing ---- */

static void loop_destroy(struct smp_loop *loop)
{
    smpi_bury_all(loop);
    if (loop->platform != NULL) {
        loop->ops->close(loop->platform);
    }
    smpi_pool_close(loop);
    smpi_free(loop, loop->timers.heap);
    smpi_free(loop, loop->arena.base);
    smpi_free(loop, loop->scratch);
    smpi_keep_close(loop);
    struct smp_allocator allocator = loop->allocator;
    allocator.free(loop, allocator.user);
}

/* Copies the options the caller's struct is long enough to have. */
static struct smp_loop_options own_options(const struct smp_loop_options *options)
{
    struct smp_loop_options own = {.size = sizeof(own)};
    if (options != NULL) {
        memcpy(&own, options, options->size < sizeof(own) ? options->size : sizeof(own));
    }
    return own;
}

static int reserve_memory(struct smp_loop *loop, const struct smp_loop_options *options)
{
    loop->arena.size = options->arena != 0 ? options->arena : DEFAULT_ARENA;
    loop->arena.base = smpi_alloc(loop, loop->arena.size);
    loop->scratch = smpi_alloc(loop, SMP_PACKET_MAX + 1);
    if (loop->arena.base == NULL || loop->scratch == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    uint32_t requests = options->requests != 0 ? options->requests : DEFAULT_REQUESTS;
    int error = smpi_pool_reserve(loop, SMPI_BLOCK_SMALL, requests);
    error = error == SMP_OK ? smpi_pool_reserve(loop, SMPI_BLOCK_PACKET, 8) : error;
    error = error == SMP_OK ? smpi_pool_reserve(loop, SMPI_BLOCK_LARGE, 2) : error;
    return error == SMP_OK ? smpi_pool_reserve(loop, SMPI_BLOCK_MAX, 2) : error;
}

static int loop_open(struct smp_loop *loop)
{
    loop->ops = smpi_platform_default();
    loop->process = loop->ops->process();
    loop->random = loop->ops->random();
    if (!loop->own_clock) {
        int error = loop->ops->open(loop, &loop->platform);
        if (error != SMP_OK) {
            return error;
        }
    }
    return smpi_loop_enter(loop);
}

int smpi_loop_make(const struct smp_loop_options *options, const struct smpi_registry *registry,
                   const struct smpi_probe *probe, struct smp_loop **loop)
{
    if (loop == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop_options own = own_options(options);
    struct smp_allocator allocator = {.alloc = default_alloc, .free = default_free};
    if (own.allocator != NULL) {
        allocator = *own.allocator;
    }
    struct smp_loop *made = allocator.alloc(sizeof(*made), allocator.user);
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->allocator = allocator;
    made->registry = *registry;
    made->probe = probe;
    made->log = own.log;
    made->log_user = own.log_user;
    made->log_level = own.log_level;
    if (own.clock != NULL) {
        made->clock = *own.clock;
        made->own_clock = true;
    }
    smpi_list_init(&made->tasks);
    int error = reserve_memory(made, &own);
    error = error == SMP_OK ? loop_open(made) : error;
    if (error != SMP_OK) {
        loop_destroy(made);
        return error;
    }
    *loop = made;
    return SMP_OK;
}

void smp_loop_free(struct smp_loop *loop)
{
    if (loop == NULL) {
        return;
    }
    if (loop->held > 0 || loop->depth > 0) {
        loop->free_later = true;
        loop->stop = true;
        return;
    }
    loop_destroy(loop);
}

bool smpi_loop_forked(const struct smp_loop *loop)
{
    return loop->process != loop->ops->process();
}

int smpi_loop_enter(struct smp_loop *loop)
{
    if (loop->turning && loop->depth == 0) {
        return SMP_OK; /* the turn keeps the time, and checked the process */
    }
    if (!loop->promised && smpi_loop_forked(loop)) { /* maybe in a callback */
        return SMP_ERR_FORKED;
    }
    if (loop->turning) {
        return SMP_OK;
    }
    loop->now = loop->own_clock ? loop->clock.now(loop->clock.user) : loop->ops->now();
    return SMP_OK;
}

uint64_t smp_loop_now(const struct smp_loop *loop)
{
    return loop->now;
}

/* splitmix64 */
uint64_t smpi_random(struct smp_loop *loop)
{
    uint64_t z = (loop->random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* ---- the turn ---- */

void smpi_loop_hold(struct smp_loop *loop)
{
    loop->held++;
}

bool smpi_loop_release(struct smp_loop *loop)
{
    if (--loop->held > 0) {
        return true;
    }
    smpi_bury_all(loop);
    if (loop->free_later) {
        loop_destroy(loop);
        return false;
    }
    return true;
}

/* Fires what is due, at most `budget`; the rest stays due. */
static int fire_timers(struct smp_loop *loop, int budget)
{
    while (budget > 0 && smpi_timers_next(&loop->timers) <= loop->now && !loop->wait.done) {
        struct smpi_timer *timer = loop->timers.heap[1];
        smpi_timer_cancel(loop, timer);
        timer->fire(timer);
        budget--;
    }
    return budget;
}

/* Runs the tasks there are now; those they schedule wait for the next turn. */
static void run_tasks(struct smp_loop *loop)
{
    struct smpi_list now;
    if (smpi_list_empty(&loop->tasks)) {
        return;
    }
    now = loop->tasks;
    now.next->previous = &now;
    now.previous->next = &now;
    smpi_list_init(&loop->tasks);
    while (!smpi_list_empty(&now)) {
        struct smpi_task *task = SMPI_OF(now.next, struct smpi_task, node);
        smpi_list_remove(&task->node);
        if (loop->wait.done) {
            smpi_list_add(&loop->tasks, &task->node);
        } else {
            task->run(task);
        }
    }
}

static bool is_due(const struct smp_loop *loop)
{
    return !smpi_list_empty(&loop->tasks) || smpi_timers_next(&loop->timers) <= loop->now;
}

bool smpi_loop_is_dry(const struct smp_loop *loop)
{
    return (loop->own_clock || loop->users == 0) && loop->timers.count == 0 &&
           smpi_list_empty(&loop->tasks);
}

/* Lets time pass until something may be due.  Returns what the platform collected. */
static int collect(struct smp_loop *loop, uint64_t until)
{
    uint64_t next = smpi_timers_next(&loop->timers);
    if (is_due(loop)) {
        until = 0;
    } else if (next < until) {
        until = next;
    }
    if (loop->own_clock) {
        if (until > loop->now && until != SMPI_NEVER && loop->clock.sleep != NULL) {
            loop->clock.sleep(until, loop->clock.user);
        }
        loop->now = loop->clock.now(loop->clock.user);
        return 0;
    }
    int events = loop->ops->poll(loop->platform, until, BUDGET);
    loop->now = loop->ops->now();
    return events;
}

int smpi_loop_may_turn(struct smp_loop *loop)
{
    return loop->turning || loop->depth > 0 ? SMP_ERR_REENTRANT : smpi_loop_enter(loop);
}

int smpi_loop_turn(struct smp_loop *loop, uint64_t until)
{
    int error = smpi_loop_may_turn(loop);
    if (error != SMP_OK) {
        return error;
    }
    loop->turning = true;
    loop->promised = false;
    smpi_loop_hold(loop);
    int events = collect(loop, until);
    int budget = fire_timers(loop, BUDGET);
    run_tasks(loop);
    loop->turning = false;
    if (!smpi_loop_release(loop)) {
        return SMP_ERR_CLOSED;
    }
    if (events < 0) {
        return events;
    }
    bool more = is_due(loop) || events >= BUDGET || budget == 0;
    if (loop->platform != NULL) {
        loop->ops->arm(loop->platform, more ? loop->now : smpi_timers_next(&loop->timers));
    }
    return more ? 1 : 0;
}

int smp_loop_process(struct smp_loop *loop)
{
    return smpi_loop_turn(loop, 0);
}

int smp_loop_turn(struct smp_loop *loop, int timeout_ms)
{
    if (timeout_ms < 0) {
        return smpi_loop_turn(loop, SMPI_NEVER);
    }
    int error = smpi_loop_may_turn(loop);
    return error != SMP_OK ? error
                           : smpi_loop_turn(loop, loop->now + (uint64_t)timeout_ms * SMPI_MS);
}

int smp_loop_run(struct smp_loop *loop)
{
    int error = smpi_loop_may_turn(loop);
    if (error != SMP_OK) {
        return error;
    }
    while (!loop->stop && !smpi_loop_is_dry(loop)) {
        error = smpi_loop_turn(loop, SMPI_NEVER);
        if (error < 0) {
            return error == SMP_ERR_CLOSED ? SMP_OK : error; /* CLOSED: the loop is gone */
        }
    }
    loop->stop = false;
    return SMP_OK;
}

int smp_loop_timeout(struct smp_loop *loop)
{
    if (smpi_loop_enter(loop) != SMP_OK || is_due(loop)) {
        return 0;
    }
    uint64_t next = smpi_timers_next(&loop->timers);
    if (next == SMPI_NEVER) {
        return -1;
    }
    uint64_t ms = (next - loop->now + SMPI_MS - 1) / SMPI_MS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

int smp_loop_promise(struct smp_loop *loop)
{
    int error = smpi_loop_enter(loop);
    loop->promised = error == SMP_OK && !loop->turning;
    return error;
}

void smp_loop_stop(struct smp_loop *loop)
{
    loop->stop = true;
    smp_loop_wake(loop);
}

void smp_loop_wake(struct smp_loop *loop)
{
    /* A forked child shares the descriptor, and would wake its parent. */
    if (loop->platform != NULL && !smpi_loop_forked(loop)) {
        loop->ops->wake(loop->platform);
    }
}

int smp_loop_fd(const struct smp_loop *loop)
{
    return loop->platform == NULL ? SMP_ERR_UNSUPPORTED : loop->ops->fd(loop->platform);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/world.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define START_MS UINT64_C(1000) /* where the fake clock starts */

static void *heap_alloc(size_t bytes, void *user)
{
    struct heap *heap = user;
    if (++heap->count == heap->fail_at) {
        return NULL;
    }
    void *memory = calloc(1, bytes);
    heap->live += memory != NULL;
    return memory;
}

static void heap_free(void *memory, void *user)
{
    struct heap *heap = user;
    WORLD_MUST(memory != NULL && heap->live > 0);
    heap->live--;
    free(memory);
}

struct smp_allocator heap_allocator(struct heap *heap)
{
    return (struct smp_allocator){.alloc = heap_alloc, .free = heap_free, .user = heap};
}

int world_open(struct world *world, const struct smp_session_options *options)
{
    const struct smp_allocator allocator = heap_allocator(&world->heap);
    WORLD_MUST(smp_fake_clock_new(&world->clock) == SMP_OK);
    const struct smp_loop_options loop_options = {
        .size = sizeof(loop_options),
        .allocator = &allocator,
        .clock = smp_fake_clock_get(world->clock),
        .log = world->log,
        .log_user = world->log_user,
        .log_level = world->log == NULL ? SMP_LOG_CRITICAL : SMP_LOG_DEBUG,
    };
    int error = smp_loop_new(&loop_options, &world->loop);
    if (error == SMP_OK) {
        error = smp_loopback_new(world->loop, world->max_packet, &world->near, &world->far);
    }
    if (error == SMP_OK && world->faults.size != 0) {
        struct smp_transport *inner = world->near;
        error = smp_faulty_new(inner, &world->faults, &world->near);
    }
    return error == SMP_OK ? smp_session_new(world->near, options, &world->session) : error;
}

void world_close(struct world *world)
{
    smp_session_free(world->session);
    smp_transport_free(world->near);
    smp_transport_free(world->far);
    smp_loop_free(world->loop);
    smp_fake_clock_free(world->clock);
    WORLD_MUST(world->heap.live == 0);
    memset(world, 0, sizeof(*world));
}

void world_settle(struct world *world)
{
    int more = 1;
    for (unsigned turns = 0; more == 1; turns++) {
        WORLD_MUST(turns < 100000); /* something never comes to rest */
        more = smp_loop_process(world->loop);
    }
    WORLD_MUST(more == 0);
}

void world_pass(struct world *world, uint64_t ms)
{
    world_settle(world);
    while (ms > 0) {
        int due = smp_loop_timeout(world->loop);
        uint64_t step = due < 0 || (uint64_t)due > ms ? ms : (uint64_t)due;
        smp_fake_clock_advance(world->clock, step * MS);
        world_settle(world);
        ms -= step;
    }
}

uint64_t world_now(const struct world *world)
{
    const struct smp_clock *clock = smp_fake_clock_get(world->clock);
    return clock->now(clock->user) / MS - START_MS;
}

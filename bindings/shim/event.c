/* SPDX-License-Identifier: Apache-2.0 */
/* The queue, and what events own. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static size_t round_up(size_t bytes)
{
    const size_t mask = _Alignof(max_align_t) - 1;

    return (bytes + mask) & ~mask;
}

static void release_plain(struct event *event)
{
    free(event->memory);
    free(event);
}

struct event *shimi_event_new(enum shim_event_kind kind, int64_t handle, size_t room)
{
    struct event *event = calloc(1, round_up(sizeof(*event)) + room + 1);

    if (!event)
        return NULL;
    event->event.kind = kind;
    event->event.handle = handle;
    event->event.payload =
        (struct smp_bytes){(const uint8_t *)event + round_up(sizeof(*event)), room};
    event->release = release_plain;
    return event;
}

void shimi_push(struct shim *shim, struct event *event)
{
    event->next = NULL;
    if (shim->last)
        shim->last->next = event;
    else
        shim->first = event;
    shim->last = event;
    shim->pending++;
    if (!shim->busy)
        smp_loop_wake(shim->loop);
}

/*
 * A record takes more room than its CBOR; how much is found by trying.  16 MiB would be more than
 * any loop's arena lets through.
 */
int shimi_event_fill(struct event *event, const struct smp_message *message, bool is_answer,
                     struct smp_bytes payload)
{
    const size_t copy = round_up(payload.len + 1);
    struct smp_result again = {0};

    for (size_t room = 256 + 4 * payload.len; room <= 1u << 24; room *= 4) {
        uint8_t *memory = malloc(copy + room);
        if (!memory)
            return SMP_ERR_NO_MEMORY;
        if (payload.len > 0)
            memcpy(memory, payload.data, payload.len);
        free(event->memory);
        event->memory = memory;
        event->event.payload = (struct smp_bytes){memory, payload.len};
        int error = smp_message_decode(message, is_answer, memory, payload.len, memory + copy, room,
                                       &again);
        if (error != SMP_ERR_TOO_LARGE)
            break;
    }
    event->event.message = again.message;
    event->event.record = again.rsp;
    event->event.reason = again.reason;
    event->event.bad_utf8 = again.bad_utf8;
    return SMP_OK;
}

static struct event *take_first(struct shim *shim)
{
    struct event *event = shim->first;

    if (event) {
        shim->first = event->next;
        shim->last = shim->first ? shim->last : NULL;
        shim->pending--;
    }
    return event;
}

void shimi_drop_current(struct shim *shim)
{
    struct event *event = shim->current;

    shim->current = NULL;
    shim->flat.len = 0;
    if (event)
        event->release(event);
}

const struct shim_event *shim_next(struct shim *shim)
{
    if (!shim || !shim->loop)
        return NULL;
    shimi_drop_current(shim);
    shim->current = take_first(shim);
    if (!shim->current)
        return NULL;
    const struct shim_event *event = &shim->current->event;
    shim->busy = true;
    if (event->kind == SHIM_SEND)
        shimi_transport_fetched(shim, event->handle);
    if (event->kind == SHIM_DONE)
        shimi_remove(shim, event->handle);
    shim->busy = false;
    return event;
}

void shimi_drop_events(struct shim *shim)
{
    shimi_drop_current(shim);
    for (struct event *event; (event = take_first(shim)) != NULL;) {
        if (event->event.kind == SHIM_DONE)
            shimi_remove(shim, event->event.handle);
        event->release(event);
    }
}

size_t shim_pending(const struct shim *shim)
{
    return shim ? shim->pending : 0;
}

struct smp_bytes shim_event_flat(struct shim *shim)
{
    struct event *event = shim && shim->loop ? shim->current : NULL;

    if (!event || !event->event.record)
        return (struct smp_bytes){NULL, 0};
    if (shim->flat.len == 0) {
        shim->flat.failed = false;
        shimi_flatten(&shim->flat, event->event.message, event->event.record);
    }
    return (struct smp_bytes){shim->flat.data, shim->flat.failed ? 0 : shim->flat.len};
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Making, turning and closing a shim. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    struct shim *shim = user;
    size_t len = strlen(text);
    struct event *event = shimi_event_new(SHIM_LOG, 0, len);

    if (!event)
        return; /* a line less */
    memcpy((char *)event->event.payload.data, text, len);
    event->event.text = (const char *)event->event.payload.data;
    event->event.level = level;
    shimi_push(shim, event);
}

struct shim *shim_new(const struct shim_options *options)
{
    const struct shim_options own = options ? *options : (struct shim_options){0};
    struct shim *shim = calloc(1, sizeof(*shim));

    if (!shim)
        return NULL;
    struct smp_loop_options loop = {.size = sizeof(loop),
                                    .requests = own.requests,
                                    .arena = own.arena,
                                    .log = own.log ? on_log : NULL,
                                    .log_user = shim,
                                    .log_level = own.log_level};
    shim->backlog_max = own.backlog ? own.backlog : 1000000;
    shim->busy = true; /* nobody watches yet */
    bool made = !own.fake_clock || smp_fake_clock_new(&shim->clock) == SMP_OK;
    loop.clock = shim->clock ? smp_fake_clock_get(shim->clock) : NULL;
    if (!made || smp_loop_new(&loop, &shim->loop) != SMP_OK) {
        smp_fake_clock_free(shim->clock);
        free(shim);
        return NULL;
    }
    shim->busy = false;
    return shim;
}

/* Releases all objects of one type. */
static void release_all(struct shim *shim, enum object_type type)
{
    for (uint32_t i = 0; i < shim->n_slots; i++)
        if (shim->slots[i].type == type)
            shim_release(shim, shim->slots[i].generation * SHIM_SLOTS_MAX + i);
}

void shim_close(struct shim *shim)
{
    if (!shim || !shim->loop)
        return;
    shim->busy = true;
    release_all(shim, OBJECT_SESSION);
    release_all(shim, OBJECT_EXCHANGE);
    release_all(shim, OBJECT_SERVER);
    release_all(shim, OBJECT_TRANSPORT);
    shimi_halves_free(shim);
    shimi_ports_free(shim);
    /* In a forked child sessions complete nothing: requests may still be there. */
    shimi_drop_events(shim);
    for (uint32_t i = 0; i < shim->n_slots; i++)
        if (shim->slots[i].type == OBJECT_REQUEST)
            shimi_request_free(shim->slots[i].object);
    smp_loop_free(shim->loop);
    shim->loop = NULL;
    smp_fake_clock_free(shim->clock);
    shim->clock = NULL;
    shimi_chunks_reset(shim);
    free(shim->chunks);
    shim->chunks = NULL;
    free(shim->flat.data);
    shim->flat = (struct bytes){0};
    free(shim->slots);
    shim->slots = NULL;
    shim->n_slots = 0;
    shim->objects = 0;
}

void shim_free(struct shim *shim)
{
    shim_close(shim);
    free(shim);
}

int shim_fd(const struct shim *shim)
{
    return shim && shim->loop ? smp_loop_fd(shim->loop) : SMP_ERR_CLOSED;
}

int shim_process(struct shim *shim)
{
    enum { TURNS = 16 }; /* then the language's own loop has its turn */
    int result = 1;

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    shimi_drop_current(shim);
    shim->busy = true;
    for (int i = 0; i < TURNS && result == 1; i++) {
        result = smp_loop_process(shim->loop);
        shimi_feed(shim);
    }
    shim->busy = false;
    return result;
}

void shim_promise(struct shim *shim)
{
    if (shim && shim->loop)
        shim->busy = smp_loop_promise(shim->loop) == SMP_OK;
}

int shim_turn(struct shim *shim, int timeout_ms)
{
    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    shimi_drop_current(shim);
    if (shim->pending > 0)
        timeout_ms = 0;
    shim->busy = true;
    int result = smp_loop_turn(shim->loop, timeout_ms);
    shimi_feed(shim);
    shim->busy = false;
    return result;
}

int shim_timeout(struct shim *shim)
{
    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    return shim->pending > 0 ? 0 : smp_loop_timeout(shim->loop);
}

void shim_wake(struct shim *shim)
{
    if (shim && shim->loop)
        smp_loop_wake(shim->loop);
}

int shim_advance(struct shim *shim, uint64_t ns)
{
    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    if (!shim->clock)
        return SMP_ERR_UNSUPPORTED;
    smp_fake_clock_advance(shim->clock, ns);
    return SMP_OK;
}

struct smp_loop *shim_loop(const struct shim *shim)
{
    return shim ? shim->loop : NULL;
}

size_t shim_objects(const struct shim *shim)
{
    return shim ? shim->objects : 0;
}

int shim_release(struct shim *shim, int64_t handle)
{
    enum object_type type = shimi_type(shim, handle);
    void *object = NULL;
    int error = shimi_find(shim, handle, type, &object);

    if (error != SMP_OK)
        return error;
    switch (type) {
    case OBJECT_SESSION:
        shimi_session_free(object);
        break;
    case OBJECT_SERVER:
        shimi_server_free(object);
        break;
    case OBJECT_EXCHANGE:
        shimi_exchange_free(object);
        break;
    case OBJECT_TRANSPORT:
        shimi_transport_free(object);
        break;
    case OBJECT_REQUEST:
        return shimi_cancel(object);
    default: /* messages and groups belong to the loop */
        break;
    }
    return SMP_OK;
}

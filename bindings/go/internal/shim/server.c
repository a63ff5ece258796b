/* SPDX-License-Identifier: Apache-2.0 */
/* Servers: every request is put off at once, and answered from the language. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct server {
    struct shim *shim;
    struct smp_server *server;
    int64_t handle;
};

struct exchange {
    struct shim *shim;
    struct smp_exchange *exchange;
    int64_t handle;
};

static int on_event(struct smp_server *smp, enum smp_server_event what,
                    struct smp_exchange *exchange, void *user)
{
    const struct server *server = user;

    (void)smp;
    (void)exchange;
    if (what == SMP_SERVER_REQUEST)
        return 0;
    struct event *event = shimi_event_new(what == SMP_SERVER_OVERRUN ? SHIM_OVERRUN : SHIM_STARVED,
                                          server->handle, 0);
    if (event)
        shimi_push(server->shim, event);
    return 0;
}

static int64_t transport_handle(const struct shim *shim, const struct smp_transport *transport)
{
    for (uint32_t i = 0; transport && i < shim->n_slots; i++)
        if (shim->slots[i].type == OBJECT_TRANSPORT &&
            shimi_transport_of(shim->slots[i].object) == transport)
            return shim->slots[i].generation * SHIM_SLOTS_MAX + i;
    return 0;
}

/* Fills the event with the request, and puts the answer off. */
static int put_off(struct event *event, struct exchange *exchange, struct smp_exchange *smp)
{
    const struct smp_command *command = smp_exchange_command(smp);
    int error =
        shimi_event_fill(event, smp_command_request(command), false, smp_exchange_payload(smp));

    event->event.command = command;
    event->event.header = *smp_exchange_header(smp);
    event->event.exchange = exchange->handle;
    event->event.transport = transport_handle(exchange->shim, smp_exchange_transport(smp));
    return error == SMP_OK ? smp_exchange_defer(smp, &exchange->exchange) : error;
}

static void on_request(struct smp_exchange *smp, const void *request, void *user)
{
    const struct server *server = user;
    struct shim *shim = server->shim;
    struct event *event = shimi_event_new(SHIM_REQUEST, server->handle, 0);
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    int64_t handle =
        event && exchange ? shimi_add(shim, OBJECT_EXCHANGE, exchange) : SMP_ERR_NO_MEMORY;

    (void)request;
    if (handle > 0) {
        *exchange = (struct exchange){.shim = shim, .handle = handle};
        if (put_off(event, exchange, smp) == SMP_OK) {
            shimi_push(shim, event);
            return;
        }
        shimi_remove(shim, handle);
    }
    if (event)
        event->release(event);
    free(exchange);
    smp_exchange_refuse(smp, SMP_RC_NO_MEMORY, NULL);
}

int64_t shim_server_new(struct shim *shim, const struct smp_server_options *options)
{
    struct smp_server_options own = {.size = sizeof(own)};

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    if (options)
        memcpy(&own, options,
               options->size && options->size < sizeof(own) ? options->size : sizeof(own));
    struct server *server = calloc(1, sizeof(*server));
    int64_t handle = server ? shimi_add(shim, OBJECT_SERVER, server) : SMP_ERR_NO_MEMORY;
    if (handle < 0) {
        free(server);
        return handle;
    }
    server->shim = shim;
    server->handle = handle;
    own.size = sizeof(own);
    own.hook = on_event;
    own.hook_user = server;
    int error = smp_server_new(shim->loop, &own, &server->server);
    if (error != SMP_OK) {
        shimi_remove(shim, handle);
        free(server);
        return error;
    }
    return handle;
}

void shimi_server_free(void *object)
{
    struct server *server = object;

    smp_server_free(server->server);
    shimi_remove(server->shim, server->handle);
    free(server);
}

int shim_server_listen(struct shim *shim, int64_t handle, int64_t transport)
{
    struct server *server;
    void *found;
    int error = shimi_find(shim, handle, OBJECT_SERVER, &server);

    if (error == SMP_OK)
        error = shimi_find(shim, transport, OBJECT_TRANSPORT, &found);
    return error == SMP_OK ? smp_server_listen(server->server, shimi_transport_of(found)) : error;
}

int shim_server_handle(struct shim *shim, int64_t handle, uint16_t group, uint8_t command,
                       uint8_t op, bool on)
{
    struct server *server;
    int error = shimi_find(shim, handle, OBJECT_SERVER, &server);

    return error == SMP_OK ? smp_server_handle(server->server, group, command, op,
                                               on ? on_request : NULL, server)
                           : error;
}

int shim_server_power(struct shim *shim, int64_t handle, bool on)
{
    struct server *server;
    int error = shimi_find(shim, handle, OBJECT_SERVER, &server);

    if (error == SMP_OK)
        smp_server_power(server->server, on);
    return error;
}

int shim_server_stall(struct shim *shim, int64_t handle, uint64_t ns)
{
    struct server *server;
    int error = shimi_find(shim, handle, OBJECT_SERVER, &server);

    if (error == SMP_OK)
        smp_server_stall(server->server, ns);
    return error;
}

/* ---- answers ---- */

void shimi_exchange_free(void *object)
{
    struct exchange *exchange = object;

    smp_exchange_free(exchange->exchange);
    shimi_remove(exchange->shim, exchange->handle);
    free(exchange);
}

/* Takes an exchange out: it can be answered once. */
static int take(struct shim *shim, int64_t handle, struct smp_exchange **smp)
{
    struct exchange *exchange;
    int error = shimi_find(shim, handle, OBJECT_EXCHANGE, &exchange);

    if (error != SMP_OK)
        return error;
    *smp = exchange->exchange;
    shimi_remove(shim, handle);
    free(exchange);
    return SMP_OK;
}

/* The response of an exchange that is still open, from the flat form. */
static int build(struct shim *shim, int64_t handle, const uint8_t *data, size_t len,
                 const void **record)
{
    struct exchange *exchange;
    int error = shimi_find(shim, handle, OBJECT_EXCHANGE, &exchange);

    *record = NULL;
    if (error == SMP_OK && data) {
        const struct smp_command *command = smp_exchange_command(exchange->exchange);
        *record = shimi_build(shim, smp_command_response(command), data, len, &error);
    }
    return error;
}

int shim_reply_struct(struct shim *shim, int64_t exchange, const void *record)
{
    struct smp_exchange *smp;
    int error = take(shim, exchange, &smp);

    return error == SMP_OK ? smp_exchange_reply(smp, record) : error;
}

int shim_fail_struct(struct shim *shim, int64_t exchange, uint16_t rc, const void *record)
{
    struct smp_exchange *smp;
    int error = take(shim, exchange, &smp);

    return error == SMP_OK ? smp_exchange_fail(smp, rc, record) : error;
}

int shim_reply(struct shim *shim, int64_t exchange, const uint8_t *data, size_t len)
{
    const void *record;
    int error = build(shim, exchange, data, len, &record);

    if (error == SMP_OK)
        error = shim_reply_struct(shim, exchange, record);
    shimi_chunks_reset(shim);
    return error;
}

int shim_fail(struct shim *shim, int64_t exchange, uint16_t rc, const uint8_t *data, size_t len)
{
    const void *record;
    int error = build(shim, exchange, data, len, &record);

    if (error == SMP_OK)
        error = shim_fail_struct(shim, exchange, rc, record);
    shimi_chunks_reset(shim);
    return error;
}

int shim_refuse(struct shim *shim, int64_t exchange, int64_t rc, const char *reason)
{
    struct smp_exchange *smp;
    int error = take(shim, exchange, &smp);

    return error == SMP_OK ? smp_exchange_refuse(smp, rc, reason) : error;
}

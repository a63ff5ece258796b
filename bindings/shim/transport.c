/* SPDX-License-Identifier: Apache-2.0 */
/* Transports: those of the library by URL, and the language's own. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct transport {
    struct shim *shim;
    int64_t handle;
    struct smp_transport *outer; /* what serves */
    struct smp_transport *inner; /* the one itself; the same unless there are faults before it */
    char *url;                   /* NULL: custom */
    /* custom ones */
    uint32_t max_packet, queue, queued;
    bool closed_gate; /* the language cannot take more */
    bool blocked;     /* the library was told AGAIN */
};

/* A loopback of which only the first end is taken. */
struct half {
    struct half *next;
    int64_t first;
    struct smp_transport *other;
    char name[];
};

struct smp_transport *shimi_transport_of(void *transport)
{
    return ((struct transport *)transport)->outer;
}

static struct transport *transport_new(struct shim *shim, const char *url, int64_t *handle)
{
    struct transport *transport = calloc(1, sizeof(*transport));

    *handle = SMP_ERR_NO_MEMORY;
    if (!transport)
        return NULL;
    transport->url = url ? strdup(url) : NULL;
    if (!url || transport->url)
        *handle = shimi_add(shim, OBJECT_TRANSPORT, transport);
    if (*handle < 0) {
        free(transport->url);
        free(transport);
        return NULL;
    }
    transport->shim = shim;
    transport->handle = *handle;
    return transport;
}

static void forget(void *self)
{
    struct transport *transport = self;

    free(transport->url);
    free(transport);
}

/* ---- loopbacks ---- */

static void half_free(struct half **at)
{
    struct half *half = *at;

    *at = half->next;
    smp_transport_free(half->other);
    free(half);
}

void shimi_halves_free(struct shim *shim)
{
    while (shim->halves)
        half_free(&shim->halves);
}

static int open_loopback(struct shim *shim, const char *name, struct transport *transport)
{
    for (struct half **at = &shim->halves; *at; at = &(*at)->next)
        if (strcmp((*at)->name, name) == 0) {
            transport->inner = (*at)->other;
            (*at)->other = NULL;
            half_free(at);
            return SMP_OK;
        }
    struct half *half = calloc(1, sizeof(*half) + strlen(name) + 1);
    if (!half)
        return SMP_ERR_NO_MEMORY;
    int error = smp_loopback_new(shim->loop, 0, &transport->inner, &half->other);
    if (error != SMP_OK) {
        free(half);
        return error;
    }
    memcpy(half->name, name, strlen(name) + 1);
    half->first = transport->handle;
    half->next = shim->halves;
    shim->halves = half;
    return SMP_OK;
}

/* ---- by URL ---- */

/* What follows the scheme, or NULL. */
static const char *after(const char *url, const char *scheme)
{
    size_t len = strlen(scheme);

    return strncmp(url, scheme, len) == 0 ? url + len : NULL;
}

/* "udp://" and "[::1]:1337" with or without a slash at the end. */
static int open_udp(struct shim *shim, const char *rest, bool listen, struct transport *transport)
{
    char address[SMP_UDP_ADDRESS_MAX];
    size_t len = strlen(rest);

    if (len > 0 && rest[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof(address))
        return SMP_ERR_INVALID;
    memcpy(address, rest, len);
    address[len] = '\0';
    return listen ? smp_udp_listen(shim->loop, address, &transport->inner)
                  : smp_udp_connect(shim->loop, address, &transport->inner);
}

/* Text that is no packet. */
static void on_console(struct smp_transport *smp, const char *text, size_t len, void *user)
{
    const struct transport *transport = user;
    struct event *event = shimi_event_new(SHIM_CONSOLE, transport->handle, len);

    (void)smp;
    if (!event)
        return;
    memcpy((uint8_t *)event->event.payload.data, text, len);
    shimi_push(transport->shim, event);
}

/* Cuts a copy of "path?query" in two; the caller frees the path. */
static char *split(const char *rest, const char **query)
{
    char *path = strdup(rest);
    char *mark = path ? strchr(path, '?') : NULL;

    *query = mark ? mark + 1 : "";
    if (mark)
        *mark = '\0';
    return path;
}

static int open_serial(struct shim *shim, const char *rest, struct transport *transport)
{
    struct smp_serial_options options = {
        .size = sizeof(options), .console = on_console, .console_user = transport};
    const char *query;
    char *path = split(rest, &query);
    int error = path ? shimi_serial_options(query, &options) : SMP_ERR_NO_MEMORY;

    if (error == SMP_OK)
        error = smp_serial_open(shim->loop, path, &options, &transport->inner);
    free(path);
    return error;
}

static int open_pty(struct shim *shim, const char *rest, struct transport *transport)
{
    struct smp_pty_options options = {
        .size = sizeof(options), .console = on_console, .console_user = transport};
    const char *query;
    char *link = split(rest, &query);
    int error = link ? shimi_pty_options(query, &options) : SMP_ERR_NO_MEMORY;

    if (error == SMP_OK)
        error = smp_pty_new(shim->loop, *link ? link : NULL, &options, &transport->inner);
    free(link);
    return error;
}

static int open_url(struct shim *shim, const char *url, bool listen, struct transport *transport)
{
    const char *rest;

    if ((rest = after(url, "udp://")) != NULL)
        return open_udp(shim, rest, listen, transport);
    if (!listen && (rest = after(url, "serial://")) != NULL)
        return open_serial(shim, rest, transport);
    if (listen && (rest = after(url, "pty:")) != NULL)
        return open_pty(shim, rest, transport);
    if ((rest = after(url, "loopback:")) != NULL)
        return open_loopback(shim, rest, transport);
    return SMP_ERR_UNSUPPORTED;
}

static void explain(struct shim *shim, const char *url, int error, int system_error)
{
    char *text = shim->open_text;
    const size_t size = sizeof(shim->open_text);
    const char *serial = after(url, "serial://");

    if (serial && error != SMP_ERR_INVALID) {
        const char *query;
        char *port = split(serial, &query);
        smp_serial_explain(port ? port : serial, error, system_error, text, size);
        free(port);
    } else if (error == SMP_ERR_UNSUPPORTED) {
        snprintf(text, size,
                 "%s: no transport is called that here; known are udp://, serial://, "
                 "loopback: and, to listen on, pty:",
                 url);
    } else {
        snprintf(text, size, "%s: %s%s%s", url, smp_error_text(error), system_error ? ": " : "",
                 system_error ? strerror(system_error) : "");
    }
}

static int64_t open_transport(struct shim *shim, const char *url, bool listen)
{
    int64_t handle;

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    if (!url)
        return SMP_ERR_INVALID;
    struct transport *transport = transport_new(shim, url, &handle);
    if (!transport)
        return handle;
    errno = 0;
    int error = open_url(shim, url, listen, transport);
    if (error != SMP_OK) {
        int system_error = error == SMP_ERR_SYSTEM ? errno : 0;
        explain(shim, url, error, system_error);
        errno = system_error;
        shimi_remove(shim, handle);
        forget(transport);
        return error;
    }
    transport->outer = transport->inner;
    return handle;
}

const char *shim_open_text(const struct shim *shim)
{
    return shim ? shim->open_text : "";
}

int64_t shim_open(struct shim *shim, const char *url)
{
    return open_transport(shim, url, false);
}

int64_t shim_listen(struct shim *shim, const char *url)
{
    return open_transport(shim, url, true);
}

int shim_transport_url(struct shim *shim, int64_t handle, char *text, size_t size)
{
    struct transport *transport;
    char address[SMP_UDP_ADDRESS_MAX];
    int error = shimi_find(shim, handle, OBJECT_TRANSPORT, &transport);

    if (error != SMP_OK)
        return error;
    if (!transport->url)
        return SMP_ERR_UNSUPPORTED;
    if (after(transport->url, "pty:"))
        return snprintf(text, size, "serial://%s", smp_pty_path(transport->inner));
    if (!after(transport->url, "udp://"))
        return snprintf(text, size, "%s", transport->url);
    error = smp_udp_local_address(transport->inner, address, sizeof(address));
    return error == SMP_OK ? snprintf(text, size, "udp://%s", address) : error;
}

/* ---- the language's own ---- */

static bool is_full(const struct transport *transport)
{
    return transport->closed_gate || transport->queued >= transport->queue;
}

static int custom_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct transport *transport = self;

    if (len > transport->max_packet)
        return SMP_ERR_TOO_LARGE;
    struct event *event =
        is_full(transport) ? NULL : shimi_event_new(SHIM_SEND, transport->handle, len);
    if (!event) {
        transport->blocked = true;
        return SMP_ERR_AGAIN;
    }
    memcpy((uint8_t *)event->event.payload.data, packet, len);
    if (peer)
        event->event.peer = *peer;
    transport->queued++;
    shimi_push(transport->shim, event);
    return SMP_OK;
}

static size_t custom_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct transport *)self)->max_packet;
}

static void custom_reset(void *self)
{
    const struct transport *transport = self;
    struct event *event = shimi_event_new(SHIM_RESET, transport->handle, 0);

    if (event)
        shimi_push(transport->shim, event);
}

static int custom_reopen(void *self)
{
    const struct transport *transport = self;
    struct event *event = shimi_event_new(SHIM_REOPEN, transport->handle, 0);

    if (!event)
        return SMP_ERR_NO_MEMORY;
    shimi_push(transport->shim, event);
    return SMP_OK;
}

int64_t shim_transport_new(struct shim *shim, const struct shim_transport_options *options)
{
    const struct shim_transport_options own =
        options ? *options : (struct shim_transport_options){SMP_TRANSPORT_DATAGRAM, 0, 0, 0, 0};
    const struct smp_transport_ops ops = {.size = sizeof(ops),
                                          .kind = own.kind,
                                          .send = custom_send,
                                          .max_packet = custom_max_packet,
                                          .reset = custom_reset,
                                          .free = forget,
                                          .overhead = own.overhead,
                                          .window = own.window,
                                          .reopen = custom_reopen};
    int64_t handle;

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    struct transport *transport = transport_new(shim, NULL, &handle);
    if (!transport)
        return handle;
    transport->max_packet = own.max_packet ? own.max_packet : SMP_PACKET_MAX;
    transport->queue = own.queue ? own.queue : 64;
    int error = smp_transport_new(shim->loop, &ops, transport, &transport->inner);
    if (error != SMP_OK) {
        shimi_remove(shim, handle);
        forget(transport);
        return error;
    }
    transport->outer = transport->inner;
    return handle;
}

/* The library sends again once half of the queue is free. */
static void unblock(struct transport *transport)
{
    if (transport->blocked && !transport->closed_gate &&
        transport->queued <= transport->queue / 2) {
        transport->blocked = false;
        smp_transport_writable(transport->inner);
    }
}

void shimi_transport_fetched(struct shim *shim, int64_t handle)
{
    struct transport *transport;

    if (shimi_find(shim, handle, OBJECT_TRANSPORT, &transport) == SMP_OK) {
        transport->queued--;
        unblock(transport);
    }
}

static int find_custom(struct shim *shim, int64_t handle, struct transport **transport)
{
    int error = shimi_find(shim, handle, OBJECT_TRANSPORT, transport);

    return error == SMP_OK && (*transport)->url ? SMP_ERR_INVALID : error;
}

int shim_transport_set_max_packet(struct shim *shim, int64_t handle, uint32_t max_packet)
{
    struct transport *transport;
    int error = find_custom(shim, handle, &transport);

    if (error == SMP_OK && max_packet <= SMP_HEADER_SIZE)
        error = SMP_ERR_INVALID;
    if (error == SMP_OK)
        transport->max_packet = max_packet;
    return error;
}

int shim_transport_received(struct shim *shim, int64_t handle, const struct smp_peer *peer,
                            const uint8_t *data, size_t len)
{
    struct transport *transport;
    int error = find_custom(shim, handle, &transport);

    if (error == SMP_OK && (!data || len > SMP_PACKET_MAX))
        error = SMP_ERR_INVALID;
    if (error == SMP_OK)
        smp_transport_received(transport->inner, peer, data, len);
    return error;
}

int shim_transport_writable(struct shim *shim, int64_t handle, bool writable)
{
    struct transport *transport;
    int error = find_custom(shim, handle, &transport);

    if (error == SMP_OK) {
        transport->closed_gate = !writable;
        unblock(transport);
    }
    return error;
}

int shim_transport_up(struct shim *shim, int64_t handle)
{
    struct transport *transport;
    int error = find_custom(shim, handle, &transport);

    if (error == SMP_OK)
        smp_transport_up(transport->inner);
    return error;
}

int shim_transport_down(struct shim *shim, int64_t handle, int reason, int system_error)
{
    struct transport *transport;
    int error = find_custom(shim, handle, &transport);

    if (error == SMP_OK && reason != SMP_ERR_CLOSED && reason != SMP_ERR_REFUSED &&
        reason != SMP_ERR_SYSTEM)
        error = SMP_ERR_INVALID;
    if (error == SMP_OK)
        smp_transport_down(transport->inner, reason, system_error);
    return error;
}

/* ---- both ---- */

int shim_transport_print(struct shim *shim, int64_t handle, const uint8_t *data, size_t len)
{
    struct transport *transport;
    int error = shimi_find(shim, handle, OBJECT_TRANSPORT, &transport);

    return error == SMP_OK ? smp_serial_print(transport->inner, (const char *)data, len) : error;
}

int shim_transport_reopen(struct shim *shim, int64_t handle)
{
    struct transport *transport;
    int error = shimi_find(shim, handle, OBJECT_TRANSPORT, &transport);

    if (error == SMP_OK && !transport->url)
        error = SMP_ERR_UNSUPPORTED; /* the language's own: it knows how */
    return error == SMP_OK ? smp_transport_reopen(transport->outer) : error;
}

int shim_transport_faults(struct shim *shim, int64_t handle, const struct smp_faults *faults)
{
    struct smp_faults own = {.size = sizeof(own)};
    struct transport *transport;
    int error = shimi_find(shim, handle, OBJECT_TRANSPORT, &transport);

    if (error != SMP_OK)
        return error;
    if (faults)
        memcpy(&own, faults,
               faults->size && faults->size < sizeof(own) ? faults->size : sizeof(own));
    own.size = sizeof(own);
    if (transport->outer != transport->inner)
        return smp_faulty_set(transport->outer, &own);
    return smp_faulty_new(transport->inner, &own, &transport->outer);
}

void shimi_transport_free(void *object)
{
    struct transport *transport = object;
    struct shim *shim = transport->shim;
    bool is_custom = !transport->url;
    int64_t handle = transport->handle;

    smp_transport_free(transport->outer); /* a custom one is forgotten by it */
    for (struct half **at = &shim->halves; *at; at = &(*at)->next)
        if ((*at)->first == handle) {
            half_free(at);
            break;
        }
    shimi_remove(shim, handle);
    if (!is_custom)
        forget(transport);
}

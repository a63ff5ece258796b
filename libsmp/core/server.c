/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving: buffers, the queue, and who handles what.
 *
 * A packet takes one of `buf_count` buffers when it arrives and gives it back
 * when it was answered.
 */
#include "core/server.h"

#include "codec/registry.h"

#include <string.h>

enum {
    DEFAULT_BUF_SIZE = 2048,
    DEFAULT_BUF_COUNT = 4,
    BUF_SIZE_MIN = 64,
    BUF_SIZE_MAX = 65535,
    BUF_COUNT_MAX = 64,
};

/* ---- buffers ---- */

void smpi_exchange_release(struct smp_exchange *exchange)
{
    smpi_list_remove(&exchange->node);
    exchange->state = SMPI_EXCHANGE_FREE;
    exchange->server->in_use--;
}

static struct smp_exchange *take_buffer(struct smp_server *server)
{
    if (server->in_use >= server->options.buf_count) {
        return NULL;
    }
    for (uint32_t i = 0; i < server->options.buf_count; i++) {
        if (server->exchanges[i].state == SMPI_EXCHANGE_FREE) {
            server->in_use++;
            return &server->exchanges[i];
        }
    }
    return NULL;
}

/* ---- the queue ---- */

static void schedule(struct smp_server *server)
{
    if (smpi_list_empty(&server->waiting)) {
        smpi_timer_cancel(server->loop, &server->timer);
        return;
    }
    const struct smp_exchange *first = SMPI_OF(server->waiting.next, struct smp_exchange, node);
    uint64_t begin = first->arrived > server->free_at ? first->arrived : server->free_at;
    smpi_timer_set(server->loop, &server->timer, begin + server->options.work_ns);
}

static void on_timer(struct smpi_timer *timer)
{
    struct smp_server *server = SMPI_OF(timer, struct smp_server, timer);
    if (!smpi_list_empty(&server->waiting) && !server->off) {
        server->free_at = server->loop->now;
        smpi_exchange_execute(SMPI_OF(server->waiting.next, struct smp_exchange, node));
    }
    if (!server->dead) {
        schedule(server);
    }
}

static void on_received(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                        const uint8_t *packet, size_t len)
{
    struct smp_server *server = user;
    bool ignored = server->options.mcuboot && len > server->options.buf_size;
    if (server->off || len < SMP_HEADER_SIZE || ignored) {
        return;
    }
    struct smp_exchange *exchange = take_buffer(server);
    if (exchange == NULL) {
        smpi_log(server->loop, SMP_LOG_WARN, "request of %zu bytes lost: no buffer free", len);
        smpi_server_hook(server, SMP_SERVER_OVERRUN, NULL);
        return;
    }
    memset(&exchange->peer, 0, sizeof(exchange->peer));
    if (peer != NULL) {
        exchange->peer = *peer;
    }
    exchange->transport = transport;
    exchange->arrived = server->loop->now;
    /* What does not fit the buffer is cut, and answered as truncated. */
    exchange->len = len < server->options.buf_size ? len : server->options.buf_size;
    memcpy(exchange->packet, packet, exchange->len);
    exchange->state = SMPI_EXCHANGE_WAITING;
    smpi_list_add(&server->waiting, &exchange->node);
    bool idle = server->options.work_ns == 0 && server->free_at <= server->loop->now;
    if (idle && server->waiting.next == &exchange->node) {
        smpi_exchange_execute(exchange);
    } else if (server->waiting.next == &exchange->node) {
        schedule(server);
    }
}

static void on_writable(void *user, struct smp_transport *transport)
{
    (void)user; /* an answer that finds the link full is lost, as on a device */
    (void)transport;
}

static void on_up(void *user, struct smp_transport *transport)
{
    (void)user;
    (void)transport;
}

/* Nobody is there any more to answer to: what waits is dropped, the rest answers into the void. */
static void forget_peers(struct smp_server *server, const struct smp_transport *transport)
{
    struct smpi_list *node = server->waiting.next;
    while (node != &server->waiting) {
        struct smp_exchange *exchange = SMPI_OF(node, struct smp_exchange, node);
        node = node->next;
        if (exchange->transport == transport) {
            smpi_exchange_release(exchange);
        }
    }
    for (node = server->deferred.next; node != &server->deferred; node = node->next) {
        struct smp_exchange *exchange = SMPI_OF(node, struct smp_exchange, node);
        exchange->transport = exchange->transport == transport ? NULL : exchange->transport;
    }
    if (server->running != NULL && server->running->transport == transport) {
        server->running->transport = NULL;
    }
    schedule(server);
}

static void on_down(void *user, struct smp_transport *transport, int reason, int system_error)
{
    (void)reason;
    (void)system_error;
    forget_peers(user, transport);
}

static void on_gone(void *user, struct smp_transport *transport)
{
    struct smp_server *server = user;
    forget_peers(server, transport);
    for (size_t i = 0; i < server->n_transports; i++) {
        if (server->transports[i] == transport) {
            server->transports[i] = server->transports[--server->n_transports];
            break;
        }
    }
}

static const struct smpi_sink server_sink = {
    .received = on_received,
    .writable = on_writable,
    .up = on_up,
    .down = on_down,
    .gone = on_gone,
};

/* ---- making and freeing ---- */

static void bury_server(struct smp_loop *loop, void *memory)
{
    struct smp_server *server = memory;
    smpi_free(loop, server->exchanges);
    smpi_free(loop, server->buffers);
    smpi_free(loop, server->answer);
    smpi_free(loop, server->handlers);
    smpi_free(loop, server->transports);
    smpi_free(loop, server);
}

static int own_options(struct smp_server *server, const struct smp_server_options *options)
{
    struct smp_server_options *own = &server->options;
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    own->buf_size = own->buf_size != 0 ? own->buf_size : DEFAULT_BUF_SIZE;
    own->buf_count = own->buf_count != 0 ? own->buf_count : DEFAULT_BUF_COUNT;
    bool good = own->buf_size >= BUF_SIZE_MIN && own->buf_size <= BUF_SIZE_MAX &&
                own->buf_count <= BUF_COUNT_MAX;
    return good ? SMP_OK : SMP_ERR_INVALID;
}

static int make_buffers(struct smp_server *server)
{
    const struct smp_server_options *options = &server->options;
    struct smp_loop *loop = server->loop;
    server->exchanges = smpi_alloc(loop, options->buf_count * sizeof(struct smp_exchange));
    server->buffers = smpi_alloc(loop, (size_t)options->buf_count * options->buf_size);
    server->answer = smpi_alloc(loop, options->buf_size);
    if (server->exchanges == NULL || server->buffers == NULL || server->answer == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < options->buf_count; i++) {
        struct smp_exchange *exchange = &server->exchanges[i];
        smpi_list_init(&exchange->node);
        exchange->server = server;
        exchange->loop = loop;
        exchange->packet = server->buffers + (size_t)i * options->buf_size;
    }
    return smpi_timer_make(loop, &server->timer, on_timer);
}

int smp_server_new(struct smp_loop *loop, const struct smp_server_options *options,
                   struct smp_server **server)
{
    if (loop == NULL || server == NULL || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    struct smp_server *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    smpi_list_init(&made->waiting);
    smpi_list_init(&made->deferred);
    int error = own_options(made, options);
    error = error == SMP_OK ? make_buffers(made) : error;
    if (error != SMP_OK) {
        bury_server(loop, made);
        return error;
    }
    loop->users++;
    loop->sealed = true;
    *server = made;
    return SMP_OK;
}

static void drop_waiting(struct smp_server *server)
{
    while (!smpi_list_empty(&server->waiting)) {
        smpi_exchange_release(SMPI_OF(server->waiting.next, struct smp_exchange, node));
    }
}

/* Deferred exchanges live on as handles without a server. */
static void orphan_deferred(struct smp_server *server)
{
    while (!smpi_list_empty(&server->deferred)) {
        struct smp_exchange *exchange = SMPI_OF(server->deferred.next, struct smp_exchange, node);
        smpi_list_remove(&exchange->node);
        exchange->server = NULL;
        exchange->transport = NULL;
        server->in_use--;
    }
}

void smp_server_free(struct smp_server *server)
{
    if (server == NULL || server->dead) {
        return;
    }
    server->dead = true;
    drop_waiting(server);
    orphan_deferred(server);
    for (size_t i = 0; i < server->n_transports; i++) {
        smpi_transport_detach(server->transports[i]);
    }
    smpi_timer_unmake(server->loop, &server->timer);
    server->loop->users--;
    smpi_bury(server->loop, &server->corpse, bury_server, server);
}

/* Makes room for one more element of an array from the loop's allocator. */
static void *grown(struct smp_loop *loop, void *array, size_t count, size_t element)
{
    void *larger = smpi_alloc(loop, (count + 1) * element);
    if (larger != NULL && array != NULL) {
        memcpy(larger, array, count * element);
        smpi_free(loop, array);
    }
    return larger;
}

int smp_server_listen(struct smp_server *server, struct smp_transport *transport)
{
    if (server == NULL || transport == NULL || server->dead) {
        return SMP_ERR_INVALID;
    }
    struct smp_transport **larger = grown(server->loop, server->transports, server->n_transports,
                                          sizeof(struct smp_transport *));
    if (larger == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    server->transports = larger;
    int error = smpi_transport_attach(transport, &server_sink, server);
    if (error == SMP_OK) {
        server->transports[server->n_transports++] = transport;
    }
    return error;
}

void smp_server_power(struct smp_server *server, bool on)
{
    server->off = !on;
    if (!on) {
        server->free_at = 0;
        drop_waiting(server);
        orphan_deferred(server);
        smpi_timer_cancel(server->loop, &server->timer);
    }
}

void smp_server_stall(struct smp_server *server, uint64_t ns)
{
    if (smpi_loop_enter(server->loop) == SMP_OK) {
        server->free_at = server->loop->now + ns;
        schedule(server);
    }
}

int smp_server_handle(struct smp_server *server, uint16_t group, uint8_t id, uint8_t op,
                      smp_handler *handler, void *user)
{
    const struct smp_command *command =
        smpi_registry_command(&server->loop->registry, group, id, op);
    if (command == NULL || (op != SMP_OP_READ && op != SMP_OP_WRITE)) {
        return SMP_ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < server->n_handlers; i++) {
        if (server->handlers[i].command != command) {
            continue;
        }
        if (handler == NULL) {
            server->handlers[i] = server->handlers[--server->n_handlers];
        } else {
            server->handlers[i].handle = handler;
            server->handlers[i].user = user;
        }
        return SMP_OK;
    }
    if (handler == NULL) {
        return SMP_OK;
    }
    struct smpi_handler *larger =
        grown(server->loop, server->handlers, server->n_handlers, sizeof(struct smpi_handler));
    if (larger == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    server->handlers = larger;
    server->handlers[server->n_handlers++] = (struct smpi_handler){command, handler, user};
    return SMP_OK;
}

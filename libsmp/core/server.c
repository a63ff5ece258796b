/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serving: buffers, the queue, and who handles what.
 *
 * A packet takes one of `buf_count` buffers when it arrives and gives it back
 * when it was answered.  Executing needs a second one for the answer, as in
 * Zephyr, where requests and answers share one pool.
 */
#include "core/server.h"

#include "codec/decode.h"
#include "codec/registry.h"

#include <string.h>

enum {
    DEFAULT_BUF_SIZE = 2048,
    DEFAULT_BUF_COUNT = 4,
    BUF_SIZE_MIN = 64,
    BUF_SIZE_MAX = 65535,
    BUF_COUNT_MAX = 64,
};

static int call_hook(struct smp_server *server, enum smp_server_event event,
                     struct smp_exchange *exchange)
{
    if (server->options.hook == NULL) {
        return 0;
    }
    smpi_enter_user(server->loop);
    int rc = server->options.hook(server, event, exchange, server->options.hook_user);
    smpi_leave_user(server->loop);
    return rc;
}

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

/* A device with a single buffer answers in the request's own. */
static bool has_answer_buffer(const struct smp_server *server)
{
    return server->options.buf_count == 1 || server->in_use < server->options.buf_count;
}

/* ---- executing ---- */

/* MCUboot does not look at the op where a command has only one. */
static const struct smpi_handler *find_handler(const struct smp_server *server,
                                               const struct smp_header *header)
{
    const struct smpi_handler *other = NULL;
    for (size_t i = 0; i < server->n_handlers; i++) {
        const struct smp_command *command = server->handlers[i].command;
        if (command->group != header->group || command->id != header->id) {
            continue;
        }
        if (command->op == header->op) {
            return &server->handlers[i];
        }
        other = &server->handlers[i];
    }
    return server->options.mcuboot ? other : NULL;
}

/* Runs the handler of one decoded request. */
static void run_handler(struct smp_exchange *exchange, const struct smpi_handler *handler)
{
    struct smp_server *server = exchange->server;
    struct smp_loop *loop = server->loop;
    struct smp_result request = {.size = sizeof(request)};
    exchange->command = handler->command;
    int rc = call_hook(server, SMP_SERVER_REQUEST, exchange);
    if (server->dead || exchange->state != SMPI_EXCHANGE_RUNNING) {
        return;
    }
    if (rc != 0) {
        smp_exchange_refuse(exchange, rc, NULL);
        return;
    }
    if (loop->depth == 0) {
        smpi_arena_reset(&loop->arena);
    }
    if (smpi_decode(handler->command->request, exchange->payload, false, &loop->arena,
                    &request) != SMP_OK) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, request.key);
        return;
    }
    smpi_enter_user(loop);
    handler->handle(exchange, request.rsp, handler->user);
    smpi_leave_user(loop);
    if (!server->dead && exchange->state == SMPI_EXCHANGE_RUNNING) {
        smp_exchange_refuse(exchange, SMP_RC_UNKNOWN, NULL); /* it forgot to answer */
    }
}

/* Whether MCUboot would look at it: one request a packet, which may end before its length. */
static bool mcuboot_takes(struct smp_exchange *exchange, size_t rest)
{
    struct smp_header *header = &exchange->header;
    if (header->length > rest) {
        header->length = (uint16_t)rest;
    }
    return header->length == rest && (header->op == SMP_OP_READ || header->op == SMP_OP_WRITE);
}

/* One request at `packet`.  Returns the bytes it took, 0: nothing more can be read. */
static size_t execute_one(struct smp_exchange *exchange, const uint8_t *packet, size_t len)
{
    struct smp_server *server = exchange->server;
    struct smp_header *header = &exchange->header;
    if (smp_header_decode(packet, len, header) != SMP_OK) {
        return 0;
    }
    exchange->state = SMPI_EXCHANGE_RUNNING;
    exchange->command = NULL;
    exchange->first = packet[0];
    smpi_log_packet(server->loop, "<-", packet, len);
    size_t rest = len - SMP_HEADER_SIZE;
    if (server->options.mcuboot && !mcuboot_takes(exchange, rest)) {
        return 0;
    }
    exchange->payload = (struct smp_bytes){packet + SMP_HEADER_SIZE, header->length};
    if (header->length > rest) {
        smp_exchange_refuse(exchange, SMP_RC_CORRUPT, NULL);
        return 0;
    }
    const struct smpi_handler *handler = find_handler(server, header);
    if (!has_answer_buffer(server)) {
        call_hook(server, SMP_SERVER_STARVED, exchange);
        if (!server->dead) {
            smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
        }
    } else if (header->version > SMP_PROTOCOL_V2 && !server->options.mcuboot) {
        smp_exchange_refuse(exchange, SMP_RC_TOO_NEW, NULL);
    } else if (handler == NULL) {
        smp_exchange_refuse(exchange, SMP_RC_NOT_SUPPORTED, NULL);
    } else {
        run_handler(exchange, handler);
    }
    return SMP_HEADER_SIZE + header->length;
}

/* A packet may hold several requests back to back; the first that fails ends it. */
static void execute(struct smp_exchange *exchange)
{
    struct smp_server *server = exchange->server;
    size_t done = 0;
    smpi_list_remove(&exchange->node);
    exchange->failed = false;
    server->running = exchange;
    while (done < exchange->len && !exchange->failed) {
        size_t took = execute_one(exchange, exchange->packet + done, exchange->len - done);
        if (server->dead) {
            return;
        }
        if (took == 0) {
            break;
        }
        done += took;
    }
    server->running = NULL;
    smpi_exchange_release(exchange);
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
        execute(SMPI_OF(server->waiting.next, struct smp_exchange, node));
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
        call_hook(server, SMP_SERVER_OVERRUN, NULL);
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
        execute(exchange);
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

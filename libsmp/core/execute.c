/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executing requests.  The answer needs a buffer beside the request's, as in
 * Zephyr, where both come from one pool.
 */
#include "core/server.h"

#include "codec/decode.h"

int smpi_server_hook(struct smp_server *server, enum smp_server_event event,
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

/* A device with a single buffer answers in the request's own. */
static bool has_answer_buffer(const struct smp_server *server)
{
    return server->options.buf_count == 1 || server->in_use < server->options.buf_count;
}

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
    int rc = smpi_server_hook(server, SMP_SERVER_REQUEST, exchange);
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
    if (smpi_decode(handler->command->request, exchange->payload, false, &loop->arena, &request) !=
        SMP_OK) {
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
        smpi_server_hook(server, SMP_SERVER_STARVED, exchange);
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
void smpi_exchange_execute(struct smp_exchange *exchange)
{
    struct smp_server *server = exchange->server;
    size_t done = 0;
    smpi_list_remove(&exchange->node);
    exchange->failed = false;
    server->running = exchange;
    while (done < exchange->len && !exchange->failed && !server->off) {
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

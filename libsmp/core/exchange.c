/* SPDX-License-Identifier: Apache-2.0 */
/* Answering one request: now or later, with success or an error. */
#include "core/server.h"

#include <string.h>

/* What a v1 client gets for a group's own code. */
static int64_t as_v1(const struct smp_group *group, uint16_t rc)
{
    for (size_t i = 0; group != NULL && i < group->n_codes; i++) {
        if (group->codes[i].code.rc == rc) {
            return group->codes[i].v1;
        }
    }
    return SMP_RC_UNKNOWN;
}

static bool speaks_v1(const struct smp_exchange *exchange)
{
    const struct smp_server_options *options = &exchange->server->options;
    return options->v1_only || options->mcuboot || exchange->header.version == SMP_PROTOCOL_V1;
}

/* Sends what stands in the server's answer buffer. */
static void send_packet(struct smp_exchange *exchange, size_t len)
{
    struct smp_server *server = exchange->server;
    if (server->off || exchange->transport == NULL || !exchange->transport->is_up) {
        return;
    }
    smpi_log_packet(server->loop, "->", server->answer, len);
    int error = smpi_transport_send(exchange->transport, &exchange->peer, server->answer, len);
    if (error != SMP_OK) {
        smpi_log(server->loop, SMP_LOG_WARN, "answer of %zu bytes lost: %s", len,
                 smp_error_text(error));
    }
}

/* The same behind a header, for which there is room. */
static void send_answer(struct smp_exchange *exchange, size_t payload)
{
    struct smp_server *server = exchange->server;
    const struct smp_header header = {
        .op = exchange->header.op == SMP_OP_READ ? SMP_OP_READ_RSP : SMP_OP_WRITE_RSP,
        .version = speaks_v1(exchange) ? SMP_PROTOCOL_V1 : SMP_PROTOCOL_V2,
        .sequence = exchange->header.sequence,
        .id = exchange->header.id,
        .group = exchange->header.group,
        .length = (uint16_t)payload,
    };
    smp_header_encode(&header, server->answer);
    if (server->options.mcuboot) {
        server->answer[0] = exchange->first | 1; /* only the op changes */
    }
    send_packet(exchange, SMP_HEADER_SIZE + payload);
}

/* One that was put off stays so until it is freed. */
static void mark_answered(struct smp_exchange *exchange)
{
    if (exchange->state == SMPI_EXCHANGE_RUNNING) {
        exchange->state = SMPI_EXCHANGE_ANSWERED;
    }
}

/* Encodes and sends; whatever happens, the exchange is answered after it. */
static int answer(struct smp_exchange *exchange, const void *response,
                  const struct smpi_verdict *verdict)
{
    struct smp_server *server = exchange->server;
    const struct smp_message *message =
        exchange->command == NULL || response == NULL ? NULL : exchange->command->response;
    size_t room = server->options.buf_size - SMP_HEADER_SIZE;
    if (exchange->transport != NULL) {
        size_t link = smpi_transport_max_packet(exchange->transport, &exchange->peer);
        room =
            link < room + SMP_HEADER_SIZE && link > SMP_HEADER_SIZE ? link - SMP_HEADER_SIZE : room;
    }
    uint8_t *payload = server->answer + SMP_HEADER_SIZE;
    size_t len = 0;
    int error = smpi_encode(message, response, verdict, payload, room, &len, NULL);
    if (error != SMP_OK) {
        const struct smpi_verdict instead = {
            .kind = SMPI_VERDICT_RC,
            .rc = error == SMP_ERR_TOO_LARGE ? SMP_RC_RESPONSE_TOO_LARGE : SMP_RC_UNKNOWN,
        };
        exchange->failed = true;
        if (smpi_encode(NULL, NULL, &instead, payload, room, &len, NULL) != SMP_OK) {
            len = 0;
        }
    }
    mark_answered(exchange);
    send_answer(exchange, len);
    return error;
}

static bool may_answer(const struct smp_exchange *exchange)
{
    return exchange != NULL &&
           (exchange->state == SMPI_EXCHANGE_RUNNING || exchange->state == SMPI_EXCHANGE_DEFERRED);
}

static int finish(struct smp_exchange *exchange, const void *response,
                  const struct smpi_verdict *verdict)
{
    if (exchange->server == NULL) { /* the server of a deferred one is gone */
        smp_exchange_free(exchange);
        return SMP_ERR_CLOSED;
    }
    int error = smpi_loop_enter(exchange->loop);
    if (error == SMP_OK) {
        error = answer(exchange, response, verdict);
    }
    if (exchange->state == SMPI_EXCHANGE_DEFERRED) {
        smp_exchange_free(exchange);
    }
    return error;
}

/* Whether the response has an `rc` of its own, as a shell's exit code. */
static bool rc_is_data(const struct smp_exchange *exchange)
{
    const struct smp_command *command = exchange->command;
    return command != NULL && command->response != NULL &&
           (command->response->flags & SMPI_RC_IS_DATA) != 0;
}

int smp_exchange_reply(struct smp_exchange *exchange, const void *response)
{
    if (!may_answer(exchange)) {
        return SMP_ERR_INVALID;
    }
    struct smpi_verdict verdict = {.kind = SMPI_VERDICT_NONE};
    if (exchange->server != NULL && exchange->server->options.rc_always && !rc_is_data(exchange)) {
        verdict.kind = SMPI_VERDICT_RC;
    }
    return finish(exchange, response, &verdict);
}

int smp_exchange_fail(struct smp_exchange *exchange, uint16_t rc, const void *response)
{
    if (!may_answer(exchange)) {
        return SMP_ERR_INVALID;
    }
    struct smpi_verdict verdict = {.rc = rc, .group = exchange->header.group};
    if (exchange->server != NULL) {
        if (speaks_v1(exchange)) {
            verdict.kind = SMPI_VERDICT_RC;
            verdict.rc = as_v1(smp_group_find(exchange->loop, exchange->header.group), rc);
        } else {
            verdict.kind =
                exchange->server->options.err_as_ret ? SMPI_VERDICT_RET : SMPI_VERDICT_ERR;
        }
    }
    exchange->failed = true;
    return finish(exchange, response, &verdict);
}

int smp_exchange_refuse(struct smp_exchange *exchange, int64_t rc, const char *reason)
{
    if (!may_answer(exchange)) {
        return SMP_ERR_INVALID;
    }
    struct smpi_verdict verdict = {.kind = SMPI_VERDICT_RC, .rc = rc};
    if (reason != NULL) {
        verdict.reason = (struct smp_str){reason, strlen(reason)};
    }
    exchange->failed = true;
    return finish(exchange, NULL, &verdict);
}

int smp_exchange_reply_packet(struct smp_exchange *exchange, const uint8_t *packet, size_t len)
{
    if (!may_answer(exchange) || packet == NULL || len == 0) {
        return SMP_ERR_INVALID;
    }
    if (exchange->server != NULL && len > exchange->server->options.buf_size) {
        return SMP_ERR_TOO_LARGE;
    }
    int error = exchange->server == NULL ? SMP_ERR_CLOSED : smpi_loop_enter(exchange->loop);
    if (error == SMP_OK) {
        memcpy(exchange->server->answer, packet, len);
        mark_answered(exchange);
        send_packet(exchange, len);
    }
    if (exchange->state == SMPI_EXCHANGE_DEFERRED) {
        smp_exchange_free(exchange);
    }
    return error;
}

int smp_exchange_defer(struct smp_exchange *exchange, struct smp_exchange **later)
{
    if (exchange == NULL || later == NULL || exchange->state != SMPI_EXCHANGE_RUNNING) {
        return SMP_ERR_INVALID;
    }
    struct smp_server *server = exchange->server;
    struct smp_exchange *handle = smpi_alloc(server->loop, sizeof(*handle));
    if (handle == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    *handle = *exchange;
    handle->packet = NULL;
    handle->payload = (struct smp_bytes){NULL, 0};
    handle->state = SMPI_EXCHANGE_DEFERRED;
    smpi_list_init(&handle->node);
    smpi_list_add(&server->deferred, &handle->node);
    server->in_use++; /* the handle holds a buffer of its own from now on */
    exchange->state = SMPI_EXCHANGE_ANSWERED;
    *later = handle;
    return SMP_OK;
}

void smp_exchange_free(struct smp_exchange *exchange)
{
    if (exchange == NULL || exchange->state != SMPI_EXCHANGE_DEFERRED) {
        return;
    }
    if (exchange->server != NULL) {
        exchange->server->in_use--;
    }
    smpi_list_remove(&exchange->node);
    smpi_free(exchange->loop, exchange);
}

const struct smp_header *smp_exchange_header(const struct smp_exchange *exchange)
{
    return &exchange->header;
}

struct smp_bytes smp_exchange_payload(const struct smp_exchange *exchange)
{
    return exchange->payload;
}

const struct smp_command *smp_exchange_command(const struct smp_exchange *exchange)
{
    return exchange->command;
}

struct smp_transport *smp_exchange_transport(const struct smp_exchange *exchange)
{
    return exchange->transport;
}

struct smp_server *smp_exchange_server(const struct smp_exchange *exchange)
{
    return exchange->server;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls: one request, one answer.  A call keeps its packet until it is done, in
 * a block of the loop's pool.
 */
#include "codec/encode.h"
#include "codec/registry.h"
#include "core/session.h"

#include <string.h>

/* Between the tries of a call that everything waits for. */
enum { HURRY_FIRST_MS = 250, HURRY_MOST_MS = 1000 };

struct smpi_call {
    struct smpi_request request;
    const struct smp_command *command; /* NULL: unknown to the loop */
    smp_callback *done;
    void *user;
    smp_id id;
    uint32_t tries_left;
    uint32_t hurry_to; /* the time for a try doubles up to here, and none is used up; ms */
    size_t len;        /* of the packet */
    uint8_t packet[];  /* header's room, then the payload */
};

static struct smpi_call *call_of(struct smpi_request *request)
{
    return SMPI_OF(request, struct smpi_call, request);
}

/* ---- completion ---- */

static void call_fail(struct smpi_request *request, int error, int system_error)
{
    struct smpi_call *call = call_of(request);
    struct smp_session *session = request->session;
    struct smp_result result = {
        .error = error,
        .command = call->command,
        .system_error = system_error,
        .header = {.op = request->op,
                   .version = session->v1 ? SMP_PROTOCOL_V1 : SMP_PROTOCOL_V2,
                   .sequence = request->sequence,
                   .id = request->command,
                   .group = request->group},
    };
    smp_callback *done = call->done;
    void *user = call->user;
    smp_id id = call->id;
    call->done = NULL;
    if (request->state == SMPI_IDLE) {
        smpi_pool_put(session->loop, call);
    }
    smpi_session_deliver(session, id, done, user, &result);
}

static void call_answer(struct smpi_request *request, const struct smp_header *header,
                        struct smp_bytes payload)
{
    struct smpi_call *call = call_of(request);
    struct smp_session *session = request->session;
    struct smp_result result;
    smpi_session_decode(session, call->id, call->command, header, payload, &result);
    if (smpi_session_switch_version(session, request, &result)) {
        request->has_sequence = false;
        smpi_session_submit(session, request, true);
        return;
    }
    smp_callback *done = call->done;
    void *user = call->user;
    smp_id id = call->id;
    smpi_pool_put(session->loop, call);
    smpi_session_deliver(session, id, done, user, &result);
}

/* ---- sending ---- */

static int call_build(struct smpi_request *request, size_t room, uint8_t **packet, size_t *len)
{
    struct smpi_call *call = call_of(request);
    if (call->len > room) {
        return SMP_ERR_TOO_LARGE;
    }
    *packet = call->packet;
    *len = call->len;
    return SMP_OK;
}

static void call_expire(struct smpi_request *request)
{
    struct smpi_call *call = call_of(request);
    if (request->timeout_ms < call->hurry_to) {
        uint32_t twice = 2 * request->timeout_ms;
        request->timeout_ms = twice < call->hurry_to ? twice : call->hurry_to;
        smpi_session_resend_soon(request->session, request);
        return;
    }
    if (call->tries_left > 0) {
        call->tries_left--;
        smpi_session_resend_soon(request->session, request);
        return;
    }
    smpi_session_abandon(request->session, request);
    call_fail(request, SMP_ERR_TIMEOUT, 0);
}

static void call_release(struct smpi_request *request)
{
    smpi_pool_put(request->session->loop, call_of(request));
}

static const struct smpi_request_ops call_ops = {
    .build = call_build,
    .answer = call_answer,
    .fail = call_fail,
    .expire = call_expire,
    .release = call_release,
};

/* ---- making a call ---- */

static struct smpi_call *call_new(struct smp_session *session, uint16_t group, uint8_t id,
                                  uint8_t op, const struct smp_command *command, size_t payload)
{
    struct smpi_call *call =
        smpi_pool_get(session->loop, sizeof(*call) + SMP_HEADER_SIZE + payload);
    if (call == NULL) {
        return NULL;
    }
    memset(call, 0, sizeof(*call));
    struct smpi_request *request = &call->request;
    const struct smp_session_options *options = &session->options;
    smpi_list_init(&request->node);
    request->session = session;
    request->ops = &call_ops;
    request->group = group;
    request->command = id;
    request->op = op;
    request->timeout_ms = options->timeout_ms;
    request->due = SMPI_NEVER;
    request->deadline = session->loop->now + options->deadline_ms * SMPI_MS;
    call->command = command;
    call->len = SMP_HEADER_SIZE + payload;
    bool repeat = options->retry_all || (command != NULL && smp_command_idempotent(command));
    call->tries_left = repeat ? options->tries - 1 : 0;
    if (repeat && options->hurry_ms != 0 && options->hurry_ms < options->timeout_ms &&
        session->transport != NULL && session->transport->ops.kind == SMP_TRANSPORT_DATAGRAM) {
        request->timeout_ms = options->hurry_ms;
        call->hurry_to = options->timeout_ms;
    }
    return call;
}

static int may_submit(struct smp_session *session)
{
    int error = smpi_session_may_begin(session);
    bool full = session->n_queued >= session->options.queue;
    return error == SMP_OK && full ? SMP_ERR_BUSY : error;
}

/* Puts a payload that stands in the loop's scratch, or elsewhere, on its way. */
static int submit(struct smp_session *session, struct smpi_call *call, smp_callback *done,
                  void *user, smp_id *id)
{
    bool known = session->params != SMPI_PARAMS_NONE && session->params != SMPI_PARAMS_ASKING;
    if (known && call->len > smpi_session_room(session)) {
        smpi_pool_put(session->loop, call);
        return SMP_ERR_TOO_LARGE;
    }
    call->done = done;
    call->user = user;
    call->id = ++session->loop->last_id;
    if (id != NULL) {
        *id = call->id;
    }
    if ((!smpi_session_is_idle(session) && session->options.window != 1) ||
        call->len > SMPI_FALLBACK_PACKET) {
        smpi_session_ask_params(session);
    }
    smpi_session_submit(session, &call->request, false);
    return SMP_OK;
}

int smp_session_call(struct smp_session *session, const struct smp_command *command,
                     const void *request, smp_callback *done, void *user, smp_id *id)
{
    if (session == NULL || command == NULL) {
        return SMP_ERR_INVALID;
    }
    return session->closing ? SMP_ERR_CLOSED
                            : smpi_call_begin(session, command, request, done, user, id);
}

/* A table's request in a call of its own. */
static int prepare(struct smp_session *session, const struct smp_command *command,
                   const void *request, struct smpi_call **call)
{
    int error = may_submit(session);
    if (error != SMP_OK) {
        return error;
    }
    size_t len = 0;
    uint8_t *scratch = session->loop->scratch;
    error = smpi_encode(command->request, request, NULL, scratch, UINT16_MAX, &len, NULL);
    if (error != SMP_OK) {
        return error;
    }
    *call = call_new(session, command->group, command->id, command->op, command, len);
    if (*call == NULL) {
        return SMP_ERR_BUSY;
    }
    memcpy((*call)->packet + SMP_HEADER_SIZE, scratch, len);
    return SMP_OK;
}

int smpi_call_begin(struct smp_session *session, const struct smp_command *command,
                    const void *request, smp_callback *done, void *user, smp_id *id)
{
    struct smpi_call *call;
    int error = prepare(session, command, request, &call);
    return error == SMP_OK ? submit(session, call, done, user, id) : error;
}

int smpi_call_until(struct smp_session *session, const struct smp_command *command,
                    const void *request, uint32_t interval_ms, uint64_t deadline,
                    smp_callback *done, void *user, smp_id *id)
{
    struct smpi_call *call;
    int error = prepare(session, command, request, &call);
    if (error != SMP_OK) {
        return error;
    }
    call->tries_left = UINT32_MAX;
    call->hurry_to = 0;
    call->request.timeout_ms = interval_ms;
    call->request.deadline = deadline;
    return submit(session, call, done, user, id);
}

int smp_session_request(struct smp_session *session, uint16_t group, uint8_t command, uint8_t op,
                        const uint8_t *cbor, size_t len, smp_callback *done, void *user, smp_id *id)
{
    static const uint8_t empty_map[] = {0xa0};
    if (session == NULL || (op != SMP_OP_READ && op != SMP_OP_WRITE) ||
        (cbor == NULL && len != 0)) {
        return SMP_ERR_INVALID;
    }
    if (len > UINT16_MAX) {
        return SMP_ERR_TOO_LARGE;
    }
    int error = session->closing ? SMP_ERR_CLOSED : may_submit(session);
    if (error != SMP_OK) {
        return error;
    }
    if (cbor == NULL) {
        cbor = empty_map;
        len = sizeof(empty_map);
    }
    const struct smp_command *known =
        smpi_registry_command(&session->loop->registry, group, command, op);
    struct smpi_call *call = call_new(session, group, command, op, known, len);
    if (call == NULL) {
        return SMP_ERR_BUSY;
    }
    memcpy(call->packet + SMP_HEADER_SIZE, cbor, len);
    return submit(session, call, done, user, id);
}

int smp_session_forward(struct smp_session *session, const struct smp_header *header,
                        const uint8_t *cbor, size_t len, smp_callback *done, void *user, smp_id *id)
{
    if (session == NULL || header == NULL ||
        (header->op != SMP_OP_READ && header->op != SMP_OP_WRITE) || (cbor == NULL && len != 0)) {
        return SMP_ERR_INVALID;
    }
    if (len > UINT16_MAX) {
        return SMP_ERR_TOO_LARGE;
    }
    int error = session->closing ? SMP_ERR_CLOSED : may_submit(session);
    if (error != SMP_OK) {
        return error;
    }
    const struct smp_command *known =
        smpi_registry_command(&session->loop->registry, header->group, header->id, header->op);
    struct smpi_call *call = call_new(session, header->group, header->id, header->op, known, len);
    if (call == NULL) {
        return SMP_ERR_BUSY;
    }
    call->tries_left = 0;
    call->request.foreign = true;
    call->request.version = header->version;
    if (len > 0) {
        memcpy(call->packet + SMP_HEADER_SIZE, cbor, len);
    }
    return submit(session, call, done, user, id);
}

/*
 * Everything waits for a call of the library's own.  Where packets vanish it is repeated soon, then
 * every second, for as long as the caller's time and tries allow.
 */
static void repeat_soon(const struct smp_session *session, struct smpi_call *call)
{
    const struct smp_session_options *options = &session->options;
    if (session->transport->ops.kind == SMP_TRANSPORT_DATAGRAM &&
        options->timeout_ms > HURRY_MOST_MS) {
        call->hurry_to = HURRY_MOST_MS;
        call->tries_left =
            (uint32_t)((uint64_t)options->timeout_ms * options->tries / HURRY_MOST_MS) - 1;
        call->request.timeout_ms = HURRY_FIRST_MS;
    }
}

int smpi_call_internal(struct smp_session *session, const struct smp_command *command,
                       smp_callback *done, void *user)
{
    struct smpi_call *call =
        call_new(session, command->group, command->id, command->op, command, 1);
    if (call == NULL) {
        return SMP_ERR_BUSY;
    }
    call->packet[SMP_HEADER_SIZE] = 0xa0;
    call->done = done;
    call->user = user;
    repeat_soon(session, call);
    smpi_session_submit(session, &call->request, true);
    return SMP_OK;
}

/* ---- finding one ---- */

static struct smpi_request *find_in(struct smpi_list *list, smp_id id)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->ops == &call_ops && request->state != SMPI_GHOST &&
            call_of(request)->id == id) {
            return request;
        }
    }
    return NULL;
}

struct smpi_request *smpi_call_find(struct smp_session *session, smp_id id)
{
    struct smpi_request *request = find_in(&session->queue, id);
    return request != NULL ? request : find_in(&session->sent, id);
}

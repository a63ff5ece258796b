/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests.  What the session's queue or the loop's pool has no room for waits here, encoded, and
 * is sent in order as soon as there is room.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Longest line that smp_result_text() is asked for. */
enum { TEXT_MAX = 512 };

void shimi_request_free(struct request *request)
{
    shimi_transfer_free(request->transfer);
    shimi_update_free(request->update);
    free(request->reason);
    free(request->done.memory);
    free((char *)request->done.event.text);
    free(request->cbor);
    free(request);
}

static void release_request(struct event *event)
{
    shimi_request_free((struct request *)event);
}

struct request *shimi_request_new(struct shim *shim, int64_t session, int64_t *error)
{
    struct request *request = calloc(1, sizeof(*request));

    *error = SMP_ERR_NO_MEMORY;
    if (!request)
        return NULL;
    *error = shimi_add(shim, OBJECT_REQUEST, request);
    if (*error < 0) {
        free(request);
        return NULL;
    }
    request->shim = shim;
    request->handle = *error;
    request->session = session;
    request->done.release = release_request;
    request->done.event.kind = SHIM_DONE;
    request->done.event.handle = request->handle;
    return request;
}

/* ---- the end of a request ---- */

static void explain(struct request *request, const struct smp_result *result)
{
    struct shim_event *event = &request->done.event;
    const struct smp_loop *loop = request->shim->loop;
    char *text = malloc(TEXT_MAX);

    if (text)
        smp_result_text(loop, result, text, TEXT_MAX);
    event->text = text;
    if (result->error != SMP_ERR_DEVICE)
        return;
    event->code = result->from_group
                      ? smp_group_code(smp_group_find(loop, result->group), result->rc)
                      : smp_rc_find(result->rc);
}

/*
 * Copies what was answered.  What the library made up itself (the end of a file's upload, an update's
 * report) has no CBOR; what an update's payload holds is the answer to its last request.
 */
static int copy_answer(struct request *request, const struct smp_result *result)
{
    struct smp_bytes payload = result->payload;
    uint8_t made_up[SHIM_REPORT_MAX];

    if ((payload.len == 0 || request->update) && result->rsp &&
        smp_message_encode(result->message, result->rsp, made_up, sizeof(made_up), &payload.len) ==
            SMP_OK)
        payload.data = made_up;
    return payload.len > 0 ? shimi_event_fill(&request->done, result->message, true, payload)
                           : SMP_OK;
}

/* An update's reason is not in its report. */
static void copy_reason(struct request *request, struct smp_str reason)
{
    if (!request->update || reason.len == 0)
        return;
    request->reason = malloc(reason.len);
    if (!request->reason)
        return;
    memcpy(request->reason, reason.data, reason.len);
    request->done.event.reason = (struct smp_str){request->reason, reason.len};
}

void shimi_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct request *request = user;
    struct shim_event *event = &request->done.event;

    (void)session;
    event->error = result->error;
    event->system_error = result->system_error;
    event->header = result->header;
    event->has_answer = result->has_answer;
    event->from_group = result->from_group;
    event->group = result->group;
    event->rc = result->rc;
    event->key = result->key;
    event->command = result->command;
    if (copy_answer(request, result) != SMP_OK && event->error == SMP_OK)
        event->error = SMP_ERR_NO_MEMORY;
    copy_reason(request, result->reason);
    if (event->error != SMP_OK)
        explain(request, result);
    request->is_done = true;
    shimi_push(request->shim, &request->done);
}

static void finish(struct request *request, int error)
{
    const struct smp_result result = {.size = sizeof(result),
                                      .error = error,
                                      .header = request->header,
                                      .command = request->command};

    shimi_done(NULL, &result, request);
}

/* ---- waiting in the shim ---- */

static void start_waiting(struct session *session, struct request *request)
{
    struct shim *shim = session->shim;

    if (session->waiting)
        session->waiting_last->next_waiting = request;
    else
        session->waiting = request;
    session->waiting_last = request;
    shim->backlog++;
    if (!session->is_starved) {
        session->is_starved = true;
        session->next_starved = shim->starved;
        shim->starved = session;
    }
}

static void stop_waiting(struct session *session, struct request *request)
{
    struct request *before = NULL;

    for (struct request *r = session->waiting; r != request; r = r->next_waiting)
        before = r;
    if (before)
        before->next_waiting = request->next_waiting;
    else
        session->waiting = request->next_waiting;
    if (session->waiting_last == request)
        session->waiting_last = before;
    request->next_waiting = NULL;
    session->shim->backlog--;
}

/* True: it is on its way, or ended. */
static bool send_waiting(struct session *session, struct request *request)
{
    const struct smp_header *header = &request->header;
    int error = smp_session_request(session->session, header->group, header->id, header->op,
                                    request->cbor, request->len, shimi_done, request, &request->id);

    if (error == SMP_ERR_BUSY)
        return false;
    stop_waiting(session, request);
    free(request->cbor);
    request->cbor = NULL;
    if (error != SMP_OK)
        finish(request, error);
    return true;
}

void shimi_feed(struct shim *shim)
{
    struct session *session = shim->starved;

    shim->starved = NULL;
    while (session) {
        struct session *next = session->next_starved;
        while (session->waiting && send_waiting(session, session->waiting))
            ;
        session->is_starved = session->waiting != NULL;
        shimi_session_drain(session);
        if (session->is_starved) {
            session->next_starved = shim->starved;
            shim->starved = session;
        }
        session = next;
    }
}

void shimi_starve(struct session *session, int error)
{
    while (session->waiting) {
        struct request *request = session->waiting;
        stop_waiting(session, request);
        finish(request, error);
    }
    struct session **at = &session->shim->starved;
    while (session->is_starved && *at != session)
        at = &(*at)->next_starved;
    if (session->is_starved)
        *at = session->next_starved;
    session->is_starved = false;
}

static int keep(struct session *session, struct request *request, const void *record,
                const uint8_t *cbor, size_t len)
{
    static const uint8_t empty_map[] = {0xa0};

    if (session->shim->backlog >= session->shim->backlog_max)
        return SMP_ERR_BUSY;
    if (len > UINT16_MAX)
        return SMP_ERR_TOO_LARGE;
    cbor = cbor ? cbor : empty_map;
    request->len = len ? len : sizeof(empty_map);
    request->cbor = malloc(record ? UINT16_MAX : request->len);
    if (!request->cbor)
        return SMP_ERR_NO_MEMORY;
    if (record) {
        int error = smp_message_encode(smp_command_request(request->command), record, request->cbor,
                                       UINT16_MAX, &request->len);
        if (error != SMP_OK)
            return error;
        uint8_t *shrunk = realloc(request->cbor, request->len);
        request->cbor = shrunk ? shrunk : request->cbor;
    } else {
        memcpy(request->cbor, cbor, request->len);
    }
    start_waiting(session, request);
    return SMP_OK;
}

/* ---- making one ---- */

static int submit(struct session *session, struct request *request, const void *record,
                  const uint8_t *cbor, size_t len)
{
    const struct smp_header *header = &request->header;
    int error = SMP_ERR_BUSY;

    if (session->waiting) /* those come first */
        error = SMP_ERR_BUSY;
    else if (request->command)
        error = smp_session_call(session->session, request->command, record, shimi_done, request,
                                 &request->id);
    else
        error = smp_session_request(session->session, header->group, header->id, header->op, cbor,
                                    len, shimi_done, request, &request->id);
    return error == SMP_ERR_BUSY ? keep(session, request, record, cbor, len) : error;
}

static int64_t make(struct shim *shim, int64_t handle, const struct smp_command *command,
                    const struct smp_header *header, const void *record, const uint8_t *cbor,
                    size_t len)
{
    struct session *session;
    int64_t id = shimi_find(shim, handle, OBJECT_SESSION, &session);
    if (id == SMP_OK && session->is_closing)
        id = SMP_ERR_CLOSED;
    if (id != SMP_OK)
        return id;
    struct request *request = shimi_request_new(shim, handle, &id);
    if (!request)
        return id;
    request->command = command;
    request->header = *header;
    int error = submit(session, request, record, cbor, len);
    if (error != SMP_OK) {
        shimi_remove(shim, request->handle);
        shimi_request_free(request);
        return error;
    }
    return id;
}

int64_t shim_call_struct(struct shim *shim, int64_t session, const struct smp_command *command,
                         const void *record)
{
    if (!command)
        return SMP_ERR_INVALID;
    const struct smp_header header = {.op = smp_command_op(command),
                                      .version = SMP_PROTOCOL_V2,
                                      .group = smp_command_group(command),
                                      .id = smp_command_id(command)};
    return make(shim, session, command, &header, record, NULL, 0);
}

int64_t shim_call(struct shim *shim, int64_t session, uint16_t group, uint8_t command, uint8_t op,
                  const uint8_t *data, size_t len)
{
    struct session *found;
    int error = shimi_find(shim, session, OBJECT_SESSION, &found);
    if (error != SMP_OK)
        return error;
    const struct smp_command *known = smp_command_find(shim->loop, group, command, op);
    if (!known || (op != SMP_OP_READ && op != SMP_OP_WRITE))
        return SMP_ERR_NOT_FOUND;
    const void *record = NULL;
    if (data)
        record = shimi_build(shim, smp_command_request(known), data, len, &error);
    int64_t id = error == SMP_OK ? shim_call_struct(shim, session, known, record) : error;
    shimi_chunks_reset(shim);
    return id;
}

int64_t shim_request(struct shim *shim, int64_t session, uint16_t group, uint8_t command,
                     uint8_t op, const uint8_t *data, size_t len)
{
    const struct smp_header header = {
        .op = op, .version = SMP_PROTOCOL_V2, .group = group, .id = command};

    if ((op != SMP_OP_READ && op != SMP_OP_WRITE) || (!data && len > 0))
        return SMP_ERR_INVALID;
    return make(shim, session, NULL, &header, NULL, data, len);
}

/* ---- ending one early ---- */

int shimi_cancel(struct request *request)
{
    struct session *session;
    int error = request->is_done
                    ? SMP_ERR_CLOSED
                    : shimi_find(request->shim, request->session, OBJECT_SESSION, &session);
    if (error != SMP_OK)
        return error;
    if (request->id != 0) {
        error = smp_session_cancel(session->session, request->id);
        return error == SMP_ERR_NOT_FOUND ? SMP_ERR_CLOSED : error;
    }
    stop_waiting(session, request);
    finish(request, SMP_ERR_CANCELLED);
    shimi_session_drain(session);
    return SMP_OK;
}

int shim_cancel(struct shim *shim, int64_t handle)
{
    struct request *request;
    int error = shimi_find(shim, handle, OBJECT_REQUEST, &request);

    return error == SMP_OK ? shimi_cancel(request) : error;
}

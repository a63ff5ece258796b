/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending, matching answers, and time: the part of a session that every
 * request goes through.
 */
#include "core/session.h"

#include "core/transfer.h"

#include <errno.h>
#include <string.h>

enum {
    DEFAULT_TIMEOUT_MS = 2500,
    DEFAULT_TRIES = 3,
    DEFAULT_GRACE_MS = 4000,
    DEFAULT_DEADLINE_MS = 120000,
    DEFAULT_QUEUE = 64,
    DEFAULT_FIRST_CHUNK_MS = 40000,
    DEFAULT_STALL_MS = 30000,
};

/* ---- the window ---- */

uint32_t smp_session_window(const struct smp_session *session)
{
    uint32_t window = session->options.window;
    if (window == 0) {
        window = session->params == SMPI_PARAMS_KNOWN && session->buf_count > 2
                     ? session->buf_count - 1
                     : 1;
    }
    return window < SMPI_WINDOW_MAX ? window : SMPI_WINDOW_MAX;
}

size_t smpi_session_room(struct smp_session *session)
{
    size_t room = smpi_transport_max_packet(session->transport, NULL);
    uint32_t device = session->params == SMPI_PARAMS_KNOWN ? session->buf_size : 0;
    uint32_t cap = session->options.max_packet;
    if (device == 0) {
        device = cap != 0 ? cap : SMPI_FALLBACK_PACKET;
    }
    room = device < room ? device : room;
    room = cap != 0 && cap < room ? cap : room;
    return session->path_max != 0 && session->path_max < room ? session->path_max : room;
}

uint32_t smp_session_max_packet(const struct smp_session *session)
{
    /* The transport's op wants no const; nothing is changed. */
    return (uint32_t)smpi_session_room((struct smp_session *)(uintptr_t)session);
}

bool smpi_session_step_down(struct smp_session *session, size_t size)
{
    size_t next = smpi_transport_step_down(session->transport, size);
    if (next == 0) {
        return false;
    }
    if (session->path_max == 0 || next < session->path_max) {
        session->path_max = (uint32_t)next;
        smpi_log(session->loop, SMP_LOG_INFO,
                 "packets of %zu bytes do not get through: going on with %zu", size, next);
    }
    return true;
}

/* ---- sequence numbers ---- */

static bool sequence_in_use(const struct smp_session *session, uint8_t sequence)
{
    for (struct smpi_list *n = session->sent.next; n != &session->sent; n = n->next) {
        if (SMPI_OF(n, struct smpi_request, node)->sequence == sequence) {
            return true;
        }
    }
    return false;
}

/* Round robin: the number that rested longest comes first.  False when all 256 are taken. */
static bool take_sequence(struct smp_session *session, uint8_t *sequence)
{
    for (int i = 0; i < 256; i++) {
        uint8_t candidate = session->next_sequence++;
        if (!sequence_in_use(session, candidate)) {
            *sequence = candidate;
            return true;
        }
    }
    return false;
}

/* ---- lists ---- */

static void count_out(struct smp_session *session, struct smpi_request *request)
{
    if (request->state == SMPI_QUEUED) {
        session->n_queued--;
    } else if (request->state != SMPI_IDLE && !request->overtaken) {
        session->places--;
    }
}

void smpi_session_drop(struct smp_session *session, struct smpi_request *request)
{
    count_out(session, request);
    smpi_list_remove(&request->node);
    request->state = SMPI_IDLE;
}

void smpi_session_abandon(struct smp_session *session, struct smpi_request *request)
{
    if (request->state != SMPI_SENT) {
        smpi_session_drop(session, request);
        return;
    }
    request->state = SMPI_GHOST;
    request->deadline = SMPI_NEVER;
    request->due = session->loop->now + session->options.grace_ms * SMPI_MS;
    smpi_session_wake_at(session, request->due);
}

void smpi_session_wake_at(struct smp_session *session, uint64_t due)
{
    if (due != SMPI_NEVER && (session->timer.place == 0 || due < session->timer.due)) {
        smpi_timer_set(session->loop, &session->timer, due);
    }
}

/* ---- sending ---- */

static int transmit(struct smp_session *session, struct smpi_request *request)
{
    uint8_t *packet = NULL;
    size_t len = 0;
    int error = request->ops->build(request, smpi_session_room(session), &packet, &len);
    if (error != SMP_OK) {
        return error;
    }
    const struct smp_header header = {
        .op = request->op,
        .version = session->v1 ? SMP_PROTOCOL_V1 : SMP_PROTOCOL_V2,
        .sequence = request->sequence,
        .id = request->command,
        .group = request->group,
        .length = (uint16_t)(len - SMP_HEADER_SIZE),
    };
    smp_header_encode(&header, packet);
    smpi_log_packet(session->loop, "->", packet, len);
    error = smpi_transport_send(session->transport, NULL, packet, len);
    if (error != SMP_OK) {
        session->blocked = error == SMP_ERR_AGAIN;
        return error;
    }
    session->stats.sent++;
    session->stats.bytes_sent += len;
    request->sends += request->sends < UINT8_MAX;
    request->sent_at = session->loop->now;
    if (request->timeout_ms != 0) {
        request->due = request->sent_at + request->timeout_ms * SMPI_MS;
        smpi_session_wake_at(session, request->due);
    }
    return SMP_OK;
}

int smpi_session_resend(struct smp_session *session, struct smpi_request *request)
{
    int error = transmit(session, request);
    if (error == SMP_OK) {
        session->stats.repeated++;
        if (request->overtaken) {
            request->overtaken = false;
            session->places++;
        }
    }
    return error;
}

/* First sending of a request that is in no list or in the queue. */
static int send_first(struct smp_session *session, struct smpi_request *request)
{
    if (!request->has_sequence) {
        if (!take_sequence(session, &request->sequence)) {
            return SMP_ERR_AGAIN;
        }
        request->has_sequence = true;
    }
    int error = transmit(session, request);
    if (error == SMP_ERR_AGAIN) {
        return error;
    }
    smpi_session_drop(session, request);
    if (error == SMP_OK) {
        request->state = SMPI_SENT;
        request->overtaken = false;
        request->order = session->next_order++;
        session->places++;
        smpi_list_add(&session->sent, &request->node);
    }
    return error;
}

static bool may_send(const struct smp_session *session)
{
    return !session->blocked && !session->dead && session->broken == SMP_OK &&
           session->transport->is_up && session->places < smp_session_window(session);
}

/*
 * Sending failed for good.  Completions never come from inside the submitting
 * call, so the session's task does the rest: a packet that is too large ends
 * alone, a link that is gone ends everything.
 */
static void send_failed(struct smp_session *session, struct smpi_request *request, int error)
{
    request->doom = error;
    request->state = SMPI_QUEUED;
    session->n_queued++;
    smpi_list_add_first(&session->queue, &request->node);
    if (error == SMP_ERR_CLOSED || error == SMP_ERR_REFUSED || error == SMP_ERR_SYSTEM) {
        session->broken = error;
    }
    smpi_task_schedule(session->loop, &session->task);
}

void smpi_session_pump(struct smp_session *session)
{
    struct smpi_list *node = session->queue.next;
    while (node != &session->queue && may_send(session)) {
        struct smpi_request *request = SMPI_OF(node, struct smpi_request, node);
        node = node->next;
        if (request->doom != 0) {
            continue;
        }
        int error = send_first(session, request);
        if (error == SMP_ERR_AGAIN) {
            return;
        }
        if (error != SMP_OK) {
            send_failed(session, request, error);
        }
    }
    while (may_send(session) && smpi_list_empty(&session->queue)) {
        struct smpi_request *request = smpi_transfer_next(session);
        if (request == NULL) {
            break;
        }
        int error = send_first(session, request);
        if (error != SMP_OK) {
            smpi_transfer_unsent(request, error);
            break;
        }
    }
}

void smpi_session_submit(struct smp_session *session, struct smpi_request *request, bool front)
{
    request->state = SMPI_QUEUED;
    session->n_queued++;
    if (front) {
        smpi_list_add_first(&session->queue, &request->node);
    } else {
        smpi_list_add(&session->queue, &request->node);
    }
    smpi_session_wake_at(session, request->deadline);
    smpi_session_pump(session);
}

/* ---- receiving ---- */

static struct smpi_request *match(struct smp_session *session, const struct smp_header *header)
{
    for (struct smpi_list *n = session->sent.next; n != &session->sent; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->sequence == header->sequence && request->group == header->group &&
            request->command == header->id && request->op + 1 == header->op) {
            return request;
        }
    }
    return NULL;
}

/* Devices answer in order: those sent before this one will not be answered any more. */
static void overtake(struct smp_session *session, const struct smpi_request *answered)
{
    for (struct smpi_list *n = session->sent.next; n != &answered->node; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (!request->overtaken && request->sends == 1) {
            request->overtaken = true;
            session->places--;
            session->stats.lost++;
        }
    }
}

static void on_received(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                        const uint8_t *packet, size_t len)
{
    struct smp_session *session = user;
    struct smp_header header;
    (void)transport;
    (void)peer;
    session->stats.bytes_received += len;
    smpi_log_packet(session->loop, "<-", packet, len);
    if (smp_header_decode(packet, len, &header) != SMP_OK ||
        header.length > len - SMP_HEADER_SIZE) {
        session->stats.strange++;
        return;
    }
    struct smpi_request *request = match(session, &header);
    if (request == NULL) {
        session->stats.strange++;
        smpi_log(session->loop, SMP_LOG_INFO, "answer that matches no request: dropped");
        return;
    }
    overtake(session, request);
    bool ghost = request->state == SMPI_GHOST;
    smpi_session_drop(session, request);
    if (ghost) {
        session->stats.late++;
        request->ops->release(request);
    } else {
        session->stats.answered++;
        if (header.version == SMP_PROTOCOL_V1) {
            session->v1 = true;
        }
        const struct smp_bytes payload = {packet + SMP_HEADER_SIZE, header.length};
        request->ops->answer(request, &header, payload);
    }
    if (!session->dead) {
        smpi_session_pump(session);
    }
}

static void on_writable(void *user, struct smp_transport *transport)
{
    struct smp_session *session = user;
    (void)transport;
    session->blocked = false;
    smpi_session_pump(session);
}

static void report_link(struct smp_session *session, int reason)
{
    if (session->options.link != NULL) {
        smpi_enter_user(session->loop);
        session->options.link(session, reason, session->options.link_user);
        smpi_leave_user(session->loop);
    }
}

static void on_up(void *user, struct smp_transport *transport)
{
    struct smp_session *session = user;
    (void)transport;
    session->blocked = false;
    if (session->params == SMPI_PARAMS_UNKNOWN) {
        session->params = SMPI_PARAMS_NONE;
    }
    report_link(session, SMP_OK);
    smpi_session_pump(session);
}

/* Ends everything.  New requests made by the callbacks meanwhile are not touched. */
static void end_all(struct smp_session *session, int reason, int system_error)
{
    const uint64_t before = session->next_order;
    struct smpi_list doomed;
    smpi_list_init(&doomed);
    while (!smpi_list_empty(&session->queue)) {
        struct smpi_list *node = session->queue.next;
        smpi_list_remove(node);
        smpi_list_add(&doomed, node);
    }
    for (;;) {
        struct smpi_list *node = session->sent.next;
        if (node == &session->sent || SMPI_OF(node, struct smpi_request, node)->order >= before) {
            break;
        }
        struct smpi_request *request = SMPI_OF(node, struct smpi_request, node);
        bool ghost = request->state == SMPI_GHOST;
        smpi_session_drop(session, request);
        if (ghost) {
            request->ops->release(request);
        } else {
            request->ops->fail(request, reason, system_error);
        }
    }
    while (!smpi_list_empty(&doomed)) {
        struct smpi_request *request = SMPI_OF(doomed.next, struct smpi_request, node);
        smpi_session_drop(session, request);
        request->ops->fail(request, reason, system_error);
    }
    smpi_transfers_end(session, reason, system_error);
}

static void on_down(void *user, struct smp_transport *transport, int reason, int system_error)
{
    struct smp_session *session = user;
    (void)transport;
    smpi_log(session->loop, SMP_LOG_WARN, "link down: %s", smp_error_text(reason));
    end_all(session, reason, system_error);
    if (!session->dead) {
        report_link(session, reason);
    }
}

const struct smpi_sink smpi_session_sink = {
    .received = on_received,
    .writable = on_writable,
    .up = on_up,
    .down = on_down,
};

/* ---- time ---- */

/* One request whose time may be over.  True: lists may have changed, look again from the start. */
static bool check_time(struct smp_session *session, struct smpi_request *request)
{
    uint64_t now = session->loop->now;
    if (request->deadline <= now && request->state != SMPI_GHOST) {
        smpi_session_abandon(session, request);
        request->ops->fail(request, SMP_ERR_TIMEOUT, 0);
        return true;
    }
    if (request->due > now || request->state == SMPI_QUEUED) {
        return false;
    }
    if (request->state == SMPI_GHOST) {
        smpi_session_drop(session, request);
        request->ops->release(request);
    } else {
        session->stats.lost += !request->overtaken;
        request->ops->expire(request);
    }
    return true;
}

static bool check_list(struct smp_session *session, struct smpi_list *list, uint64_t *next)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (check_time(session, request)) {
            return true;
        }
        uint64_t due = request->state == SMPI_QUEUED ? SMPI_NEVER : request->due;
        due = request->deadline < due ? request->deadline : due;
        *next = due < *next ? due : *next;
    }
    return false;
}

static void on_timer(struct smpi_timer *timer)
{
    struct smp_session *session = SMPI_OF(timer, struct smp_session, timer);
    uint64_t next;
    do {
        next = SMPI_NEVER;
    } while (!session->dead && !session->loop->wait.done &&
             (check_list(session, &session->sent, &next) ||
              check_list(session, &session->queue, &next)));
    if (session->dead) {
        return;
    }
    smpi_session_wake_at(session, session->loop->wait.done ? session->loop->now : next);
    smpi_session_pump(session);
}

/* Completes the first doomed request of a list.  True: there was one. */
static bool end_doomed(struct smp_session *session, struct smpi_list *list)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->doom != 0 && request->state != SMPI_GHOST) {
            smpi_session_abandon(session, request);
            request->ops->fail(request, request->doom, 0);
            return true;
        }
    }
    return false;
}

/* Completes what was cancelled or could not be sent. */
static void on_task(struct smpi_task *task)
{
    struct smp_session *session = SMPI_OF(task, struct smp_session, task);
    int broken = session->broken;
    session->broken = SMP_OK;
    if (broken != SMP_OK) {
        end_all(session, broken, errno);
    }
    while (!session->dead &&
           (end_doomed(session, &session->queue) || end_doomed(session, &session->sent))) {
    }
    if (!session->dead) {
        smpi_transfers_cancelled(session);
    }
    if (!session->dead) {
        smpi_session_pump(session);
    }
}

/* ---- making and freeing ---- */

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value == 0 ? otherwise : *value;
}

static void own_options(struct smp_session_options *own, const struct smp_session_options *options)
{
    if (options != NULL) {
        memcpy(own, options, options->size < sizeof(*own) ? options->size : sizeof(*own));
    }
    own->size = sizeof(*own);
    default_to(&own->timeout_ms, DEFAULT_TIMEOUT_MS);
    default_to(&own->tries, DEFAULT_TRIES);
    default_to(&own->grace_ms, DEFAULT_GRACE_MS);
    if (own->deadline_ms == 0) {
        uint64_t all = 2 * (uint64_t)own->timeout_ms * own->tries;
        own->deadline_ms = all < DEFAULT_DEADLINE_MS ? DEFAULT_DEADLINE_MS
                           : all > UINT32_MAX        ? UINT32_MAX
                                                     : (uint32_t)all;
    }
    default_to(&own->queue, DEFAULT_QUEUE);
    default_to(&own->first_chunk_ms, DEFAULT_FIRST_CHUNK_MS);
    default_to(&own->stall_ms, DEFAULT_STALL_MS);
}

int smp_session_new(struct smp_transport *transport, const struct smp_session_options *options,
                    struct smp_session **session)
{
    if (transport == NULL || session == NULL || (options != NULL && options->size == 0)) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = transport->loop;
    int error = smpi_loop_enter(loop);
    if (error != SMP_OK) {
        return error;
    }
    struct smp_session *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    made->transport = transport;
    own_options(&made->options, options);
    smpi_list_init(&made->queue);
    smpi_list_init(&made->sent);
    smpi_list_init(&made->transfers);
    smpi_task_init(&made->task, on_task);
    made->v1 = made->options.v1;
    made->params = made->options.no_params ? SMPI_PARAMS_UNKNOWN : SMPI_PARAMS_NONE;
    made->next_sequence = (uint8_t)smpi_random(loop);
    made->stats.size = sizeof(made->stats);
    error = smpi_timer_make(loop, &made->timer, on_timer);
    if (error != SMP_OK) {
        smpi_free(loop, made);
        return error;
    }
    error = smpi_pool_reserve(loop, SMPI_BLOCK_SMALL, 2);
    error = error == SMP_OK ? smpi_transport_attach(transport, &smpi_session_sink, made) : error;
    if (error != SMP_OK) {
        smpi_timer_unmake(loop, &made->timer);
        smpi_free(loop, made);
        return error;
    }
    loop->users++;
    *session = made;
    return SMP_OK;
}

void smp_session_free(struct smp_session *session)
{
    if (session == NULL || session->dead) {
        return;
    }
    struct smp_loop *loop = session->loop;
    session->dead = true;
    end_all(session, SMP_ERR_CLOSED, 0);
    smpi_transport_detach(session->transport);
    smpi_task_cancel(&session->task);
    smpi_timer_unmake(loop, &session->timer);
    loop->users--;
    smpi_bury(loop, &session->corpse, smpi_free, session);
}

struct smp_loop *smp_session_loop(const struct smp_session *session)
{
    return session->loop;
}

void smp_session_get_stats(const struct smp_session *session, struct smp_session_stats *stats)
{
    size_t size = stats->size < sizeof(*stats) ? stats->size : sizeof(*stats);
    memcpy(stats, &session->stats, size);
    stats->size = size;
}

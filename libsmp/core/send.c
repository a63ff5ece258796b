/* SPDX-License-Identifier: Apache-2.0 */
/* Sequence numbers, lists, and what may be sent when. */
#include "core/session.h"
#include "core/transfer.h"

#include <errno.h>

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

static bool has_place(const struct smpi_request *request)
{
    return (request->state == SMPI_SENT || request->state == SMPI_GHOST) && !request->overtaken;
}

static bool is_repeated(const struct smpi_request *request)
{
    return request->state == SMPI_SENT && !request->overtaken && request->sends > 1;
}

/* Call before and after anything that counts has changed: takes a request out of the counts. */
static void count_out(struct smp_session *session, struct smpi_request *request)
{
    if (request->tally != NULL) {
        *request->tally -= request->state == SMPI_SENT && !request->overtaken;
    }
    session->n_queued -= request->state == SMPI_QUEUED;
    session->places -= has_place(request);
    session->repeated -= is_repeated(request);
    session->n_again -= request->again;
}

static void count_in(struct smp_session *session, struct smpi_request *request)
{
    if (request->tally != NULL) {
        *request->tally += request->state == SMPI_SENT && !request->overtaken;
    }
    session->n_queued += request->state == SMPI_QUEUED;
    session->places += has_place(request);
    session->repeated += is_repeated(request);
    session->n_again += request->again;
}

void smpi_session_drop(struct smp_session *session, struct smpi_request *request)
{
    count_out(session, request);
    smpi_list_remove(&request->node);
    request->state = SMPI_IDLE;
    request->again = false;
}

void smpi_session_abandon(struct smp_session *session, struct smpi_request *request)
{
    if (request->state != SMPI_SENT) {
        smpi_session_drop(session, request);
        return;
    }
    count_out(session, request);
    request->state = SMPI_GHOST;
    request->again = false;
    request->due = session->loop->now + session->options.grace_ms * SMPI_MS;
    count_in(session, request);
    smpi_session_wake_at(session, request->due);
}

void smpi_session_overtake(struct smp_session *session, struct smpi_request *request)
{
    count_out(session, request);
    request->overtaken = true;
    count_in(session, request);
    session->stats.lost++;
}

void smpi_session_wake_at(struct smp_session *session, uint64_t due)
{
    if (due != SMPI_NEVER && (session->timer.place == 0 || due < session->timer.due)) {
        smpi_timer_set(session->loop, &session->timer, due);
    }
}

/* ---- one packet ---- */

bool smpi_is_link_error(int error)
{
    return error == SMP_ERR_CLOSED || error == SMP_ERR_REFUSED || error == SMP_ERR_SYSTEM;
}

/* Builds the packet and gives it to the link.  User code may run: a source, the log. */
static int build_and_send(struct smp_session *session, struct smpi_request *request, size_t *len)
{
    uint8_t *packet = NULL;
    int error = request->ops->build(request, smpi_session_room(session), &packet, len);
    if (error != SMP_OK) {
        return error;
    }
    if (!request->foreign) {
        request->version = session->v1 ? SMP_PROTOCOL_V1 : SMP_PROTOCOL_V2;
    }
    const struct smp_header header = {
        .op = request->op,
        .version = request->version,
        .sequence = request->sequence,
        .id = request->command,
        .group = request->group,
        .length = (uint16_t)(*len - SMP_HEADER_SIZE),
    };
    smp_header_encode(&header, packet);
    smpi_log_packet(session->loop, "->", packet, *len);
    if (session->dead || session->transport == NULL) {
        return SMP_ERR_CLOSED;
    }
    errno = 0;
    error = smpi_transport_send(session->transport, NULL, packet, *len);
    session->blocked = error == SMP_ERR_AGAIN;
    session->system_error = smpi_is_link_error(error) ? errno : 0;
    return error;
}

static int transmit(struct smp_session *session, struct smpi_request *request)
{
    size_t len = 0;
    if (!smpi_session_is_up(session)) {
        return SMP_ERR_CLOSED;
    }
    session->loop->building = true;
    int error = build_and_send(session, request, &len);
    session->loop->building = false;
    if (error != SMP_OK) {
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
    if (request->ops->sent != NULL) {
        request->ops->sent(request);
    }
    return SMP_OK;
}

int smpi_session_resend(struct smp_session *session, struct smpi_request *request)
{
    count_out(session, request);
    int error = transmit(session, request);
    if (session->dead) { /* all requests are gone */
        return error;
    }
    if (error == SMP_OK) {
        session->stats.repeated++;
        request->overtaken = false;
        request->again = false;
    }
    count_in(session, request);
    return error;
}

void smpi_session_resend_soon(struct smp_session *session, struct smpi_request *request)
{
    count_out(session, request);
    request->again = true;
    request->due = SMPI_NEVER;
    count_in(session, request);
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
    if (error == SMP_ERR_AGAIN || session->dead) {
        return error;
    }
    if (request->state == SMPI_IDLE) {
        request->order = session->next_order++;
    }
    smpi_session_drop(session, request);
    if (error == SMP_OK) {
        request->state = SMPI_SENT;
        request->overtaken = false;
        smpi_list_add(&session->sent, &request->node);
        count_in(session, request);
    }
    return error;
}

/* ---- what may be sent ---- */

static bool link_takes(const struct smp_session *session)
{
    return !session->blocked && !session->dead && session->broken == SMP_OK &&
           smpi_session_is_up(session);
}

static bool may_send(const struct smp_session *session)
{
    return link_takes(session) && session->places < smp_session_window(session);
}

/*
 * A repeat goes to a device that may still hold the first copy.  One at a time: where the
 * device is only slow, copies of everything would be more than it has buffers for.
 */
static bool may_repeat(const struct smp_session *session, const struct smpi_request *request)
{
    if (request->overtaken) {
        return session->places < smp_session_window(session);
    }
    return request->sends > 1 || session->repeated == 0;
}

void smpi_session_break(struct smp_session *session, int error)
{
    session->broken = error;
    smpi_task_schedule(session->loop, &session->task);
}

/*
 * Sending failed for good.  Completions never come from inside the submitting call, so the
 * session's task does the rest: a packet that is too large ends alone, a link that is gone
 * ends everything.
 */
static void send_failed(struct smp_session *session, struct smpi_request *request, int error)
{
    request->doom = error;
    if (smpi_is_link_error(error)) {
        session->broken = error;
    }
    smpi_task_schedule(session->loop, &session->task);
}

static void send_repeats(struct smp_session *session)
{
    struct smpi_list *node = session->sent.next;
    while (session->n_again > 0 && node != &session->sent && link_takes(session)) {
        struct smpi_request *request = SMPI_OF(node, struct smpi_request, node);
        node = node->next;
        if (!request->again || request->doom != 0 || !may_repeat(session, request)) {
            continue;
        }
        int error = smpi_session_resend(session, request);
        if (error != SMP_OK && error != SMP_ERR_AGAIN && !session->dead) {
            send_failed(session, request, error);
        }
    }
}

static struct smpi_request *next_queued(struct smp_session *session)
{
    for (struct smpi_list *n = session->queue.next; n != &session->queue; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->doom == 0) {
            return request;
        }
    }
    return NULL;
}

/* True: nothing is left in the queue that waits for its turn. */
static bool send_queue(struct smp_session *session)
{
    struct smpi_request *request = next_queued(session);
    while (request != NULL && may_send(session)) {
        int error = send_first(session, request);
        if (error == SMP_ERR_AGAIN || session->dead) {
            return false;
        }
        if (error != SMP_OK) {
            request->state = SMPI_QUEUED;
            count_in(session, request);
            smpi_list_add_first(&session->queue, &request->node);
            send_failed(session, request, error);
        }
        request = next_queued(session);
    }
    return request == NULL;
}

static void send_chunks(struct smp_session *session)
{
    while (may_send(session)) {
        struct smpi_request *request = smpi_transfer_next(session);
        if (request == NULL) {
            return;
        }
        int error = send_first(session, request);
        if (error != SMP_OK) {
            smpi_transfer_unsent(request, error);
            return;
        }
    }
}

void smpi_session_pump(struct smp_session *session)
{
    send_repeats(session);
    if (send_queue(session)) {
        send_chunks(session);
    }
}

void smpi_session_submit(struct smp_session *session, struct smpi_request *request, bool front)
{
    request->state = SMPI_QUEUED;
    request->sends = 0;
    request->order = session->next_order++;
    count_in(session, request);
    if (front) {
        smpi_list_add_first(&session->queue, &request->node);
    } else {
        smpi_list_add(&session->queue, &request->node);
    }
    smpi_session_wake_at(session, request->deadline);
    smpi_session_pump(session);
}

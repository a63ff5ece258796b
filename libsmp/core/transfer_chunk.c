/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer's chunks: what is in their packets, who hears of their answers, which is next. */
#include "core/transfer.h"

#include <string.h>

struct smpi_chunk *smpi_chunk_of(struct smpi_request *request)
{
    return SMPI_OF(request, struct smpi_chunk, request);
}

bool smpi_chunk_on_the_way(const struct smpi_chunk *chunk)
{
    return chunk->request.state == SMPI_SENT && !chunk->request.overtaken;
}

struct smpi_chunk *smpi_transfer_oldest(struct smpi_transfer *transfer)
{
    struct smpi_chunk *oldest = NULL;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (smpi_chunk_on_the_way(chunk) && (oldest == NULL || chunk->serial < oldest->serial)) {
            oldest = chunk;
        }
    }
    return oldest;
}

/* More than this is never tried. */
static uint32_t window_cap(const struct smpi_transfer *transfer)
{
    uint32_t cap = smpi_session_window_cap(transfer->session);
    uint32_t wanted = transfer->options.window;
    uint32_t most = SMPI_CHUNKS_MAX - SMPI_CHUNKS_SPARE;
    cap = wanted != 0 && wanted < cap ? wanted : cap;
    return cap < most ? cap : most;
}

uint32_t smpi_transfer_window(const struct smpi_transfer *transfer)
{
    uint32_t now = transfer->session->window.now;
    uint32_t cap = window_cap(transfer);
    return now < cap ? now : cap;
}

void smpi_transfer_in_order(struct smpi_transfer *transfer)
{
    smpi_session_luck(transfer->session, 0, true);
    /* Only a window that was full says anything about a larger one. */
    if (transfer->on_the_way + 1 >= smpi_transfer_window(transfer)) {
        smpi_window_good(&transfer->session->window, window_cap(transfer));
    }
}

void smpi_transfer_gap(struct smpi_transfer *transfer)
{
    smpi_window_gap(&transfer->session->window, smpi_transfer_window(transfer));
}

bool smpi_chunk_is_old(const struct smpi_chunk *chunk)
{
    return chunk->serial <= chunk->transfer->recovery;
}

/* ---- one chunk ---- */

static int chunk_build(struct smpi_request *request, size_t room, uint8_t **packet, size_t *len)
{
    struct smpi_chunk *chunk = smpi_chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    uint64_t rest = transfer->total - chunk->offset;
    uint32_t most = transfer->options.chunk != 0 ? transfer->options.chunk : UINT16_MAX;
    uint32_t data = rest < most ? (uint32_t)rest : most;
    chunk->packet = 0;
    if (transfer->state == SMPI_TRANSFER_STARTING && transfer->first_room != 0 &&
        transfer->first_room < room) {
        room = transfer->first_room;
    }
    if (room <= SMP_HEADER_SIZE) {
        return SMP_ERR_TOO_LARGE;
    }
    *packet = session->loop->scratch;
    transfer->source_waits = true; /* before: the source itself may say that it goes on */
    int error = transfer->ops->build(transfer, chunk->offset, *packet + SMP_HEADER_SIZE,
                                     room - SMP_HEADER_SIZE, len, &data);
    if (error != SMP_ERR_AGAIN) {
        transfer->source_waits = false;
    }
    if (session->dead) { /* the source freed it */
        return SMP_ERR_CLOSED;
    }
    if (error != SMP_OK) {
        return error;
    }
    *len += SMP_HEADER_SIZE;
    chunk->len = chunk->missing ? chunk->len : data;
    chunk->packet = (uint32_t)*len;
    return SMP_OK;
}

static void chunk_sent(struct smpi_request *request)
{
    struct smpi_chunk *chunk = smpi_chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    chunk->serial = ++transfer->serial;
    transfer->unheard++;
    transfer->sent_at = transfer->session->loop->now;
    transfer->probed = transfer->probing;
    transfer->last_chunk = chunk->len;
    if (!chunk->missing) {
        chunk->fresh = request->sends == 1 && chunk->offset >= transfer->high;
        transfer->next = chunk->offset + chunk->len;
        transfer->high = transfer->next > transfer->high ? transfer->next : transfer->high;
    }
    if (transfer->rto_due == SMPI_NEVER) {
        transfer->rto_due = transfer->session->loop->now + transfer->rto;
    }
    smpi_transfer_set_timer(transfer);
}

static void chunk_answer(struct smpi_request *request, const struct smp_header *header,
                         struct smp_bytes payload)
{
    struct smpi_chunk *chunk = smpi_chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    struct smp_result result;
    if (transfer->cancelled) {
        return; /* the session's task completes it */
    }
    if (transfer->timeouts > 0 || !smpi_chunk_is_old(chunk)) {
        transfer->probing = false;
    }
    if (transfer->timeouts > 0) { /* the device was busy, and nothing lost */
        smpi_session_was_late(session, chunk->packet);
    }
    transfer->timeouts = 0;
    transfer->unheard = transfer->on_the_way;
    if (transfer->state == SMPI_TRANSFER_MOVING && request->sends == 1) { /* Karn */
        smpi_transfer_measure(transfer, session->loop->now - request->sent_at);
    }
    smpi_session_decode(session, transfer->id, transfer->ops->command, header, payload, &result);
    if (transfer->state == SMPI_TRANSFER_STARTING || transfer->state == SMPI_TRANSFER_MOVING) {
        /* else what is told when asked counts */
        transfer->way->answer(chunk, &result);
    }
    if (transfer->state != SMPI_TRANSFER_OVER) {
        smpi_transfer_restart_rto(transfer);
        smpi_transfer_set_timer(transfer);
    }
}

static void chunk_fail(struct smpi_request *request, int error, int system_error)
{
    /* The link is gone: smpi_transfers_end() follows and ends the whole. */
    (void)request;
    (void)error;
    (void)system_error;
}

/* A place given to a probe, long ago: no answer will come. */
static void chunk_expire(struct smpi_request *request)
{
    smpi_session_drop(request->session, request);
}

static void chunk_release(struct smpi_request *request)
{
    smpi_transfer_free_if_unused(smpi_chunk_of(request)->transfer);
}

static const struct smpi_request_ops chunk_ops = {
    .build = chunk_build,
    .sent = chunk_sent,
    .answer = chunk_answer,
    .fail = chunk_fail,
    .expire = chunk_expire,
    .release = chunk_release,
};

struct smpi_request *smpi_chunk_prepare(struct smpi_chunk *chunk)
{
    const struct smp_command *command = chunk->transfer->ops->command;
    chunk->request = (struct smpi_request){
        .session = chunk->transfer->session,
        .ops = &chunk_ops,
        .group = command->group,
        .command = command->id,
        .op = command->op,
        .due = SMPI_NEVER,
        .deadline = SMPI_NEVER,
        .tally = &chunk->transfer->on_the_way,
    };
    smpi_list_init(&chunk->request.node);
    return &chunk->request;
}

struct smpi_request *smpi_transfer_prepare(struct smpi_transfer *transfer, uint64_t offset)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (chunk->request.state == SMPI_IDLE && !chunk->missing) {
            *chunk = (struct smpi_chunk){.transfer = transfer, .offset = offset};
            return smpi_chunk_prepare(chunk);
        }
    }
    return NULL;
}

/* ---- what goes next ---- */

/* The first chunk: alone, and small enough that no link swallows it. */
static struct smpi_request *first_chunk(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    if (transfer->on_the_way > 0) {
        return NULL;
    }
    if (!transfer->started) {
        transfer->started = true;
        transfer->seldom = false;
        transfer->first_room = (uint32_t)smpi_session_smaller(session, smpi_session_room(session));
        transfer->rto = smpi_transfer_first_rto(transfer);
        transfer->rto_due = SMPI_NEVER;
        smpi_transfer_expect_first(transfer);
        transfer->report_due = true;
        smpi_task_schedule(session->loop, &session->task);
    }
    return smpi_transfer_prepare(transfer, 0);
}

static struct smpi_request *next_of(struct smpi_transfer *transfer)
{
    if (transfer->paused || transfer->source_waits || transfer->cancelled ||
        transfer->failed != SMP_OK || transfer->state == SMPI_TRANSFER_ASKING ||
        transfer->state == SMPI_TRANSFER_WAITING || smpi_session_ask_params(transfer->session)) {
        return NULL;
    }
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        return first_chunk(transfer);
    }
    bool may = transfer->probing ? !transfer->probed
                                 : transfer->on_the_way < smpi_transfer_window(transfer);
    return may ? transfer->way->next(transfer) : NULL;
}

struct smpi_request *smpi_transfer_next(struct smp_session *session)
{
    if (smpi_list_empty(&session->transfers)) {
        return NULL;
    }
    if (!session->loop->turning) { /* sources are never read from inside a call */
        smpi_task_schedule(session->loop, &session->task);
        return NULL;
    }
    for (struct smpi_list *n = session->transfers.next; n != &session->transfers; n = n->next) {
        struct smpi_request *request = next_of(SMPI_OF(n, struct smpi_transfer, node));
        if (request != NULL) {
            smpi_list_remove(n); /* the others come first next time */
            smpi_list_add(&session->transfers, n);
            return request;
        }
    }
    return NULL;
}

void smpi_transfer_unsent(struct smpi_request *request, int error)
{
    struct smp_session *session = request->session;
    struct smpi_chunk *chunk = smpi_chunk_of(request);
    if (session->dead || error == SMP_ERR_AGAIN) {
        return; /* the link or the source will call */
    }
    if (smpi_is_link_error(error)) {
        smpi_session_break(session, error);
        return;
    }
    /* Too large for the link, not for the group: cut smaller and try again. */
    bool again = error == SMP_ERR_TOO_LARGE && chunk->packet != 0 &&
                 (smpi_session_room(session) < chunk->packet ||
                  smpi_session_step_down(session, chunk->packet));
    if (!again) {
        chunk->transfer->failed = error;
    }
    smpi_task_schedule(session->loop, &session->task);
}

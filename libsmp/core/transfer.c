/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: what to send next, what an answer means, when to give up. */
#include "core/transfer.h"

#include <string.h>

#define RTO_FIRST (1000 * SMPI_MS)
#define RTO_MIN (200 * SMPI_MS)
#define RTO_MAX (10000 * SMPI_MS)

/* Gaps, refusals or restarts without a single byte of progress between them. */
enum { SETBACKS_MAX = 20 };

/* Unanswered tries after which smaller packets are worth a try. */
enum { TRIES_BEFORE_SMALLER = 2 };

static struct smpi_chunk *chunk_of(struct smpi_request *request)
{
    return SMPI_OF(request, struct smpi_chunk, request);
}

static bool is_on_the_way(const struct smpi_chunk *chunk)
{
    return chunk->request.state == SMPI_SENT && !chunk->request.overtaken;
}

static uint32_t on_the_way(const struct smpi_transfer *transfer)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        count += is_on_the_way(&transfer->chunks[i]);
    }
    return count;
}

static uint32_t window_of(const struct smpi_transfer *transfer)
{
    uint32_t window = smp_session_window(transfer->session);
    uint32_t wanted = transfer->options.window;
    window = wanted != 0 && wanted < window ? wanted : window;
    window = transfer->limit != 0 && transfer->limit < window ? transfer->limit : window;
    uint32_t most = SMPI_CHUNKS_MAX - SMPI_CHUNKS_SPARE;
    return window < most ? window : most;
}

static uint32_t patience(uint32_t own_ms, uint32_t session_ms)
{
    return own_ms != 0 ? own_ms : session_ms;
}

static void stall_from_now(struct smpi_transfer *transfer)
{
    transfer->give_up =
        transfer->session->loop->now +
        patience(transfer->options.stall_ms, transfer->session->options.stall_ms) * SMPI_MS;
}

static void set_timer(struct smpi_transfer *transfer)
{
    uint64_t due =
        transfer->rto_due < transfer->give_up ? transfer->rto_due : transfer->give_up;
    if (due == SMPI_NEVER) {
        smpi_timer_cancel(transfer->session->loop, &transfer->timer);
    } else if (transfer->timer.place == 0 || transfer->timer.due != due) {
        smpi_timer_set(transfer->session->loop, &transfer->timer, due);
    }
}

/* The retransmission clock runs while something is on the way, from the last event on. */
static void restart_clock(struct smpi_transfer *transfer)
{
    transfer->rto_due = on_the_way(transfer) == 0
                            ? SMPI_NEVER
                            : transfer->session->loop->now + transfer->rto;
}

/* ---- the end ---- */

/* Frees the memory once no packet of it can be answered any more. */
static void free_if_unused(struct smpi_transfer *transfer)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        if (transfer->chunks[i].request.state != SMPI_IDLE) {
            return;
        }
    }
    smpi_bury(transfer->session->loop, &transfer->corpse, smpi_free, transfer);
}

static void complete(struct smpi_transfer *transfer, struct smp_result *result)
{
    struct smp_session *session = transfer->session;
    smp_callback *done = transfer->done;
    void *user = transfer->user;
    smp_id id = transfer->id;
    transfer->state = SMPI_TRANSFER_OVER;
    smpi_list_remove(&transfer->node);
    smpi_timer_unmake(session->loop, &transfer->timer);
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_request *request = &transfer->chunks[i].request;
        if (request->state == SMPI_SENT && request->overtaken) {
            smpi_session_drop(session, request);
        } else if (request->state == SMPI_SENT) {
            smpi_session_abandon(session, request);
        }
    }
    free_if_unused(transfer);
    smpi_session_deliver(session, id, done, user, result);
}

static void fail(struct smpi_transfer *transfer, int error, int system_error)
{
    const struct smp_command *command = transfer->ops->command;
    struct smp_result result = {
        .error = error,
        .command = command,
        .system_error = system_error,
        .header = {.op = command->op, .id = command->id, .group = command->group},
    };
    complete(transfer, &result);
}

/* ---- progress ---- */

static void report(struct smpi_transfer *transfer, enum smp_phase phase)
{
    struct smp_loop *loop = transfer->session->loop;
    if (transfer->options.progress == NULL) {
        return;
    }
    struct smp_progress progress = {
        .size = sizeof(progress),
        .phase = phase,
        .done = transfer->acked,
        .total = transfer->source.length,
        .start = transfer->start,
        .chunk = transfer->last_chunk,
        .window = window_of(transfer),
    };
    uint64_t took = loop->now - transfer->first_answer;
    uint64_t sent = transfer->acked - transfer->start;
    if (phase != SMP_PHASE_STARTING && took > 0 && sent > 0) {
        progress.rate = (uint64_t)((double)sent * 1e9 / (double)took);
        progress.left_ms = (uint64_t)((double)(progress.total - progress.done) * (double)took /
                                      (double)sent / 1e6);
    }
    smpi_enter_user(loop);
    transfer->options.progress(transfer->session, &progress, transfer->user);
    smpi_leave_user(loop);
}

/* ---- sending ---- */

static int chunk_build(struct smpi_request *request, size_t room, uint8_t **packet, size_t *len)
{
    struct smpi_chunk *chunk = chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    uint32_t data = chunk->len;
    bool fresh = data == 0;
    if (transfer->state == SMPI_TRANSFER_STARTING && transfer->first_room != 0 &&
        transfer->first_room < room) {
        room = transfer->first_room;
    }
    if (fresh) {
        uint64_t rest = transfer->source.length - chunk->offset;
        uint32_t most = transfer->options.chunk != 0 ? transfer->options.chunk : UINT16_MAX;
        data = rest < most ? (uint32_t)rest : most;
    }
    if (room <= SMP_HEADER_SIZE) {
        return SMP_ERR_TOO_LARGE;
    }
    *packet = transfer->session->loop->scratch;
    int error = transfer->ops->build(transfer, chunk->offset, *packet + SMP_HEADER_SIZE,
                                     room - SMP_HEADER_SIZE, len, &data);
    if (error != SMP_OK) {
        transfer->source_waits = error == SMP_ERR_AGAIN;
        chunk->packet = 0;
        return error;
    }
    *len += SMP_HEADER_SIZE;
    chunk->len = data;
    chunk->packet = (uint32_t)*len;
    chunk->serial = ++transfer->serial;
    if (fresh) {
        transfer->next = chunk->offset + data;
        transfer->last_chunk = data;
        if (transfer->next > transfer->high) {
            transfer->high = transfer->next;
        }
        if (transfer->rto_due == SMPI_NEVER) {
            transfer->rto_due = transfer->session->loop->now + transfer->rto;
        }
        set_timer(transfer);
    }
    return SMP_OK;
}

static struct smpi_chunk *free_chunk(struct smpi_transfer *transfer)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        if (transfer->chunks[i].request.state == SMPI_IDLE) {
            return &transfer->chunks[i];
        }
    }
    return NULL;
}

static const struct smpi_request_ops chunk_ops;

static struct smpi_request *prepare(struct smpi_transfer *transfer, uint64_t offset)
{
    struct smpi_chunk *chunk = free_chunk(transfer);
    if (chunk == NULL) {
        return NULL;
    }
    const struct smp_command *command = transfer->ops->command;
    memset(chunk, 0, sizeof(*chunk));
    smpi_list_init(&chunk->request.node);
    chunk->transfer = transfer;
    chunk->offset = offset;
    chunk->request.session = transfer->session;
    chunk->request.ops = &chunk_ops;
    chunk->request.group = command->group;
    chunk->request.command = command->id;
    chunk->request.op = command->op;
    chunk->request.due = SMPI_NEVER;
    chunk->request.deadline = SMPI_NEVER;
    return &chunk->request;
}

/* The first chunk: alone, and small enough that no link swallows it. */
static struct smpi_request *first_chunk(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    if (on_the_way(transfer) > 0) {
        return NULL;
    }
    if (transfer->first_room == 0) {
        transfer->first_room =
            (uint32_t)smpi_transport_step_down(session->transport, smpi_session_room(session));
    }
    transfer->give_up =
        session->loop->now +
        patience(transfer->options.first_chunk_ms, session->options.first_chunk_ms) * SMPI_MS;
    transfer->rto = RTO_FIRST;
    transfer->rto_due = SMPI_NEVER;
    report(transfer, SMP_PHASE_STARTING);
    return transfer->state == SMPI_TRANSFER_STARTING ? prepare(transfer, 0) : NULL;
}

static struct smpi_request *next_of(struct smpi_transfer *transfer)
{
    if (transfer->paused || transfer->source_waits || transfer->cancelled ||
        transfer->failed != SMP_OK) {
        return NULL;
    }
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        return first_chunk(transfer);
    }
    if (transfer->next >= transfer->source.length) {
        return NULL;
    }
    if (!transfer->probing) {
        return on_the_way(transfer) < window_of(transfer) ? prepare(transfer, transfer->next)
                                                          : NULL;
    }
    /* Silence: one packet, and no more until something is heard. */
    return transfer->next == transfer->acked ? prepare(transfer, transfer->next) : NULL;
}

struct smpi_request *smpi_transfer_next(struct smp_session *session)
{
    if (smpi_list_empty(&session->transfers)) {
        return NULL;
    }
    if (!session->loop->turning) { /* progress is never reported from inside a call */
        smpi_task_schedule(session->loop, &session->task);
        return NULL;
    }
    if (smpi_session_ask_params(session)) {
        return NULL;
    }
    for (struct smpi_list *n = session->transfers.next; n != &session->transfers; n = n->next) {
        struct smpi_request *request = next_of(SMPI_OF(n, struct smpi_transfer, node));
        if (request != NULL) {
            return request;
        }
    }
    return NULL;
}

void smpi_transfer_unsent(struct smpi_request *request, int error)
{
    struct smpi_chunk *chunk = chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    transfer->next = chunk->offset;
    restart_clock(transfer);
    set_timer(transfer);
    if (error == SMP_ERR_AGAIN) {
        return; /* the link or the source will call */
    }
    /* Too large for the link, not for the group: cut smaller and try again. */
    if (error == SMP_ERR_TOO_LARGE && chunk->packet != 0 &&
        (smpi_session_room(session) < chunk->packet ||
         smpi_session_step_down(session, chunk->packet))) {
        smpi_task_schedule(session->loop, &session->task);
        return;
    }
    transfer->failed = error;
    smpi_task_schedule(session->loop, &session->task);
}

/* ---- answers ---- */

/* RFC 6298; only chunks sent once are measured (Karn). */
static void measure(struct smpi_transfer *transfer, const struct smpi_chunk *chunk)
{
    if (chunk->request.sends != 1) {
        return;
    }
    uint64_t rtt = transfer->session->loop->now - chunk->request.sent_at;
    if (transfer->srtt == 0) {
        transfer->srtt = rtt + 1;
        transfer->rttvar = rtt / 2;
    } else {
        uint64_t off = rtt > transfer->srtt ? rtt - transfer->srtt : transfer->srtt - rtt;
        transfer->rttvar += off / 4 - transfer->rttvar / 4;
        transfer->srtt += rtt / 8 - transfer->srtt / 8;
    }
    uint64_t rto = transfer->srtt + 4 * transfer->rttvar;
    transfer->rto = rto < RTO_MIN ? RTO_MIN : rto > RTO_MAX ? RTO_MAX : rto;
}

/* False: too often without progress, and the transfer was ended. */
static bool setback(struct smpi_transfer *transfer)
{
    if (++transfer->setbacks <= SETBACKS_MAX) {
        return true;
    }
    fail(transfer, SMP_ERR_STALLED, 0);
    return false;
}

/* Those that a later answer overtook will not be answered any more. */
static void sweep(struct smpi_transfer *transfer)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_request *request = &transfer->chunks[i].request;
        if (request->state == SMPI_SENT && request->overtaken && request->due == SMPI_NEVER) {
            smpi_session_drop(transfer->session, request);
        }
    }
}

/* Sends again from `offset`; answers to what was sent so far are not taken for new gaps. */
static void rewind_to(struct smpi_transfer *transfer, uint64_t offset)
{
    transfer->next = offset;
    transfer->recovery = transfer->serial;
    sweep(transfer);
}

/* The device says no.  Some refusals are about how much it gets at once. */
static void refused(struct smpi_transfer *transfer, const struct smpi_chunk *chunk,
                    struct smp_result *result)
{
    bool global = result->error == SMP_ERR_DEVICE && !result->from_group;
    bool smaller = global && result->rc == SMP_RC_CORRUPT &&
                   smpi_session_step_down(transfer->session, chunk->packet);
    bool fewer = global && result->rc == SMP_RC_NO_MEMORY;
    if (!smaller && !fewer) {
        complete(transfer, result);
        return;
    }
    if (++transfer->setbacks > SETBACKS_MAX ||
        (fewer && window_of(transfer) == 1 && transfer->setbacks > 5)) {
        complete(transfer, result);
        return;
    }
    if (chunk->serial <= transfer->recovery) {
        return; /* part of a gap already seen to */
    }
    if (fewer) {
        uint32_t now = on_the_way(transfer);
        transfer->limit = now > 1 ? now : 1;
    }
    if (transfer->state == SMPI_TRANSFER_SENDING) {
        rewind_to(transfer, transfer->acked);
    }
}

static void begin_sending(struct smpi_transfer *transfer, uint64_t wanted)
{
    transfer->state = SMPI_TRANSFER_SENDING;
    transfer->start = wanted;
    transfer->first_answer = transfer->session->loop->now;
    transfer->acked = wanted;
    transfer->next = wanted;
    transfer->best = wanted;
    transfer->high = wanted > transfer->high ? wanted : transfer->high;
    transfer->rto = RTO_FIRST;
    transfer->setbacks = 0;
    stall_from_now(transfer);
}

/* The device forgot the transfer: from the first chunk, with all its keys. */
static void start_again(struct smpi_transfer *transfer)
{
    smpi_log(transfer->session->loop, SMP_LOG_WARN,
             "the device forgot the transfer at offset %llu: starting again",
             (unsigned long long)transfer->acked);
    transfer->state = SMPI_TRANSFER_STARTING;
    transfer->acked = 0;
    transfer->best = 0;
    rewind_to(transfer, 0);
    transfer->high = 0;
}

/* Takes the wanted offset in.  False: the transfer is over. */
static bool advance(struct smpi_transfer *transfer, const struct smpi_chunk *chunk,
                    uint64_t wanted)
{
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        if (chunk->offset != 0 || chunk->serial <= transfer->recovery) {
            return true; /* left over from before the device forgot */
        }
        if (wanted > transfer->source.length) {
            fail(transfer, SMP_ERR_OFFSET, 0);
            return false;
        }
        if (wanted == 0) {
            return setback(transfer);
        }
        begin_sending(transfer, wanted);
        return true;
    }
    if (wanted > transfer->high) {
        fail(transfer, SMP_ERR_OFFSET, 0);
        return false;
    }
    if (wanted == 0) {
        if (chunk->serial > transfer->recovery) {
            start_again(transfer);
            return setback(transfer);
        }
        return true;
    }
    if (wanted > transfer->acked) {
        transfer->acked = wanted;
        transfer->next = wanted > transfer->next ? wanted : transfer->next;
    }
    if (transfer->acked > transfer->best) {
        transfer->best = transfer->acked;
        transfer->setbacks = 0;
        stall_from_now(transfer);
    }
    if (wanted < chunk->offset + chunk->len && chunk->serial > transfer->recovery) {
        rewind_to(transfer, wanted);
        return setback(transfer);
    }
    return true;
}

static void chunk_answer(struct smpi_request *request, const struct smp_header *header,
                         struct smp_bytes payload)
{
    struct smpi_chunk *chunk = chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_result result;
    uint64_t wanted = 0;
    transfer->timeouts = 0;
    transfer->probing = false;
    if (transfer->state == SMPI_TRANSFER_SENDING) {
        measure(transfer, chunk);
    }
    smpi_session_decode(transfer->session, transfer->id, transfer->ops->command, header, payload,
                        &result);
    uint64_t before = transfer->acked;
    if (result.error != SMP_OK) {
        refused(transfer, chunk, &result);
    } else if (!transfer->ops->wanted(&result, &wanted)) {
        result.error = SMP_ERR_MALFORMED;
        result.key = "off";
        complete(transfer, &result);
    } else if (advance(transfer, chunk, wanted)) {
        sweep(transfer);
        bool all = transfer->acked == transfer->source.length;
        if (transfer->acked != before) {
            report(transfer, all ? SMP_PHASE_DONE : SMP_PHASE_SENDING);
        }
        if (all && transfer->state == SMPI_TRANSFER_SENDING) {
            result.error = transfer->ops->finish(transfer, &result);
            complete(transfer, &result);
        }
    }
    if (transfer->state != SMPI_TRANSFER_OVER) {
        restart_clock(transfer);
        set_timer(transfer);
    }
}

/* ---- time ---- */

/* The first chunk again, with its number: a late answer counts. */
static void repeat_first(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    transfer->timeouts++;
    transfer->rto = 2 * transfer->rto < RTO_MAX ? 2 * transfer->rto : RTO_MAX;
    transfer->rto_due = session->loop->now + transfer->rto;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (!is_on_the_way(chunk)) {
            continue;
        }
        size_t smaller = smpi_transport_step_down(session->transport, chunk->packet);
        if (transfer->timeouts > TRIES_BEFORE_SMALLER && smaller != 0) {
            transfer->first_room = (uint32_t)smaller;
        }
        bool fits = transfer->first_room == 0 || chunk->packet <= transfer->first_room;
        if (!fits || chunk->offset != 0 ||
            smpi_session_resend(session, &chunk->request) == SMP_ERR_TOO_LARGE) {
            smpi_session_drop(session, &chunk->request); /* a new one is cut */
        }
    }
}

/* Nothing was heard: one packet from the last confirmed offset. */
static void probe(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    uint32_t largest = 0;
    transfer->timeouts++;
    transfer->rto = 2 * transfer->rto < RTO_MAX ? 2 * transfer->rto : RTO_MAX;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (!is_on_the_way(chunk)) {
            continue;
        }
        largest = chunk->packet > largest ? chunk->packet : largest;
        if (chunk->offset == transfer->acked) {
            /* Its place goes to the probe; a late answer still counts. */
            chunk->request.overtaken = true;
            chunk->request.due = session->loop->now + session->options.grace_ms * SMPI_MS;
            smpi_session_wake_at(session, chunk->request.due);
            session->places--;
            session->stats.lost++;
        }
    }
    if (transfer->timeouts >= TRIES_BEFORE_SMALLER && largest > 0) {
        smpi_session_step_down(session, largest);
    }
    session->stats.repeated++;
    transfer->probing = true;
    rewind_to(transfer, transfer->acked);
    transfer->rto_due = session->loop->now + transfer->rto;
}

static void on_timer(struct smpi_timer *timer)
{
    struct smpi_transfer *transfer = SMPI_OF(timer, struct smpi_transfer, timer);
    struct smp_session *session = transfer->session;
    bool starting = transfer->state == SMPI_TRANSFER_STARTING;
    if (transfer->give_up <= session->loop->now) {
        fail(transfer, starting ? SMP_ERR_TIMEOUT : SMP_ERR_STALLED, 0);
    } else {
        if (transfer->rto_due <= session->loop->now) {
            if (starting) {
                repeat_first(transfer);
            } else {
                probe(transfer);
            }
        }
        set_timer(transfer);
    }
    if (!session->dead) {
        smpi_session_pump(session);
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
    free_if_unused(chunk_of(request)->transfer);
}

static const struct smpi_request_ops chunk_ops = {
    .build = chunk_build,
    .answer = chunk_answer,
    .fail = chunk_fail,
    .expire = chunk_expire,
    .release = chunk_release,
};

/* ---- from outside ---- */

int smpi_transfer_begin(struct smp_session *session, struct smpi_transfer *transfer, smp_id *id)
{
    struct smp_loop *loop = session->loop;
    int error = smpi_loop_enter(loop);
    if (error != SMP_OK) {
        return error;
    }
    if (session->dead || !session->transport->is_up) {
        return SMP_ERR_CLOSED;
    }
    error = smpi_timer_make(loop, &transfer->timer, on_timer);
    if (error != SMP_OK) {
        return error;
    }
    transfer->session = session;
    transfer->rto = RTO_FIRST;
    transfer->rto_due = SMPI_NEVER;
    transfer->id = ++loop->last_id;
    stall_from_now(transfer);
    transfer->give_up +=
        patience(transfer->options.first_chunk_ms, session->options.first_chunk_ms) * SMPI_MS;
    if (id != NULL) {
        *id = transfer->id;
    }
    smpi_list_add(&session->transfers, &transfer->node);
    set_timer(transfer);
    smpi_task_schedule(loop, &session->task); /* the first packet leaves from the next turn */
    return SMP_OK;
}

struct smpi_transfer *smpi_transfer_find(struct smp_session *session, smp_id id)
{
    for (struct smpi_list *n = session->transfers.next; n != &session->transfers; n = n->next) {
        struct smpi_transfer *transfer = SMPI_OF(n, struct smpi_transfer, node);
        if (transfer->id == id) {
            return transfer;
        }
    }
    return NULL;
}

void smpi_transfers_end(struct smp_session *session, int error, int system_error)
{
    smp_id last = session->loop->last_id; /* those begun by the callbacks are left alone */
    struct smpi_list *node = session->transfers.next;
    while (node != &session->transfers) {
        struct smpi_transfer *transfer = SMPI_OF(node, struct smpi_transfer, node);
        if (transfer->id > last) {
            break;
        }
        fail(transfer, error, system_error);
        node = session->transfers.next;
    }
}

void smpi_transfers_cancelled(struct smp_session *session)
{
    struct smpi_list *node = session->transfers.next;
    while (node != &session->transfers && !session->dead) {
        struct smpi_transfer *transfer = SMPI_OF(node, struct smpi_transfer, node);
        node = node->next;
        if (transfer->cancelled || transfer->failed != SMP_OK) {
            fail(transfer, transfer->cancelled ? SMP_ERR_CANCELLED : transfer->failed, 0);
            node = session->transfers.next; /* the callback may have changed anything */
        }
    }
}

int smp_transfer_pause(struct smp_session *session, smp_id id)
{
    struct smpi_transfer *transfer = session == NULL ? NULL : smpi_transfer_find(session, id);
    if (transfer == NULL) {
        return SMP_ERR_NOT_FOUND;
    }
    int error = smpi_loop_enter(session->loop);
    if (error == SMP_OK && !transfer->paused) {
        uint64_t now = session->loop->now;
        transfer->paused = true;
        transfer->left = transfer->give_up > now ? transfer->give_up - now : 0;
        transfer->give_up = SMPI_NEVER;
        set_timer(transfer);
    }
    return error;
}

int smp_transfer_continue(struct smp_session *session, smp_id id)
{
    struct smpi_transfer *transfer = session == NULL ? NULL : smpi_transfer_find(session, id);
    if (transfer == NULL) {
        return SMP_ERR_NOT_FOUND;
    }
    int error = smpi_loop_enter(session->loop);
    if (error != SMP_OK) {
        return error;
    }
    if (transfer->paused) {
        transfer->paused = false;
        transfer->give_up = session->loop->now + transfer->left;
        set_timer(transfer);
    }
    transfer->source_waits = false;
    smpi_task_schedule(session->loop, &session->task);
    return SMP_OK;
}

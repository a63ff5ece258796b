/* SPDX-License-Identifier: Apache-2.0 */
/* How long to wait for what, and what to do in silence. */
#include "core/transfer.h"

/* Unanswered tries after which smaller packets are worth a try. */
enum { TRIES_BEFORE_SMALLER = 2 };

/* Silences with old answers in them after which these are no accident. */
enum { STALE_MIN = 2 };

/* Silences in a row that tell more than what came before them. */
enum { SILENT_MIN = 2 };

/* Unanswered packets that chance may explain. */
enum { CHANCE = 2 };

/* Between packets that may overrun the device.  Over a line it may crash then; where packets vanish
   it only loses one, and silence may be the link's. */
#define SELDOM (SMPI_RTO_MAX)
#define PROBE_AT_LEAST (3000 * SMPI_MS)
#define SELDOM_ON_A_LINE (4000 * SMPI_MS)

/* ---- clocks ---- */

void smpi_transfer_set_timer(struct smpi_transfer *transfer)
{
    struct smp_loop *loop = transfer->session->loop;
    uint64_t due = transfer->rto_due < transfer->give_up ? transfer->rto_due : transfer->give_up;
    if (due == SMPI_NEVER) {
        smpi_timer_cancel(loop, &transfer->timer);
    } else if (transfer->timer.place == 0 || transfer->timer.due != due) {
        smpi_timer_set(loop, &transfer->timer, due);
    }
}

void smpi_transfer_restart_rto(struct smpi_transfer *transfer)
{
    transfer->rto_due = transfer->paused || transfer->on_the_way == 0
                            ? SMPI_NEVER
                            : transfer->session->loop->now + transfer->rto;
}

/* Answers to what was given up, or to nothing at all. */
static uint64_t strays_of(const struct smp_session *session)
{
    return session->stats.late + session->stats.strange;
}

/* Where packets vanish, and another copy does no harm, the first chunk is repeated sooner. */
uint64_t smpi_transfer_first_rto(const struct smpi_transfer *transfer)
{
    bool vanish = transfer->session->transport->ops.kind == SMP_TRANSPORT_DATAGRAM;
    return vanish && !transfer->ops->ask_before_repeat ? SMPI_RTO_FIRST_DATAGRAM : SMPI_RTO_FIRST;
}

/* While paused the clock stands, and only what is left of it changes. */
static void give_up_in(struct smpi_transfer *transfer, uint32_t own_ms, uint32_t session_ms)
{
    uint64_t ns = (own_ms != 0 ? own_ms : session_ms) * SMPI_MS;
    transfer->strays = strays_of(transfer->session);
    transfer->stale = 0;
    if (transfer->paused) {
        transfer->left = ns;
    } else {
        transfer->give_up = transfer->session->loop->now + ns;
    }
}

void smpi_transfer_expect_first(struct smpi_transfer *transfer)
{
    give_up_in(transfer, transfer->options.first_chunk_ms,
               transfer->session->options.first_chunk_ms);
}

void smpi_transfer_expect_progress(struct smpi_transfer *transfer)
{
    give_up_in(transfer, transfer->options.stall_ms, transfer->session->options.stall_ms);
}

/* Nobody waits any more for what is on the way: unanswered it gives its place back to others. */
static void let_go(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    uint64_t due = session->loop->now + session->options.grace_ms * SMPI_MS;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_request *request = &transfer->chunks[i].request;
        if (request->state == SMPI_SENT && request->due == SMPI_NEVER) {
            request->due = due;
            smpi_session_wake_at(session, due);
        }
    }
}

/* What is still on the way is waited for again; if nothing is, it is sent again. */
static void take_back(struct smpi_transfer *transfer)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (smpi_chunk_on_the_way(chunk)) {
            chunk->request.due = SMPI_NEVER;
        }
    }
    if (transfer->state == SMPI_TRANSFER_MOVING && transfer->on_the_way == 0) {
        transfer->way->silence(transfer);
    }
}

void smpi_transfer_stop_clock(struct smpi_transfer *transfer)
{
    uint64_t now = transfer->session->loop->now;
    transfer->left = transfer->give_up > now ? transfer->give_up - now : 0;
    transfer->give_up = SMPI_NEVER;
    transfer->rto_due = SMPI_NEVER;
    let_go(transfer);
    smpi_transfer_set_timer(transfer);
}

void smpi_transfer_start_clock(struct smpi_transfer *transfer)
{
    transfer->give_up = transfer->session->loop->now + transfer->left;
    take_back(transfer);
    if (transfer->state == SMPI_TRANSFER_WAITING) {
        transfer->link_since = transfer->session->loop->now;
        transfer->rto_due = transfer->session->loop->now;
    } else {
        smpi_transfer_restart_rto(transfer);
    }
    smpi_transfer_set_timer(transfer);
}

/* RFC 6298. */
void smpi_transfer_measure(struct smpi_transfer *transfer, uint64_t rtt)
{
    if (transfer->srtt == 0) {
        transfer->srtt = rtt + 1;
        transfer->rttvar = rtt / 2;
    } else {
        uint64_t off = rtt > transfer->srtt ? rtt - transfer->srtt : transfer->srtt - rtt;
        transfer->rttvar += off / 4 - transfer->rttvar / 4;
        transfer->srtt += rtt / 8 - transfer->srtt / 8;
    }
    uint64_t rto = transfer->srtt + 4 * transfer->rttvar;
    transfer->rto = rto < SMPI_RTO_MIN ? SMPI_RTO_MIN : rto > SMPI_RTO_MAX ? SMPI_RTO_MAX : rto;
}

/* Each silence is given twice the time of the one before, up to a limit: a probe may get lost, too. */
static void back_off(struct smpi_transfer *transfer)
{
    bool vanish = transfer->session->transport->ops.kind == SMP_TRANSPORT_DATAGRAM;
    bool probing = vanish && transfer->state == SMPI_TRANSFER_MOVING;
    uint64_t most = probing ? PROBE_AT_LEAST : SMPI_RTO_MAX;
    uint64_t twice = 2 * transfer->rto;
    transfer->timeouts++;
    if (transfer->rto < most) {
        transfer->rto = twice < most ? twice : most;
    }
}

/* ---- silence ---- */

/* One more copy of the first chunk, with its number; or none, and a smaller one is cut.  A late
   answer to the larger one still counts. */
static void repeat_or_drop(struct smpi_transfer *transfer, struct smpi_chunk *chunk)
{
    struct smp_session *session = transfer->session;
    size_t smaller = smpi_session_smaller(session, chunk->packet);
    if (transfer->timeouts > TRIES_BEFORE_SMALLER && smaller != 0) {
        transfer->first_room = (uint32_t)smaller;
    }
    bool fits = transfer->first_room == 0 || chunk->packet <= transfer->first_room;
    int error = SMP_ERR_TOO_LARGE;
    if (fits && chunk->offset == 0) {
        error = smpi_session_resend(session, &chunk->request);
    }
    if (session->dead) {
        return;
    }
    if (error == SMP_ERR_TOO_LARGE) {
        smpi_session_overtake(session, &chunk->request);
    } else if (smpi_is_link_error(error)) {
        smpi_session_break(session, error);
    }
}

/* Packets that a silent device may hold without losing any. */
static uint32_t buffers_of(const struct smp_session *session)
{
    uint32_t window = smp_session_window(session);
    bool told = session->params == SMPI_PARAMS_KNOWN;
    bool line = session->transport->ops.kind == SMP_TRANSPORT_STREAM;
    /* Where one buffer is all there may be, a copy comes too early only if it is not lost anyway. */
    uint32_t least = told ? session->buf_count : line ? 1 : 2;
    least = least < 2 ? least : 2;
    return window > least ? window : least;
}

/*
 * A device that erases for long holds every copy it gets.  So many as it has buffers for do no
 * harm; more than that are worth the risk only now and then.
 */
static bool may_repeat(struct smpi_transfer *transfer)
{
    uint32_t copies = 0;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        const struct smpi_chunk *chunk = &transfer->chunks[i];
        bool copy = chunk->request.state == SMPI_SENT && !smpi_chunk_is_old(chunk);
        copies += copy ? chunk->request.sends : 0;
    }
    if (copies < buffers_of(transfer->session) || transfer->seldom) {
        return true;
    }
    transfer->seldom = true;
    return false;
}

/* The first chunk again: a late answer to any copy counts. */
static void repeat_first(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    bool ask = transfer->ops->ask_before_repeat;
    bool repeat = ask || may_repeat(transfer);
    back_off(transfer);
    if (transfer->seldom && transfer->rto < SELDOM) {
        transfer->rto = SELDOM;
    }
    transfer->rto_due = session->loop->now + transfer->rto;
    if (!repeat) {
        return;
    }
    for (size_t i = 0; i < SMPI_CHUNKS_MAX && !session->dead; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (!smpi_chunk_on_the_way(chunk)) {
            continue;
        }
        if (ask) {
            smpi_session_drop(session, &chunk->request);
        } else {
            repeat_or_drop(transfer, chunk);
        }
    }
    if (ask && !smpi_transfer_ask(transfer) && transfer->state != SMPI_TRANSFER_OVER) {
        smpi_transfer_fail(transfer, SMP_ERR_TIMEOUT, 0);
    }
}

/* One packet, and no more until something is heard. */
static void probe(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    uint32_t largest = 0;
    back_off(transfer);
    if (transfer->timeouts > 1 && session->transport->ops.kind == SMP_TRANSPORT_STREAM &&
        transfer->rto < SELDOM_ON_A_LINE) {
        transfer->rto = SELDOM_ON_A_LINE;
    }
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (smpi_chunk_on_the_way(chunk) && chunk->packet > largest) {
            largest = chunk->packet;
        }
    }
    /* Packets larger than any that was ever answered may be too large; so may the last probe. */
    size_t room = smpi_session_room(session);
    largest = largest < room ? largest : (uint32_t)room;
    if (transfer->timeouts >= TRIES_BEFORE_SMALLER && largest > session->proven) {
        smpi_session_step_down(session, largest);
    }
    for (uint32_t i = 0; i < transfer->timeouts && largest > 0; i++) { /* the second counts twice */
        smpi_session_luck(session, largest, false);
    }
    smpi_window_silence(&session->window, smpi_transfer_window(transfer));
    transfer->way->silence(transfer);
    session->stats.repeated++;
    transfer->probing = true;
    transfer->probed = false;
}

/*
 * When a device that may hold as many packets as it has buffers for can be sent one more: now, or
 * not before so long a silence that they are not there any more.
 */
static uint64_t next_probe(const struct smpi_transfer *transfer)
{
    const struct smp_session *session = transfer->session;
    bool line = session->transport->ops.kind == SMP_TRANSPORT_STREAM;
    uint32_t buffers = session->params == SMPI_PARAMS_KNOWN ? session->buf_count : 0;
    uint32_t window = smp_session_window(session);
    buffers = buffers > window ? buffers : window;
    buffers = buffers > 2 ? buffers : 2; /* one repeat is always worth it */
    if (transfer->unheard < buffers || (!line && transfer->unheard <= CHANCE)) {
        return 0;
    }
    return transfer->sent_at + (line ? SELDOM : PROBE_AT_LEAST);
}

static void on_silence(struct smpi_transfer *transfer)
{
    uint64_t now = transfer->session->loop->now;
    transfer->stale += strays_of(transfer->session) != transfer->strays;
    transfer->strays = strays_of(transfer->session);
    bool unsent = transfer->probing && !transfer->probed && transfer->session->blocked;
    if (transfer->state == SMPI_TRANSFER_WAITING) {
        smpi_transfer_rejoin(transfer);
    } else if (transfer->paused || transfer->state == SMPI_TRANSFER_ASKING ||
               !smpi_session_is_up(transfer->session)) {
        transfer->rto_due = SMPI_NEVER;
    } else if (transfer->state == SMPI_TRANSFER_STARTING) {
        repeat_first(transfer);
    } else if (next_probe(transfer) > now) {
        transfer->rto_due = next_probe(transfer);
    } else {
        if (!unsent) { /* else the link has not even taken the last probe */
            probe(transfer);
        }
        transfer->rto_due = now + transfer->rto;
    }
}

/* All patience is over: what was it that did not come? */
static void give_up(struct smpi_transfer *transfer)
{
    if (transfer->state == SMPI_TRANSFER_WAITING) {
        smpi_transfer_fail(transfer, transfer->link_error, transfer->link_errno);
    } else if (transfer->setbacks > 0 && transfer->timeouts < SILENT_MIN) {
        smpi_transfer_fail(transfer, SMP_ERR_STUCK, 0);
    } else if (transfer->stale >= STALE_MIN) {
        smpi_transfer_fail(transfer, SMP_ERR_STALE, 0);
    } else if (transfer->source_waits) {
        smpi_transfer_fail(transfer, SMP_ERR_STALLED, 0);
    } else {
        smpi_transfer_fail(transfer, SMP_ERR_TIMEOUT, 0);
    }
}

void smpi_transfer_on_timer(struct smpi_timer *timer)
{
    struct smpi_transfer *transfer = SMPI_OF(timer, struct smpi_transfer, timer);
    struct smp_session *session = transfer->session;
    if (transfer->give_up <= session->loop->now) {
        give_up(transfer);
    } else {
        if (transfer->rto_due <= session->loop->now) {
            on_silence(transfer);
        }
        if (transfer->state != SMPI_TRANSFER_OVER) {
            smpi_transfer_set_timer(transfer);
        }
    }
    if (!session->dead) {
        smpi_session_pump(session);
    }
}

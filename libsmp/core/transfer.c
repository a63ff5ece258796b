/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer as seen from outside: it begins, reports, pauses and ends. */
#include "core/transfer.h"

/* Gaps or refusals without a single byte of progress between them. */
enum { SETBACKS_MAX = 20 };
/* Of them, refusals for lack of memory when only one packet is on the way. */
enum { REFUSALS_MAX = 5 };

/* ---- the end ---- */

void smpi_transfer_free_if_unused(struct smpi_transfer *transfer)
{
    if (transfer->calls > 0) {
        return;
    }
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        if (transfer->chunks[i].request.state != SMPI_IDLE) {
            return;
        }
    }
    smpi_bury(transfer->session->loop, &transfer->corpse, smpi_free, transfer);
}

void smpi_transfer_complete(struct smpi_transfer *transfer, struct smp_result *result)
{
    struct smp_session *session = transfer->session;
    if (result->error == SMP_OK) {
        smpi_transfer_report(transfer, SMP_PHASE_DONE);
        if (transfer->state == SMPI_TRANSFER_OVER) {
            return; /* the progress callback freed the session */
        }
    }
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
    smp_callback *done = transfer->done;
    void *user = transfer->user;
    smp_id id = transfer->id;
    smpi_transfer_free_if_unused(transfer);
    smpi_session_deliver(session, id, done, user, result);
}

void smpi_transfer_fail(struct smpi_transfer *transfer, int error, int system_error)
{
    const struct smp_command *command = transfer->ops->command;
    struct smp_result result = {
        .error = error,
        .command = command,
        .system_error = system_error,
        .header = {.op = command->op, .id = command->id, .group = command->group},
    };
    smpi_transfer_complete(transfer, &result);
}

void smpi_transfers_end(struct smp_session *session, smp_id last, int error, int system_error)
{
    struct smpi_list *node = session->transfers.next;
    while (node != &session->transfers) {
        struct smpi_transfer *transfer = SMPI_OF(node, struct smpi_transfer, node);
        node = node->next;
        if (transfer->id <= last && !smpi_transfer_wait_for_link(transfer, error, system_error)) {
            smpi_transfer_fail(transfer, error, system_error);
            node = session->transfers.next; /* the callback may have changed anything */
        }
    }
}

/* ---- progress ---- */

enum smp_phase smpi_transfer_phase(const struct smpi_transfer *transfer)
{
    return transfer->paused                            ? SMP_PHASE_PAUSED
           : transfer->state == SMPI_TRANSFER_WAITING  ? SMP_PHASE_RECONNECTING
           : transfer->state == SMPI_TRANSFER_STARTING ? SMP_PHASE_STARTING
                                                       : SMP_PHASE_SENDING;
}

void smpi_transfer_report(struct smpi_transfer *transfer, enum smp_phase phase)
{
    struct smp_loop *loop = transfer->session->loop;
    if (transfer->options.progress == NULL) {
        return;
    }
    struct smp_progress progress = {
        .size = sizeof(progress),
        .phase = phase,
        .done = transfer->acked,
        .total = transfer->total,
        .start = transfer->start,
        .chunk = transfer->last_chunk,
        .window = smpi_transfer_window(transfer),
    };
    uint64_t took = loop->now - transfer->first_answer;
    uint64_t moved = transfer->acked - transfer->start;
    if (transfer->first_answer != 0 && took > 0 && transfer->acked > transfer->start) {
        progress.rate = (uint64_t)((double)moved * 1e9 / (double)took);
        progress.left_ms = (uint64_t)((double)(progress.total - progress.done) * (double)took /
                                      (double)moved / 1e6);
    }
    smpi_enter_user(loop);
    transfer->options.progress(transfer->session, &progress, transfer->user);
    smpi_leave_user(loop);
}

void smpi_transfer_moving(struct smpi_transfer *transfer, uint64_t offset)
{
    transfer->state = SMPI_TRANSFER_MOVING;
    transfer->start = offset;
    transfer->acked = offset;
    transfer->next = offset;
    transfer->best = offset;
    transfer->high = offset > transfer->high ? offset : transfer->high;
    transfer->first_answer = transfer->session->loop->now;
    transfer->rto = SMPI_RTO_FIRST;
    transfer->setbacks = 0;
    smpi_transfer_expect_progress(transfer);
}

void smpi_transfer_moved(struct smpi_transfer *transfer)
{
    if (transfer->acked > transfer->best) {
        transfer->best = transfer->acked;
        transfer->setbacks = 0;
        smpi_transfer_expect_progress(transfer);
    }
}

bool smpi_transfer_setback(struct smpi_transfer *transfer)
{
    if (++transfer->setbacks <= SETBACKS_MAX) {
        return true;
    }
    smpi_transfer_fail(transfer, SMP_ERR_STUCK, 0);
    return false;
}

bool smpi_transfer_lowered(struct smpi_chunk *chunk, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    bool global = result->error == SMP_ERR_DEVICE && !result->from_group;
    bool fewer = global && result->rc == SMP_RC_NO_MEMORY;
    /* Cut off on the way: too large for the device, unless that size got through before. */
    bool damaged = global && result->rc == SMP_RC_CORRUPT;
    if (damaged && chunk->packet > session->proven) {
        smpi_session_step_down(session, chunk->packet);
    }
    bool other = smpi_session_switch_version(session, &chunk->request, result);
    if (!damaged && !fewer && !other) {
        smpi_transfer_complete(transfer, result);
        return false;
    }
    if (smpi_chunk_is_old(chunk)) {
        return true;
    }
    transfer->setbacks++;
    if (transfer->setbacks > SETBACKS_MAX ||
        (fewer && smpi_transfer_window(transfer) == 1 && transfer->setbacks > REFUSALS_MAX)) {
        smpi_transfer_complete(transfer, result);
        return false;
    }
    if (fewer) {
        smpi_window_edge(&session->window, transfer->on_the_way);
    }
    return true;
}

/* ---- turns ---- */

/* What the session's task does for one transfer.  True: user code was called. */
static bool attend(struct smpi_transfer *transfer)
{
    if (transfer->cancelled || transfer->failed != SMP_OK) {
        smpi_transfer_fail(transfer, transfer->cancelled ? SMP_ERR_CANCELLED : transfer->failed, 0);
        return true;
    }
    bool report = transfer->report_due;
    transfer->report_due = false;
    if (report) {
        smpi_transfer_report(transfer, smpi_transfer_phase(transfer));
    }
    return report;
}

/* One piece of what a group does itself; the rest in later turns. */
static void work(struct smp_session *session)
{
    for (struct smpi_list *n = session->transfers.next; n != &session->transfers; n = n->next) {
        struct smpi_transfer *transfer = SMPI_OF(n, struct smpi_transfer, node);
        if (transfer->work != NULL && !transfer->paused && !transfer->source_waits) {
            smpi_task_schedule(session->loop, &session->task);
            transfer->work(transfer); /* the source may change anything */
            return;
        }
    }
}

void smpi_transfers_attend(struct smp_session *session)
{
    struct smpi_list *node = session->transfers.next;
    while (node != &session->transfers && !session->dead && !session->loop->wait.done) {
        struct smpi_transfer *transfer = SMPI_OF(node, struct smpi_transfer, node);
        node = node->next;
        if (attend(transfer)) {
            node = session->transfers.next; /* the callback may have changed anything */
        }
    }
    if (!session->dead && !session->loop->wait.done) {
        work(session);
    }
}

/* ---- from outside ---- */

int smpi_transfer_begin(struct smp_session *session, struct smpi_transfer *transfer, smp_id *id)
{
    struct smp_loop *loop = session->loop;
    int error = session->closing ? SMP_ERR_CLOSED : smpi_session_may_begin(session);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_timer_make(loop, &transfer->timer, smpi_transfer_on_timer);
    if (error != SMP_OK) {
        return error;
    }
    transfer->session = session;
    transfer->rto = SMPI_RTO_FIRST;
    transfer->rto_due = SMPI_NEVER;
    transfer->id = ++loop->last_id;
    if (id != NULL) {
        *id = transfer->id;
    }
    if (session->params == SMPI_PARAMS_LOST) {
        session->params = SMPI_PARAMS_NONE;
    }
    /* Even if the first chunk never gets its turn. */
    transfer->give_up = loop->now + ((uint64_t)session->options.deadline_ms) * SMPI_MS;
    smpi_list_add(&session->transfers, &transfer->node);
    smpi_transfer_set_timer(transfer);
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

/* The transfer if the call may go on, else why not. */
static int enter(struct smp_session *session, smp_id id, struct smpi_transfer **transfer)
{
    if (session == NULL) {
        return SMP_ERR_INVALID;
    }
    *transfer = smpi_transfer_find(session, id);
    return *transfer == NULL ? SMP_ERR_NOT_FOUND : smpi_loop_enter(session->loop);
}

int smp_transfer_pause(struct smp_session *session, smp_id id)
{
    struct smpi_transfer *transfer;
    int error = enter(session, id, &transfer);
    if (error == SMP_OK && !transfer->paused) {
        transfer->paused = true;
        transfer->report_due = true;
        smpi_transfer_stop_clock(transfer);
        smpi_task_schedule(session->loop, &session->task);
    }
    return error;
}

int smp_transfer_continue(struct smp_session *session, smp_id id)
{
    struct smpi_transfer *transfer;
    int error = enter(session, id, &transfer);
    if (error != SMP_OK) {
        return error;
    }
    if (transfer->paused) {
        transfer->paused = false;
        transfer->report_due = true;
        smpi_transfer_start_clock(transfer);
    }
    transfer->source_waits = false;
    smpi_task_schedule(session->loop, &session->task);
    return SMP_OK;
}

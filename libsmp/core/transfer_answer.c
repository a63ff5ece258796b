/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer to a chunk means: go on, go back, start again, or give up. */
#include "core/transfer.h"

/* Gaps or refusals without a single byte of progress between them. */
enum { SETBACKS_MAX = 20 };
/* Of them, refusals for lack of memory when only one packet is on the way. */
enum { REFUSALS_MAX = 5 };
/* Times the device may forget what it has. */
enum { RESTARTS_MAX = 5 };

/* The answer tells nothing new about gaps: what it answers was sent before the last one was seen. */
static bool is_old(const struct smpi_chunk *chunk)
{
    return chunk->serial <= chunk->transfer->recovery;
}

/* False: too often without progress, and the transfer was ended. */
static bool setback(struct smpi_transfer *transfer)
{
    if (++transfer->setbacks <= SETBACKS_MAX) {
        return true;
    }
    smpi_transfer_fail(transfer, SMP_ERR_STALLED, 0);
    return false;
}

/* The device says no.  Some refusals are about how much it gets at once, or in which version. */
static void refused(struct smpi_chunk *chunk, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    bool global = result->error == SMP_ERR_DEVICE && !result->from_group;
    bool fewer = global && result->rc == SMP_RC_NO_MEMORY;
    bool smaller = global && result->rc == SMP_RC_CORRUPT &&
                   smpi_session_step_down(session, chunk->packet);
    bool other = smpi_session_switch_version(session, &chunk->request, result);
    if (!smaller && !fewer && !other) {
        smpi_transfer_complete(transfer, result);
        return;
    }
    if (is_old(chunk)) {
        return;
    }
    transfer->setbacks++;
    if (transfer->setbacks > SETBACKS_MAX ||
        (fewer && smpi_transfer_window(transfer) == 1 && transfer->setbacks > REFUSALS_MAX)) {
        smpi_transfer_complete(transfer, result);
        return;
    }
    if (fewer) {
        uint32_t others = smpi_transfer_on_the_way(transfer);
        transfer->limit = others > 1 ? others : 1;
    }
    if (transfer->state == SMPI_TRANSFER_SENDING) {
        smpi_transfer_rewind(transfer, transfer->acked);
    }
}

/* The first answer: what the device has of it already is believed now, and only now. */
static bool begin_sending(struct smpi_chunk *chunk, uint64_t wanted)
{
    struct smpi_transfer *transfer = chunk->transfer;
    if (chunk->offset != 0 || is_old(chunk)) {
        return true; /* left over from before the device forgot */
    }
    if (wanted > transfer->source.length) {
        smpi_transfer_fail(transfer, SMP_ERR_OFFSET, 0);
        return false;
    }
    if (wanted == 0) {
        return setback(transfer);
    }
    transfer->state = SMPI_TRANSFER_SENDING;
    transfer->start = wanted;
    transfer->first_answer = transfer->session->loop->now;
    transfer->acked = wanted;
    transfer->best = wanted;
    transfer->high = wanted > transfer->high ? wanted : transfer->high;
    transfer->rto = SMPI_RTO_FIRST;
    transfer->setbacks = 0;
    smpi_transfer_rewind(transfer, wanted);
    /* Copies of the first chunk still fill the device's buffers, until it answers the next one. */
    transfer->probing = chunk->request.sends > 1;
    smpi_transfer_expect_progress(transfer);
    return true;
}

/* The device forgot the transfer: from the first chunk, with all its keys. */
static bool start_again(struct smpi_transfer *transfer)
{
    smpi_log(transfer->session->loop, SMP_LOG_WARN,
             "the device forgot the transfer at offset %llu: starting again",
             (unsigned long long)transfer->acked);
    if (++transfer->restarts > RESTARTS_MAX) {
        smpi_transfer_fail(transfer, SMP_ERR_STALLED, 0);
        return false;
    }
    transfer->state = SMPI_TRANSFER_STARTING;
    transfer->started = false;
    transfer->acked = 0;
    transfer->high = 0;
    smpi_transfer_rewind(transfer, 0);
    return true;
}

/* Takes the wanted offset in.  False: the transfer is over. */
static bool advance(struct smpi_chunk *chunk, uint64_t wanted)
{
    struct smpi_transfer *transfer = chunk->transfer;
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        return begin_sending(chunk, wanted);
    }
    if (wanted > transfer->high) {
        smpi_transfer_fail(transfer, SMP_ERR_OFFSET, 0);
        return false;
    }
    if (wanted == 0) {
        return is_old(chunk) || start_again(transfer);
    }
    if (wanted > transfer->acked) {
        transfer->acked = wanted;
        transfer->next = wanted > transfer->next ? wanted : transfer->next;
    }
    if (transfer->acked > transfer->best) {
        transfer->best = transfer->acked;
        transfer->setbacks = 0;
        smpi_transfer_expect_progress(transfer);
    }
    if (wanted < chunk->offset + chunk->len && !is_old(chunk)) {
        smpi_transfer_rewind(transfer, wanted);
        transfer->probing = transfer->setbacks > 0; /* in vain before: no more than one a time */
        return setback(transfer);
    }
    return true;
}

/* A packet of this size was taken, whatever was believed before. */
static void note_size(struct smp_session *session, uint32_t packet)
{
    session->proven = packet > session->proven ? packet : session->proven;
    if (session->path_max != 0 && session->path_max < packet) {
        session->path_max = packet;
    }
}

static void accepted(struct smpi_chunk *chunk, uint64_t wanted, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    uint64_t before = transfer->acked;
    note_size(transfer->session, chunk->packet);
    if (!advance(chunk, wanted)) {
        return;
    }
    smpi_transfer_sweep(transfer);
    bool all = transfer->acked == transfer->source.length;
    if (all) {
        result->error = transfer->ops->finish(transfer, result);
    }
    if (transfer->acked != before) {
        bool good = all && result->error == SMP_OK;
        smpi_transfer_report(transfer, good ? SMP_PHASE_DONE : SMP_PHASE_SENDING);
    }
    if (all && transfer->state == SMPI_TRANSFER_SENDING) {
        smpi_transfer_complete(transfer, result);
    }
}

void smpi_chunk_answer(struct smpi_request *request, const struct smp_header *header,
                       struct smp_bytes payload)
{
    struct smpi_chunk *chunk = smpi_chunk_of(request);
    struct smpi_transfer *transfer = chunk->transfer;
    struct smp_session *session = transfer->session;
    struct smp_result result;
    uint64_t wanted = 0;
    transfer->timeouts = 0;
    transfer->probing = false;
    if (transfer->state == SMPI_TRANSFER_SENDING && request->sends == 1) { /* Karn */
        smpi_transfer_measure(transfer, session->loop->now - request->sent_at);
    }
    smpi_session_decode(session, transfer->id, transfer->ops->command, header, payload, &result);
    if (result.error != SMP_OK) {
        refused(chunk, &result);
    } else if (!transfer->ops->wanted(&result, &wanted)) {
        result.error = SMP_ERR_MALFORMED;
        result.key = "off";
        smpi_transfer_complete(transfer, &result);
    } else {
        accepted(chunk, wanted, &result);
    }
    if (transfer->state != SMPI_TRANSFER_OVER) {
        smpi_transfer_restart_rto(transfer);
        smpi_transfer_set_timer(transfer);
    }
}

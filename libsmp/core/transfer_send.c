/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending to the device: go-back-N, led by the offset that each answer asks for.
 * A lower offset than expected shows a gap: sending starts again from there, once
 * for each gap.
 */
#include "core/transfer.h"

static struct smpi_request *next_chunk(struct smpi_transfer *transfer)
{
    return transfer->next < transfer->total ? smpi_transfer_prepare(transfer, transfer->next)
                                            : NULL;
}

/* Drops the chunks that a later answer overtook: they will not be answered any more. */
static void sweep(struct smpi_transfer *transfer)
{
    uint64_t lost = transfer->session->stats.lost;
    if (transfer->swept == lost) {
        return; /* nothing was overtaken since */
    }
    transfer->swept = lost;
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

/* Forgets other copies of the first chunk: one answer is enough.  True: there were some. */
static bool drop_copies(struct smpi_transfer *transfer)
{
    bool some = false;
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_request *request = &transfer->chunks[i].request;
        if (request->state == SMPI_SENT) {
            smpi_session_drop(transfer->session, request);
            some = true;
        }
    }
    return some;
}

/* The first answer: what the device has of it already is believed now, and only now. */
static void first_answer(struct smpi_chunk *chunk, uint64_t wanted)
{
    struct smpi_transfer *transfer = chunk->transfer;
    if (chunk->offset != 0 || smpi_chunk_is_old(chunk)) {
        return; /* left over from before the device forgot */
    }
    if (wanted > transfer->total) {
        smpi_transfer_fail(transfer, SMP_ERR_OFFSET, 0);
    } else if (wanted == 0) {
        smpi_transfer_setback(transfer);
    } else {
        smpi_transfer_moving(transfer, wanted);
        transfer->start = wanted > chunk->len ? wanted : 0; /* more than was sent: a resume */
        /* Copies of the first chunk still fill the device's buffers, until it answers the next. */
        transfer->probing = drop_copies(transfer) || chunk->request.sends > 1;
        transfer->probed = false;
        rewind_to(transfer, wanted);
    }
}

/*
 * The device wants the first byte again.  It forgot the transfer, or it is done and only its
 * last answer was lost: then everything was sent, and asking tells.
 */
static void forgotten(struct smpi_transfer *transfer)
{
    rewind_to(transfer, 0);
    if (transfer->high == transfer->total && smpi_transfer_ask(transfer)) {
        return;
    }
    smpi_log(transfer->session->loop, SMP_LOG_WARN,
             "the device forgot the transfer at offset %llu: starting again",
             (unsigned long long)transfer->acked);
    smpi_transfer_go_on(transfer, 0);
}

/* A later answer: any offset up to the highest byte sent. */
static void later_answer(struct smpi_chunk *chunk, uint64_t wanted)
{
    struct smpi_transfer *transfer = chunk->transfer;
    bool old = smpi_chunk_is_old(chunk);
    if (wanted > transfer->high) {
        smpi_transfer_fail(transfer, SMP_ERR_OFFSET, 0);
        return;
    }
    if (wanted == 0) {
        if (!old) {
            forgotten(transfer);
        }
        return;
    }
    bool gap = wanted < chunk->offset + chunk->len && !old;
    if (wanted > transfer->acked) {
        transfer->acked = wanted;
        transfer->next = wanted > transfer->next ? wanted : transfer->next;
        if (!gap) {
            smpi_transfer_in_order(transfer);
        }
    }
    if (gap && wanted < transfer->acked && !smpi_transfer_went_back(transfer, wanted)) {
        return;
    }
    smpi_transfer_moved(transfer);
    if (gap) {
        smpi_transfer_gap(transfer);
        smpi_session_luck(transfer->session, chunk->packet, false);
        rewind_to(transfer, wanted);
        transfer->probing = transfer->setbacks > 1; /* in vain before: no more than one a time */
        transfer->probed = false;
        smpi_transfer_setback(transfer);
    }
}

/* A packet of this size was taken, whatever was believed before. */
static void note_size(struct smp_session *session, uint32_t packet)
{
    session->proven = packet > session->proven ? packet : session->proven;
    if (session->path_max != 0 && session->path_max < packet) {
        session->path_max = packet;
    }
}

/* A refusal that says the device has what it cannot have. */
static bool cannot_be(const struct smpi_chunk *chunk, uint64_t wanted,
                      const struct smp_result *result)
{
    const struct smpi_transfer *transfer = chunk->transfer;
    bool more = wanted > transfer->high || (chunk->fresh && wanted > chunk->offset);
    return more && result->error != SMP_OK && transfer->state == SMPI_TRANSFER_MOVING &&
           transfer->ops->anew != NULL && !smpi_chunk_is_old(chunk);
}

static void accepted(struct smpi_chunk *chunk, uint64_t wanted, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    uint64_t before = transfer->acked;
    note_size(transfer->session, chunk->packet);
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        first_answer(chunk, wanted);
    } else {
        later_answer(chunk, wanted);
    }
    if (transfer->state != SMPI_TRANSFER_MOVING) {
        return;
    }
    sweep(transfer);
    if (transfer->acked == transfer->total) {
        transfer->ops->finish(transfer, result);
    } else if (transfer->acked != before) {
        smpi_transfer_report(transfer, smpi_transfer_phase(transfer));
    }
}

static void refused(struct smpi_chunk *chunk, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    bool old = smpi_chunk_is_old(chunk);
    if (transfer->ops->lost != NULL && transfer->ops->lost(result)) {
        if (!old && smpi_transfer_setback(transfer)) {
            rewind_to(transfer, transfer->acked);
            smpi_transfer_ask(transfer);
        }
    } else if (smpi_transfer_lowered(chunk, result) && !old &&
               transfer->state == SMPI_TRANSFER_MOVING) {
        rewind_to(transfer, transfer->acked);
    }
}

static void on_answer(struct smpi_chunk *chunk, struct smp_result *result)
{
    uint64_t wanted = 0;
    bool usable = result->error == SMP_OK || result->error == SMP_ERR_DEVICE;
    if (usable && result->rsp != NULL && chunk->transfer->ops->wanted(result, &wanted)) {
        if (cannot_be(chunk, wanted, result)) {
            rewind_to(chunk->transfer, 0);
            chunk->transfer->state = SMPI_TRANSFER_ASKING;
            chunk->transfer->ops->anew(chunk->transfer);
            return;
        }
        accepted(chunk, wanted, result);
    } else if (result->error != SMP_OK) {
        refused(chunk, result);
    } else {
        result->error = SMP_ERR_MALFORMED;
        result->key = "off";
        smpi_transfer_complete(chunk->transfer, result);
    }
}

/* From the last confirmed offset: the probe takes the place of the oldest, whose late answer still
   counts. */
static void on_silence(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    struct smpi_chunk *oldest = smpi_transfer_oldest(transfer);
    if (oldest != NULL) {
        smpi_session_overtake(session, &oldest->request);
        oldest->request.due = session->loop->now + session->options.grace_ms * SMPI_MS;
        smpi_session_wake_at(session, oldest->request.due);
    }
    rewind_to(transfer, transfer->acked);
}

const struct smpi_transfer_way smpi_transfer_send = {
    .next = next_chunk,
    .answer = on_answer,
    .silence = on_silence,
};

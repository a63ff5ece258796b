/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receiving from the device: each chunk is asked for by its offset and stands
 * for itself, so a lost one is asked for again and nothing else is.  The first
 * answer says how long the whole is and how much the device puts into a packet.
 */
#include "core/transfer.h"

/* A chunk that is missing and not on its way is asked for (again). */
static struct smpi_request *fill_hole(struct smpi_transfer *transfer)
{
    for (size_t i = 0; i < SMPI_CHUNKS_MAX; i++) {
        struct smpi_chunk *chunk = &transfer->chunks[i];
        if (!chunk->missing || smpi_chunk_on_the_way(chunk)) {
            continue;
        }
        if (chunk->request.state != SMPI_IDLE) { /* later answers overtook it */
            if (!smpi_chunk_is_old(chunk)) {
                smpi_transfer_gap(transfer);
                transfer->recovery = transfer->serial;
            }
            smpi_session_drop(transfer->session, &chunk->request);
            transfer->session->stats.repeated++;
        }
        return smpi_chunk_prepare(chunk);
    }
    return NULL;
}

static struct smpi_request *next_chunk(struct smpi_transfer *transfer)
{
    struct smpi_request *request = fill_hole(transfer);
    if (request != NULL || transfer->next >= transfer->total) {
        return request;
    }
    request = smpi_transfer_prepare(transfer, transfer->next);
    if (request != NULL) {
        struct smpi_chunk *chunk = SMPI_OF(request, struct smpi_chunk, request);
        uint64_t rest = transfer->total - transfer->next;
        chunk->len = rest < transfer->stride ? (uint32_t)rest : transfer->stride;
        chunk->missing = true;
        transfer->next += chunk->len;
    }
    return request;
}

/* Stores what came.  False: that failed, and the transfer was ended. */
static bool store(struct smpi_transfer *transfer, uint64_t offset, struct smp_bytes data)
{
    const struct smp_sink *sink = &transfer->sink;
    if (data.len > 0 && sink->write(sink->user, offset, data.data, data.len) != SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_SINK, 0);
        return false;
    }
    transfer->acked += data.len;
    smpi_transfer_moved(transfer);
    return true;
}

static void malformed(struct smpi_transfer *transfer, struct smp_result *result, const char *key)
{
    result->error = SMP_ERR_MALFORMED;
    result->key = key;
    smpi_transfer_complete(transfer, result);
}

/* The first answer: length and stride. */
static void started(struct smpi_transfer *transfer, struct smp_result *result, uint64_t offset,
                    struct smp_bytes data, uint64_t total)
{
    if (offset != 0) {
        malformed(transfer, result, "off");
    } else if (total == UINT64_MAX) {
        malformed(transfer, result, "len");
    } else if (data.len > total || (data.len == 0 && total > 0)) {
        malformed(transfer, result, "data");
    } else if (transfer->options.resume > total) {
        smpi_transfer_fail(transfer, SMP_ERR_OFFSET, 0);
    } else {
        transfer->total = total;
        transfer->stride = (uint32_t)data.len;
        smpi_transfer_moving(transfer, transfer->options.resume);
        if (transfer->options.resume == 0 && store(transfer, 0, data)) {
            transfer->next = data.len;
        }
    }
}

/* A later answer: its part, which may be shorter than was hoped for. */
static void received(struct smpi_chunk *chunk, uint64_t offset, struct smp_bytes data)
{
    struct smpi_transfer *transfer = chunk->transfer;
    if (offset != chunk->offset || data.len == 0) {
        smpi_transfer_setback(transfer); /* still missing: asked for again */
        return;
    }
    data.len = data.len < chunk->len ? data.len : chunk->len;
    if (!store(transfer, offset, data)) {
        return;
    }
    smpi_transfer_in_order(transfer);
    chunk->offset += data.len;
    chunk->len -= (uint32_t)data.len;
    chunk->missing = chunk->len > 0;
    if (chunk->missing) {
        transfer->stride = (uint32_t)data.len;
    }
}

static void on_answer(struct smpi_chunk *chunk, struct smp_result *result)
{
    struct smpi_transfer *transfer = chunk->transfer;
    uint64_t offset = 0;
    uint64_t total = UINT64_MAX;
    uint64_t before = transfer->acked;
    struct smp_bytes data = {NULL, 0};
    if (result->error != SMP_OK) {
        if (smpi_transfer_lowered(chunk, result)) {
            transfer->recovery = transfer->serial; /* still missing: asked for again */
        }
        return;
    }
    transfer->ops->carried(result, &offset, &data, &total);
    if (transfer->state == SMPI_TRANSFER_STARTING) {
        started(transfer, result, offset, data, total);
    } else {
        received(chunk, offset, data);
    }
    if (transfer->state != SMPI_TRANSFER_MOVING) {
        return;
    }
    if (transfer->acked == transfer->total) {
        transfer->ops->finish(transfer, result);
    } else if (transfer->acked != before) {
        smpi_transfer_report(transfer, smpi_transfer_phase(transfer));
    }
}

/* The oldest one is asked for again, alone. */
static void on_silence(struct smpi_transfer *transfer)
{
    struct smpi_chunk *oldest = smpi_transfer_oldest(transfer);
    if (oldest != NULL) {
        smpi_session_drop(transfer->session, &oldest->request);
        transfer->session->stats.lost++;
    }
}

const struct smpi_transfer_way smpi_transfer_receive = {
    .next = next_chunk,
    .answer = on_answer,
    .silence = on_silence,
};

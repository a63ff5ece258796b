/* SPDX-License-Identifier: Apache-2.0 */
#include "groups/fs_resume.h"

#include "groups/fs.h"

#include <string.h>

/* Bytes of ours for each turn of the loop. */
enum { PIECE = 16384 };

/* CRC-32 (IEEE 802.3), to be begun with and finished by ~. */
static uint32_t crc_update(uint32_t crc, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        }
    }
    return crc;
}

static void finish(struct smpi_transfer *transfer)
{
    struct smpi_fs_resume *resume = smpi_fs_resume_of(transfer);
    uint8_t sha[SMPI_SHA256];
    bool same;
    if (resume->crc_only) {
        same = ~resume->crc == resume->told_crc;
    } else {
        smpi_sha_final(&resume->sha, sha);
        same = memcmp(sha, resume->told_sha, sizeof(sha)) == 0;
    }
    resume->then(transfer, same);
}

/* The next piece of ours. */
static void hash_piece(struct smpi_transfer *transfer)
{
    struct smpi_fs_resume *resume = smpi_fs_resume_of(transfer);
    struct smp_session *session = transfer->session;
    uint8_t *data = session->loop->scratch;
    uint64_t rest = resume->there - resume->done;
    size_t len = rest < PIECE ? (size_t)rest : PIECE;
    int error = smpi_transfer_read(transfer, resume->done, data, len);
    if (session->dead || error == SMP_ERR_AGAIN) {
        return;
    }
    if (error != SMP_OK) {
        smpi_transfer_fail(transfer, SMP_ERR_SOURCE, 0);
        return;
    }
    if (resume->crc_only) {
        resume->crc = crc_update(resume->crc, data, len);
    } else {
        smpi_sha_update(&resume->sha, data, len);
    }
    resume->done += len;
    smpi_transfer_expect_progress(transfer);
    if (resume->done == resume->there) {
        transfer->work = NULL;
        finish(transfer);
    }
}

static void ask(struct smpi_transfer *transfer);

static void on_hash(struct smpi_transfer *transfer, const struct smp_result *result)
{
    struct smpi_fs_resume *resume = smpi_fs_resume_of(transfer);
    const struct smp_fs_hash_rsp *rsp = result->rsp;
    bool told = result->error == SMP_OK && rsp->len == resume->there;
    if (told && !resume->crc_only && rsp->output.kind == SMP_KIND_BYTES &&
        rsp->output.as.bytes.len == SMPI_SHA256) {
        memcpy(resume->told_sha, rsp->output.as.bytes.data, SMPI_SHA256);
    } else if (told && resume->crc_only && rsp->output.kind == SMP_KIND_UINT) {
        resume->told_crc = (uint32_t)rsp->output.as.uint;
    } else if (!resume->crc_only) {
        resume->crc_only = true;
        ask(transfer);
        return;
    } else {
        smpi_log(transfer->session->loop, SMP_LOG_WARN,
                 "the device tells no hash of the file: it is sent from the start");
        resume->then(transfer, false);
        return;
    }
    transfer->work = hash_piece;
    smpi_task_schedule(transfer->session->loop, &transfer->session->task);
}

static void ask(struct smpi_transfer *transfer)
{
    struct smpi_fs_resume *resume = smpi_fs_resume_of(transfer);
    const struct smp_fs_hash_req req = {
        .size = sizeof(req),
        .name = resume->name,
        .has_type = true,
        .type = resume->crc_only ? (struct smp_str){"crc32", 5} : (struct smp_str){"sha256", 6},
        .has_len = true,
        .len = resume->there,
    };
    if (smpi_transfer_call(transfer, &smpi_fs_commands[SMPI_FS_HASH], &req, on_hash) != SMP_OK) {
        resume->then(transfer, false);
    }
}

void smpi_fs_resume_check(struct smpi_transfer *transfer, struct smp_str name, uint64_t there,
                          void (*then)(struct smpi_transfer *transfer, bool same))
{
    struct smpi_fs_resume *resume = smpi_fs_resume_of(transfer);
    *resume = (struct smpi_fs_resume){.name = name, .then = then, .there = there, .crc = ~0u};
    smpi_sha_init(&resume->sha, SMPI_SHA256);
    ask(transfer);
}

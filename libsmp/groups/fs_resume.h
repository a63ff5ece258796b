/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what the device has of a file the beginning of ours?  The device is asked for the SHA-256 of
 * it, or for its CRC-32 where it has no other; the same is made of our bytes, a piece for each turn
 * of the loop.  A device that tells neither may hold anything: then the answer is no.
 */
#ifndef SMPI_GROUPS_FS_RESUME_H
#define SMPI_GROUPS_FS_RESUME_H

#include "base/sha.h"
#include "core/transfer.h"

#include <smp/fs.h>

struct smpi_fs_resume {
    struct smp_str name;
    void (*then)(struct smpi_transfer *transfer, bool same);
    uint64_t there; /* bytes the device has */
    uint64_t done;  /* of them, ours that went into the sums */
    bool crc_only;
    struct smpi_sha sha;
    uint32_t crc;
    uint8_t told_sha[SMPI_SHA256];
    uint32_t told_crc;
};

/* The part of a transfer that compares; groups say where it is. */
struct smpi_fs_resume *smpi_fs_resume_of(struct smpi_transfer *transfer);

/* Compares the first `there` bytes.  `then` is called unless the transfer ends before. */
void smpi_fs_resume_check(struct smpi_transfer *transfer, struct smp_str name, uint64_t there,
                          void (*then)(struct smpi_transfer *transfer, bool same));

#endif

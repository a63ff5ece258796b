/* SPDX-License-Identifier: Apache-2.0 */
/* A file of this machine that is read. */
#ifndef SMPCTL_LOCALFILE_H
#define SMPCTL_LOCALFILE_H

#include <smp/transfer.h>

struct smpctl;

struct local_file {
    const char *path;
    int fd;
    struct smp_source source; /* reads the file; it is never in memory as a whole */
    uint64_t block_at;
    size_t block_len;
    uint8_t block[32768]; /* the part of it that was read last */
};

/*
 * Opens a regular file.  Returns STATUS_DONE, or what was reported; local_close()
 * is due in both cases.
 */
int local_open(struct smpctl *ctl, const char *path, struct local_file *file);

void local_close(struct local_file *file);

#endif

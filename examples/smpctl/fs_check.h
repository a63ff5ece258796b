/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing a file of this machine with one of the device by their hashes. */
#ifndef SMPCTL_FS_CHECK_H
#define SMPCTL_FS_CHECK_H

#include <stdbool.h>
#include <stdint.h>

struct smpctl;

/*
 * Compares the file open as fd with remote.  type gets "sha256", "crc32", or
 * NULL when the device offers neither: then nothing was compared.  Returns
 * STATUS_DONE or what was reported.
 */
int fs_check(struct smpctl *ctl, const char *remote, int fd, const char **type);

/*
 * Whether remote begins with the first `length` bytes of the file open as fd.
 * False also when the device cannot tell.
 */
bool fs_begins_alike(struct smpctl *ctl, const char *remote, int fd, uint64_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A whole file in memory. */
#ifndef SMPCTL_SLURP_H
#define SMPCTL_SLURP_H

#include <stddef.h>
#include <stdint.h>

struct smpctl;

/*
 * Reads a file, `-` is standard input; a NUL stands behind it.  To be freed.
 * Returns STATUS_DONE, or what was reported.
 */
int slurp(struct smpctl *ctl, const char *path, uint8_t **data, size_t *len);

#endif

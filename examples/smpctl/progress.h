/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far an upload is: on a terminal one line that is rewritten, else a line
 * now and then, with --json one JSON line each.
 */
#ifndef SMPCTL_PROGRESS_H
#define SMPCTL_PROGRESS_H

#include <smp/transfer.h>

#include <stdbool.h>
#include <stdint.h>

struct smpctl;

struct progress {
    struct smpctl *ctl;
    bool terminal;
    bool shown;        /* a line on the terminal is not ended yet */
    uint64_t last_ns;  /* when something was shown last */
    uint64_t first_ns; /* when the upload began */
    uint64_t start;    /* bytes the device had already */
    bool begun;        /* the device has answered */
};

void progress_begin(struct progress *progress, struct smpctl *ctl);

/* Shows one step, unless another was shown just before. */
void progress_step(struct progress *progress, const struct smp_progress *step);

/* Ends the line. */
void progress_end(struct progress *progress);

/* Seconds since progress_begin(). */
double progress_seconds(const struct progress *progress);

#endif

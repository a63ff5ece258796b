/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a transfer is: on a terminal one line that is rewritten, else a line
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
    uint64_t first_ns; /* when the transfer began */
    uint64_t start;    /* bytes the device had already */
    bool begun;        /* the device has answered */
    uint64_t total;    /* bytes there are, as far as is known */
    bool from_zero;    /* a download: the first offset is 0 */
    bool offsets;      /* a file: print how many bytes have arrived, as the Go tool does */
    unsigned n_offsets;
    uint64_t last_offset;
};

/*
 * Becomes ctl->progress.  wait: what to say before the first answer of an image's
 * upload; NULL: a file, for which each answer prints its offset.
 */
void progress_begin(struct progress *progress, struct smpctl *ctl, const char *wait);

/* For a transfer's options: shows a step of ctl->progress, unless another was shown just before. */
smp_progress_callback progress_step;

/* Shows what is being done, on a terminal: "waiting". */
void progress_word(struct progress *progress, const char *word);

/* Prints offset 0, unless an offset was printed: a download begins with it, an empty file ends so. */
void progress_zero(struct progress *progress);

/* Ends the line. */
void progress_end(struct progress *progress);

/* Seconds since progress_begin(). */
double progress_seconds(const struct progress *progress);

#endif

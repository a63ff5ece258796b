/* SPDX-License-Identifier: Apache-2.0 */
/* A run: one image, many devices, so many of them at a time. */
#ifndef DFU_RUN_H
#define DFU_RUN_H

#include "imagefile.h"
#include "options.h"
#include "unit.h"

struct audit;

struct run {
    const struct options *options;
    struct smp_loop *loop;
    struct image_file image;
    struct key_file key;
    struct audit *audit; /* or NULL */
    struct unit *units;
    size_t n_units;
    size_t n_started;
    size_t n_over;
    bool interrupted;
    enum status status; /* the worst so far */

    bool terminal;     /* what is being done is shown */
    uint64_t drawn_at; /* last */

    struct smp_watch *signals;
    struct unit *questions; /* for a person; the first one is on the screen */
    struct smp_watch *input;
    bool input_over;
    char input_text[256]; /* read, and not used yet */
    size_t input_len;
};

/* Does all of it.  Returns the exit status. */
int run_all(const struct options *options);

/* For unit.c: a result is there. */
void run_unit_over(struct unit *unit);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many chunks may be on the way to a device at a time, found out while they are sent.
 *
 * The cap is what the device has buffers for, or what the user said.  Below it:
 *
 * an answer in order   one more, until something was lost; from then on one more for each whole
 *                      window answered in order
 * a gap                nothing: chance, as on every radio.  The third in a row with less than a
 *                      window between them is more than chance: one less, until it passes
 * silence              half, and back as quickly as to begin with
 * `rc 2`               the device had no buffer left for its answer: that is its edge, and the
 *                      same number is not tried again before many answers came in order
 *
 * It belongs to the session, so that a second transfer begins with what the first one learnt.
 */
#ifndef SMPI_CORE_WINDOW_H
#define SMPI_CORE_WINDOW_H

#include <stdint.h>

struct smpi_window {
    uint32_t now;      /* chunks that may be on the way */
    uint32_t known;    /* up to here each answer in order makes it one more */
    uint32_t edge;     /* with one more the device ran out of buffers; 0: not seen yet */
    uint32_t in_order; /* answers since it changed, or since the last gap */
    uint32_t gaps;     /* in a row, with less than a window between them */
};

void smpi_window_init(struct smpi_window *window);

/* Begins with what another session learnt; 0: nothing. */
void smpi_window_learnt(struct smpi_window *window, uint32_t now, uint32_t edge);

/* An answer came in order, and as many as allowed were on the way. */
void smpi_window_good(struct smpi_window *window, uint32_t cap);
/* A packet was lost, and later ones were answered.  `used`: the window it happened with. */
void smpi_window_gap(struct smpi_window *window, uint32_t used);
/* Nothing was heard at all. */
void smpi_window_silence(struct smpi_window *window, uint32_t used);
/* The device had no buffer for its answer while so many others were on the way. */
void smpi_window_edge(struct smpi_window *window, uint32_t others);

#endif

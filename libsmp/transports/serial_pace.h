/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When the next line may leave, so that it finds a free line buffer in the device.
 *
 * A device has a few buffers for lines (Zephyr: two) and says nothing when one arrives and none
 * is free: the line is lost, and with it the packet.  A line's buffer is free again
 * - when the packet it belongs to, or a later one, was answered, or
 * - a while after it arrived: 25 ms are enough for every device known.  The slowest, Zephyr on a
 *   pseudo-terminal that it looks at every 10 ms, needs 20; on a real wire 15 are plenty.  How long
 *   exactly, the answers show: a line was taken before its packet was answered, so a few times the
 *   slowest of the last answers are enough too, if that is less.
 *
 * Times are in nanoseconds.  Nothing here knows descriptors or clocks.
 */
#ifndef SMPI_TRANSPORTS_SERIAL_PACE_H
#define SMPI_TRANSPORTS_SERIAL_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Line buffers that can be counted; more are as good as any number. */
enum { SMPI_PACE_LINES_MAX = 64 };

struct smpi_pace {
    uint32_t lines;   /* line buffers in the device; 0: any number */
    uint64_t gap;     /* a buffer is free again so long after its line arrived */
    uint64_t byte_ns; /* what a byte takes on the wire; 0: nothing */
    uint64_t idle_at; /* when the wire will have carried all that was written */
    uint64_t sent;    /* lines written */
    uint64_t taken;   /* of them, known to be out of the device's buffers */
    uint64_t arrived[SMPI_PACE_LINES_MAX];
    uint64_t slowest[2]; /* answer of the last answers, and of those before them */
    uint32_t answers;    /* since `slowest` was renewed */
    bool learnt;
};

void smpi_pace_init(struct smpi_pace *pace, uint32_t lines, uint64_t gap, uint64_t byte_ns);

/* When the next line may be written: now or before now, or later. */
uint64_t smpi_pace_due(const struct smpi_pace *pace, uint64_t now);

/* Bytes were written, `lines` newlines among them. */
void smpi_pace_wrote(struct smpi_pace *pace, uint64_t now, size_t bytes, uint32_t lines);

/* The packet that ended with line number `line` (pace->sent after it was written) was answered. */
void smpi_pace_answered(struct smpi_pace *pace, uint64_t now, uint64_t line);

/* A packet was lost: what was learnt may be wrong. */
void smpi_pace_lost(struct smpi_pace *pace);

#endif

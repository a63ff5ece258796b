/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_pace.h"

#define MS 1000000ull

/* Answers that tell how slow the device can be. */
enum { ENOUGH = 16 };

/* Written ahead of the wire, so that it never idles: a little more than a program may sleep. */
#define AHEAD (10 * MS)

void smpi_pace_init(struct smpi_pace *pace, uint32_t lines, uint64_t gap, uint64_t byte_ns)
{
    *pace = (struct smpi_pace){
        .lines = lines <= SMPI_PACE_LINES_MAX ? lines : 0,
        .gap = gap,
        .byte_ns = byte_ns,
    };
}

/* How long after its arrival a line is out of its buffer for sure. */
static uint64_t gap_of(const struct smpi_pace *pace)
{
    uint64_t slowest = pace->slowest[0] > pace->slowest[1] ? pace->slowest[0] : pace->slowest[1];
    uint64_t learnt = 3 * slowest + 2 * MS; /* one that is slow now and then has been seen at it */
    return pace->learnt && learnt < pace->gap ? learnt : pace->gap;
}

uint64_t smpi_pace_due(const struct smpi_pace *pace, uint64_t now)
{
    uint64_t due = now;
    if (pace->idle_at > now + AHEAD) {
        due = pace->idle_at - AHEAD;
    }
    if (pace->lines == 0 || pace->sent < pace->taken + pace->lines) {
        return due;
    }
    /* The line that holds the buffer; the wire may be busy until it is free anyway. */
    uint64_t holder = pace->sent - pace->lines;
    uint64_t free_at = pace->arrived[holder % SMPI_PACE_LINES_MAX] + gap_of(pace);
    return pace->idle_at >= free_at || free_at < due ? due : free_at;
}

void smpi_pace_wrote(struct smpi_pace *pace, uint64_t now, size_t bytes, uint32_t lines)
{
    uint64_t start = pace->idle_at > now ? pace->idle_at : now;
    pace->idle_at = start + bytes * pace->byte_ns;
    while (lines-- > 0) {
        pace->arrived[pace->sent++ % SMPI_PACE_LINES_MAX] = pace->idle_at;
    }
}

void smpi_pace_answered(struct smpi_pace *pace, uint64_t now, uint64_t line)
{
    if (line <= pace->taken || line > pace->sent) {
        return;
    }
    pace->taken = line;
    uint64_t arrived = pace->arrived[(line - 1) % SMPI_PACE_LINES_MAX];
    uint64_t took = now > arrived ? now - arrived : 0;
    if (pace->sent - line >= SMPI_PACE_LINES_MAX) {
        return; /* its time has been written over */
    }
    if (took > pace->slowest[0]) {
        pace->slowest[0] = took;
    }
    if (++pace->answers == ENOUGH) {
        pace->slowest[1] = pace->slowest[0];
        pace->slowest[0] = 0;
        pace->answers = 0;
        pace->learnt = true;
    }
}

void smpi_pace_lost(struct smpi_pace *pace)
{
    pace->slowest[0] = 0;
    pace->slowest[1] = 0;
    pace->answers = 0;
    pace->learnt = false;
}

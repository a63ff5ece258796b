/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulated UART and the line buffers behind it: bytes take their time, and a line that finds
 * no buffer, or does not fit one, vanishes, as in Zephyr.
 */
#ifndef SMPI_TRANSPORTS_SERIAL_UART_H
#define SMPI_TRANSPORTS_SERIAL_UART_H

#include "core/loop.h"

/* ---- bytes that take their time ---- */

/*
 * One direction of a wire: a piece is on it until its last byte has arrived.  Time on it is exact,
 * however late the loop comes: bytes that waited already follow without a gap.
 */
struct smpi_wire {
    uint64_t byte_ns; /* 0: no time at all */
    uint64_t idle_at; /* when what is on it has arrived */
    bool going;       /* what comes next has been waiting: it follows at `idle_at` */
    size_t len;
    uint8_t piece[256];
};

/* Bytes to put on it at once, so that time passes in steps of about a millisecond. */
size_t smpi_wire_room(const struct smpi_wire *wire);
/* The piece in `piece` sets out. */
void smpi_wire_start(struct smpi_wire *wire, uint64_t now, size_t len);
/* When its next line has arrived, or all that is left of it; SMPI_NEVER: nothing is on it. */
uint64_t smpi_wire_due(const struct smpi_wire *wire);
/* Takes that off the wire, at most sizeof(wire->piece) bytes.  Returns how many. */
size_t smpi_wire_take(struct smpi_wire *wire, uint8_t *data);

/* ---- line buffers ---- */

struct smpi_lines {
    struct smp_loop *loop;
    size_t count;     /* buffers */
    size_t room;      /* bytes in each, newline included */
    uint64_t stay_ns; /* a whole line leaves its buffer so long after it arrived */
    uint8_t *memory;
    struct smpi_line {
        size_t len;
        uint64_t due;
    } * lines; /* a ring: whole lines, then the one that is arriving */
    size_t first;
    size_t whole;  /* lines that wait */
    bool arriving; /* one more has begun */
    bool dropping; /* to the end of this line */
    uint64_t vanished;
};

/* SMP_ERR_NO_MEMORY. */
int smpi_lines_make(struct smpi_lines *lines, struct smp_loop *loop, size_t count, size_t room,
                    uint64_t stay_ns);
void smpi_lines_unmake(struct smpi_lines *lines);
void smpi_lines_reset(struct smpi_lines *lines);

/* Bytes arrive. */
void smpi_lines_feed(struct smpi_lines *lines, uint64_t now, const uint8_t *data, size_t len);
/* When the next line leaves its buffer; SMPI_NEVER: none waits. */
uint64_t smpi_lines_due(const struct smpi_lines *lines);
/* Takes it out, if it is due: its bytes stay until the next line arrives.  NULL: none is. */
const uint8_t *smpi_lines_take(struct smpi_lines *lines, uint64_t now, size_t *len);

#endif

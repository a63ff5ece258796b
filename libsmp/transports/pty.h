/* SPDX-License-Identifier: Apache-2.0 */
/* A pseudo-terminal as a transport (pty.c), and what goes over its line (pty_line.c). */
#ifndef SMPI_TRANSPORTS_PTY_H
#define SMPI_TRANSPORTS_PTY_H

#include "transports/bad_line.h"
#include "transports/pty_terminal.h"
#include "transports/serial.h"
#include "transports/serial_uart.h"

struct smpi_pty {
    struct smpi_stream stream; /* first: see smpi_serial_stream() */
    struct smp_transport *transport;
    struct smp_loop *loop;
    struct smp_pty_options options; /* defaults filled in */
    struct smpi_terminal terminal;
    bool open; /* a client has the other side */
    bool wants_write;
    struct smp_watch *watch; /* NULL while there is no client */
    struct smpi_wire in, out;
    struct smpi_lines lines;
    struct smpi_bad_line *bad; /* between the wires and the rest; NULL: the line is good */
    struct smpi_timer timer;
    uint64_t look_at;
    struct smpi_task hung_up; /* reports what writing met */
};

/* Wakes up when the next thing is due: a look for a client, or bytes that arrive. */
void smpi_pty_set_timer(struct smpi_pty *pty);

/* For the timer, the task and the stream of a struct smpi_pty. */
void smpi_pty_on_timer(struct smpi_timer *timer);
void smpi_pty_hung_up(struct smpi_task *task);
size_t smpi_pty_write(void *self, const uint8_t *data, size_t len);

/* Bytes that a bad line lets through: onto the wire, returning how many it took, and from it. */
size_t smpi_pty_put(void *self, const uint8_t *data, size_t len);
void smpi_pty_take(void *self, const uint8_t *data, size_t len);

#endif

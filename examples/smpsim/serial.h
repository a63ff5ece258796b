/* SPDX-License-Identifier: Apache-2.0 */
/* The device's serial line, on a pseudo-terminal. */
#ifndef SMPSIM_SERIAL_H
#define SMPSIM_SERIAL_H

#include "device.h"

#include <smp/loopback.h>
#include <smp/serial.h>

#include <stdbool.h>
#include <stdint.h>

struct sim_serial_options {
    const char *path;      /* of the link to it; NULL: the device has no serial line */
    uint32_t baud;         /* 0: no limit */
    uint32_t line_buffers; /* 0: any number */
    uint32_t line_length;  /* bytes of a line buffer */
    uint32_t line_us;      /* time until a line is taken out of its buffer; 0: as smp/serial.h */
    bool strict_baud;      /* who comes at another rate finds garbage */
    bool raw;
    bool log_text; /* the console's log shares the line */
};

struct sim_serial {
    struct smp_transport *transport; /* NULL: none */
    struct smp_loop *loop;
    struct smp_timer *timer; /* the next line of the log */
    uint32_t lines;          /* of the log, so far */
};

/*
 * Opens it, a bad one unless `faults` is NULL.  Returns SIM_EXIT_OK, or the exit status of what was
 * said.
 */
int sim_serial_open(struct sim_serial *serial, struct smp_loop *loop,
                    const struct sim_serial_options *options, uint32_t buf_size,
                    const struct smp_faults *faults);
void sim_serial_close(struct sim_serial *serial);

/* Writes a line of the device's log, if the log shares the line. */
void sim_serial_log(struct sim_serial *serial, const char *text);

#endif

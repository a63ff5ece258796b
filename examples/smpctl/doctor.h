/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a link, found out step by step: cmd_doctor.c goes through
 * the steps, doctor_line.c finds how a serial line is to be spoken on,
 * doctor_limits.c how much the device takes, and doctor_ask.c asks.
 */
#ifndef SMPCTL_DOCTOR_H
#define SMPCTL_DOCTOR_H

#include "address.h"
#include "smpctl.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known so far; ctl->link holds how the line is spoken on. */
struct doctor {
    struct smpctl *ctl;
    struct address address;
    bool serial;          /* a port of this machine */
    bool line;            /* a serial line, also one behind TCP */
    uint32_t patience_ms; /* for an answer to a small request */
    double round_trip_ms;
    double ms_per_byte; /* of the last echo */
    bool has_echo;
    uint32_t buf_size, buf_count; /* 0: the device does not tell */
    uint32_t largest;             /* the largest packet that came through; 0: not tried */
    uint32_t vanished;            /* one that did not; 0: none */
    uint32_t window;              /* requests at once that all were answered; 0: not tried */
    size_t readable, garbage;     /* console bytes of the present try, by what they look like */
};

/* How a question ended. */
enum doctor_answer {
    DOCTOR_ANSWERED, /* whatever it said, but for the next */
    DOCTOR_CUT,      /* it said that the request arrived cut off */
    DOCTOR_SILENT,
    DOCTOR_NOBODY, /* the other machine says that nobody listens */
    DOCTOR_LOST,   /* the link went down */
    DOCTOR_STOPPED,
};

/* Prints one finding, a line of text or a JSON document. */
void doctor_step(struct doctor *doctor, const char *step, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- asking (doctor_ask.c) ---- */

/* A new session on ctl->transport, which takes so many requests at once. */
int doctor_session(struct doctor *doctor, uint32_t window);

/* Asks for the parameters, and keeps them. */
enum doctor_answer doctor_ask(struct doctor *doctor);

/* Sends `n` echoes at once, each a packet of `size` bytes; the worst of their answers. */
enum doctor_answer doctor_echo(struct doctor *doctor, uint32_t size, uint32_t n);

/* ---- a serial line (doctor_line.c) ---- */

/* Finds rate and framing at which the device answers.  Returns STATUS_DONE or what was reported. */
int doctor_find(struct doctor *doctor);

/* Opens the line as ctl->link says, instead of how it was open.  Returns an error of the library's. */
int doctor_open(struct doctor *doctor);

/* ---- limits (doctor_limits.c) ---- */

int doctor_params(struct doctor *doctor);
int doctor_sizes(struct doctor *doctor);
int doctor_window(struct doctor *doctor);
int doctor_lines(struct doctor *doctor);

#endif

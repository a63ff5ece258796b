/* SPDX-License-Identifier: Apache-2.0 */
/* One device of a run: the way to it, its update, its result. */
#ifndef DFU_UNIT_H
#define DFU_UNIT_H

#include "options.h"

#include "url.h"

#include <smp/smp.h>
#include <sys/types.h>

struct run;

struct unit {
    struct run *run;
    const char *address;
    char *serial; /* or NULL: none is known */

    struct link_url url;
    struct smp_transport *transport;
    struct smp_session *session;
    smp_id id; /* 0: no update under way */
    enum {
        UNIT_WAITING, /* for its turn */
        UNIT_AT_WORK,
        UNIT_OVER, /* its result is there; the link is still open */
        UNIT_CLOSED,
    } stage;
    bool audit_failed;

    /* what it is at */
    enum smp_update_phase phase;
    uint64_t done, total;

    /* its decision */
    struct unit *next_question;
    pid_t check;             /* the command, or 0 */
    struct smp_timer *timer; /* for the command */
    bool timed_out;
    char from[64], to[64]; /* versions, for people */

    /* its result */
    enum status status;
    int error;
    uint32_t state;
    bool same;
    uint64_t ms;
    char text[1024];
};

/* SERIAL=ADDRESS, or ADDRESS. */
void unit_init(struct unit *unit, struct run *run, const char *device);
/* Begins; on failure it is over at once. */
void unit_start(struct unit *unit);
void unit_cancel(struct unit *unit);
void unit_close(struct unit *unit);

/* The serial number where there is one, else the address. */
const char *unit_name(const struct unit *unit);

/* An answer to whether the new image is good. */
void unit_decide(struct unit *unit, enum smp_update_decision decision);

#endif

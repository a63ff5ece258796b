/* SPDX-License-Identifier: Apache-2.0 */
/* The way to the device: a UDP socket, a serial port, or a serial line behind TCP. */
#ifndef SMPCTL_LINK_H
#define SMPCTL_LINK_H

#include "address.h"

#include <smp/serial.h>

#include <stdint.h>

struct smpctl;

/* What a serial line needs beside its transport; in struct smpctl. */
struct link {
    struct smp_serial_options options;
    uint32_t packet;  /* mtu=, or 0: what the device says */
    int fd;           /* the TCP socket plus 1, or 0 */
    size_t sent_most; /* bytes of the largest packet sent */
    bool down;        /* keeper.h tries to get it back */
    uint64_t heard;   /* when text last came, or the link changed, in the loop's time */
    struct smp_timer *again;
    uint64_t give_up; /* --wait: until then, in the loop's time; 0: not at all */
};

/*
 * Makes ctl->transport, and ctl->device, its name in messages.
 * Returns STATUS_DONE, or what was reported.
 */
int link_open(struct smpctl *ctl, const struct address *address);

/* Its two halves: reading what is said about the line into ctl->link, and opening it as that says. */
int link_prepare(struct smpctl *ctl, const struct address *address);
int link_connect(struct smpctl *ctl, const struct address *address);

void link_close(struct smpctl *ctl);

/* Console text, on standard error; a progress line makes room for it.  user: ctl. */
smp_console_callback link_show_text;

/* Lets the loop turn for a while. */
void link_pause(struct smpctl *ctl, uint32_t ms);

/* The port's own sentence for an error, or NULL: not a serial port, or nothing to say. */
const char *link_explain(const struct smpctl *ctl, int error, int system_error, char *text,
                         size_t size);

/*
 * After a request that was not answered: why, when that is an affair of large packets only, else
 * NULL.  Asks the device once more where that has to be known.
 */
const char *link_large_vanish(struct smpctl *ctl, char *text, size_t size);

/* --wait: asks until the device answers, opening the port as often as need be. */
int link_wait(struct smpctl *ctl);

#endif

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
    uint64_t give_up; /* --wait: until then, in the loop's time; 0: not at all */
};

/*
 * Makes ctl->transport, and ctl->device, its name in messages.
 * Returns STATUS_DONE, or what was reported.
 */
int link_open(struct smpctl *ctl, const struct address *address);
void link_close(struct smpctl *ctl);

/* The port's own sentence for an error, or NULL: not a serial port, or nothing to say. */
const char *link_explain(const struct smpctl *ctl, int error, int system_error, char *text,
                         size_t size);

/* --wait: asks until the device answers, opening the port as often as need be. */
int link_wait(struct smpctl *ctl);

#endif

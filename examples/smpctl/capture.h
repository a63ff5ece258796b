/* SPDX-License-Identifier: Apache-2.0 */
/* Capture files (pcap, pcapng): the UDP packets in them.  Needs libpcap when it runs. */
#ifndef SMPCTL_CAPTURE_H
#define SMPCTL_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct smpctl;

#define ENDPOINT_MAX 64

/* One datagram; everything is borrowed. */
struct datagram {
    const uint8_t *data;
    size_t len;
    double time;             /* seconds since 1970 */
    char from[ENDPOINT_MAX]; /* "192.0.2.1:1337" */
    char to[ENDPOINT_MAX];
};

/* Whether bytes begin as a capture file does. */
bool capture_is(const uint8_t *data, size_t len);

/*
 * Calls found() for each datagram from or to the port.  Takes over the file.
 * Returns STATUS_DONE, or what was reported.
 */
int capture_read(struct smpctl *ctl, const char *name, FILE *file, uint16_t port,
                 void (*found)(const struct datagram *datagram, void *user), void *user);

#endif

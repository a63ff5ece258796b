/* SPDX-License-Identifier: Apache-2.0 */
/* Which device is meant: -d, --conntype and --connstring, -c, SMP_DEVICE. */
#ifndef SMPCTL_ADDRESS_H
#define SMPCTL_ADDRESS_H

#include <stddef.h>

struct smpctl;

enum { ADDRESS_MAX = 128 };

/* What the user wrote, taken apart. */
struct address {
    char type[8];            /* "udp", "serial" or "tcp" */
    char place[ADDRESS_MAX]; /* host and port, or a serial port */
    char keys[ADDRESS_MAX];  /* "baud=115200,mtu=512"; not for UDP */
};

/* Finds the device that the options name.  Returns STATUS_DONE, or what was reported. */
int address_find(struct smpctl *ctl, struct address *address);

/* Whether this program knows a connection type; reports it if not. */
int address_check_type(struct smpctl *ctl, const char *type);

#endif

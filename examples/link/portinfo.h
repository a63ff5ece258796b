/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of one serial port of this machine. */
#ifndef LINK_PORTINFO_H
#define LINK_PORTINFO_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct portinfo {
    char path[PATH_MAX]; /* without links */
    bool has_usb;        /* and these: */
    uint16_t vendor, product;
    char serial_number[64];
    char description[64];
};

/* place: a path, or a USB device as smp_serial_find() takes it.  False: the port is not listed. */
bool portinfo_find(const char *place, struct portinfo *info);

#endif

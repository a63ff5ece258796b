/* SPDX-License-Identifier: Apache-2.0 */
/* The devices that -d and --devices name. */
#ifndef SMPCTL_DEVICELIST_H
#define SMPCTL_DEVICELIST_H

#include <stdbool.h>
#include <stddef.h>

struct smpctl;

struct device_entry {
    char *text;         /* an address, or a connection's name */
    bool is_connection; /* a saved one */
};

struct device_list {
    struct device_entry *devices;
    size_t n;
};

/*
 * Reads the options, and the file that --devices names: a device a line, as -d
 * takes it or the name of a saved connection; empty lines and those with # are
 * passed over.  None: other options may name a device.  Returns STATUS_DONE or
 * what was reported.
 */
int device_list_read(struct smpctl *ctl, struct device_list *list);

void device_list_free(struct device_list *list);

#endif

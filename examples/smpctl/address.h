/* SPDX-License-Identifier: Apache-2.0 */
/* Which device is meant: -d, --conntype and --connstring, -c, SMP_DEVICE. */
#ifndef SMPCTL_ADDRESS_H
#define SMPCTL_ADDRESS_H

#include <stddef.h>

struct smpctl;

/*
 * Finds the UDP address that the options name, as "host:port" or "[host]:port".
 * Returns STATUS_DONE, or what was reported.
 */
int address_find(struct smpctl *ctl, char *address, size_t size);

/* Whether this program knows a connection type; reports it if not. */
int address_check_type(struct smpctl *ctl, const char *type);

#endif

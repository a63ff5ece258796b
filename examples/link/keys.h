/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about a serial line: baud=115200,lines=8; docs/serial.md tells of each. */
#ifndef LINK_KEYS_H
#define LINK_KEYS_H

#include <smp/serial.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads what stands between commas, or between & as in addresses, into options that are set to
 * their defaults; mtu= goes to `packet`.  False: `error` holds a sentence.
 */
bool link_keys_read(const char *text, struct smp_serial_options *options, uint32_t *packet,
                    char *error, size_t size);

/* The other way: what differs from the defaults, with this before each key ("&", ","). */
void link_keys_write(const struct smp_serial_options *options, uint32_t packet, char separator,
                     char *text, size_t size);

#endif

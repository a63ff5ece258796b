/* SPDX-License-Identifier: Apache-2.0 */
/* What an address says about a serial line: baud=115200, framing=raw, lines=8 ... */
#ifndef LINK_KEYS_H
#define LINK_KEYS_H

#include <smp/serial.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads one KEY=VALUE; `text` is changed.  mtu= goes to `packet`.
 * False: `error` holds a sentence.
 */
bool link_key_read(char *text, struct smp_serial_options *options, uint32_t *packet, char *error,
                   size_t size);

/* Reads all of them, separated by commas or &; empty ones are skipped. */
bool link_keys_read(const char *text, struct smp_serial_options *options, uint32_t *packet,
                    char *error, size_t size);

#endif

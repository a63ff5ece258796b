/* SPDX-License-Identifier: Apache-2.0 */
/* What can be said about a serial line: baud=115200,lines=8; docs/serial.md tells of each. */
#ifndef SMPCTL_LINEKEYS_H
#define SMPCTL_LINEKEYS_H

#include "link.h"

#include <stddef.h>

struct smpctl;

/* Sets link's options, all others to their defaults.  Returns STATUS_DONE, or what was reported. */
int linekeys_read(struct smpctl *ctl, const char *keys, struct link *link);

/* The other way: what differs from the defaults, with this before each key ("&", ","). */
void linekeys_write(const struct link *link, char separator, char *text, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Times as devices take them. */
#ifndef SMPCTL_DATETIME_H
#define SMPCTL_DATETIME_H

#include <stdbool.h>

/* Room for YYYY-MM-DDTHH:MM:SS and its NUL. */
#define DATETIME_SIZE 20

/*
 * Turns `now` or an RFC 3339 time into YYYY-MM-DDTHH:MM:SS, the one form that
 * every device reads.  A time with Z or an offset becomes UTC, because devices
 * ignore both; fractions of a second are cut.  False: it is not a time.
 */
bool datetime_read(const char *text, char *value);

#endif

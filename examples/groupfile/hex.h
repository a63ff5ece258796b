/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written in hexadecimal. */
#ifndef GROUPFILE_HEX_H
#define GROUPFILE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads two digits a byte; 0x before all, and spaces, colons and hyphens between
 * bytes are passed over.  False: there is something else, or it does not fit.
 */
bool hex_read(const char *text, uint8_t *data, size_t capacity, size_t *len);

#endif

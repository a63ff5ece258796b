/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, the standard alphabet with '=' padding (RFC 4648, 4). */
#ifndef SMPI_FRAMING_BASE64_H
#define SMPI_FRAMING_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What decoding says of text that is no base64. */
#define SMPI_BASE64_BAD SIZE_MAX

/* Characters that `len` bytes become. */
static inline size_t smpi_base64_size(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* Writes smpi_base64_size(len) characters, no NUL. */
void smpi_base64_encode(const uint8_t *data, size_t len, char *text);

/*
 * Returns the number of bytes, or SMPI_BASE64_BAD.  `data` may be the memory of `text`.
 * Unused bits and spaces at the end are ignored.
 * Strict, as MCUboot reads: whole groups of four, all padding there.
 * Tolerant, as Zephyr reads: padding may be missing; tabs, CR and NUL at the end are ignored too.
 */
size_t smpi_base64_decode(const char *text, size_t len, bool strict, uint8_t *data);

#endif

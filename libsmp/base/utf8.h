/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 has it: no surrogates, nothing over U+10FFFF, shortest form only. */
#ifndef SMPI_BASE_UTF8_H
#define SMPI_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether all of it is UTF-8.  Plain ASCII is passed over eight bytes at a time. */
bool smpi_utf8_valid(const uint8_t *data, size_t len);

/* Reads the character at `data` (`len` > 0); its length in bytes, or 0 when it is not UTF-8. */
size_t smpi_utf8_decode(const uint8_t *data, size_t len, uint32_t *character);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading UTF-8 that may be wrong. */
#ifndef SMPCTL_UTF8_H
#define SMPCTL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Reads one character of at least one byte.  Returns its length, 0 when it is not UTF-8. */
size_t utf8_next(const char *text, size_t len, uint32_t *code);

#endif

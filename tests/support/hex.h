/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes written by hand, as hex with any spaces between. */
#ifndef TESTS_SUPPORT_HEX_H
#define TESTS_SUPPORT_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Returns how many bytes there were; aborts on anything but hex, or when they do not fit. */
size_t hex_read(const char *hex, uint8_t *bytes, size_t size);

/* Lower case, no spaces, NUL-terminated; cut when it does not fit.  Returns `text`. */
const char *hex_write(const uint8_t *bytes, size_t len, char *text, size_t size);

#endif

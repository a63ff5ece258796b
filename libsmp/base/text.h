/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text put together in a caller's buffer by snprintf's rule: what does not fit
 * is cut, the whole length is counted, and the end is a NUL whenever size > 0.
 */
#ifndef SMPI_BASE_TEXT_H
#define SMPI_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct smpi_text {
    char *data; /* may be NULL when size is 0 */
    size_t size;
    size_t len; /* as if everything had fitted */
};

void smpi_text_init(struct smpi_text *text, char *data, size_t size);

/* Adds a string as it is. */
void smpi_text_add(struct smpi_text *text, const char *string);

/* Adds by a printf format; a piece longer than 127 characters is cut. */
void smpi_text_print(struct smpi_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds two hex digits a byte. */
void smpi_text_hex(struct smpi_text *text, const uint8_t *data, size_t len);

/*
 * Adds text that came from outside, safe for a terminal or a log: quotes and
 * backslashes escaped, control characters and those that turn the direction of
 * writing as \n, \t or \uXXXX, what is not UTF-8 as \xXX.
 */
void smpi_text_escape(struct smpi_text *text, const void *data, size_t len);

#endif

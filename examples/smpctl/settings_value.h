/* SPDX-License-Identifier: Apache-2.0 */
/* Values of settings: bytes that only the application can tell the type of. */
#ifndef SMPCTL_SETTINGS_VALUE_H
#define SMPCTL_SETTINGS_VALUE_H

#include <smp/message.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct smpctl;

#define VALUE_MAX 4096 /* bytes of a value given on the command line */

/* What the types are called, for messages. */
extern const char value_types[];

bool value_type_known(const char *type);

/*
 * Turns text into bytes by a type (integers little-endian, as most devices are).
 * Returns STATUS_DONE, or what was reported.
 */
int value_read(struct smpctl *ctl, const char *type, const char *text, uint8_t *data, size_t *len);

/* Writes bytes by a type; false: the length does not fit it. */
bool value_put_typed(FILE *file, const char *type, struct smp_bytes bytes);

/* Writes a value as text where it is some, else in hexadecimal. */
void value_put(FILE *file, const struct smp_value *value);

/* Whether bytes are printable text, but for a NUL at the end; text is then without it. */
bool value_is_text(struct smp_bytes bytes, struct smp_str *text);

/* The bytes as a little-endian number with sign; false: there are not 1, 2, 4 or 8. */
bool value_is_int(struct smp_bytes bytes, int64_t *number);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Any message as JSON, by its table: keys as on the wire, bytes in hexadecimal. */
#ifndef SMPCTL_JSON_H
#define SMPCTL_JSON_H

#include <smp/message.h>

#include <jansson.h>

/* A decoded struct as an object; what is absent is left out. */
json_t *json_record(const struct smp_message *message, const void *record);

/* Text of a device; what is not UTF-8 becomes U+FFFD. */
json_t *json_text(struct smp_str text);

json_t *json_hex(const uint8_t *data, size_t len);

#endif

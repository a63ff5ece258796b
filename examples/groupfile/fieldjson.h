/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, or a text, as the value of a field: one CBOR item, checked against its table. */
#ifndef GROUPFILE_FIELDJSON_H
#define GROUPFILE_FIELDJSON_H

#include "cbor_write.h"

#include <smp/message.h>

#include <jansson.h>

/*
 * Bytes are texts in hexadecimal.  Returns NULL, or what is wrong with the value;
 * that it was too long is in cbor->full.
 */
const char *fieldjson_put(struct cbor *cbor, const struct smp_field *field, json_t *json);

/* A number of that kind, within what the field's width holds; 0x and 0 begin other bases. */
const char *fieldjson_number(struct cbor *cbor, const struct smp_field *field, enum smp_kind kind,
                             const char *text);

/* Two digits a byte. */
const char *fieldjson_bytes(struct cbor *cbor, const char *text);

#endif

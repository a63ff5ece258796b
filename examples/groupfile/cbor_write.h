/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CBOR for payloads that no C struct stands behind: made from JSON or from what
 * was typed.  JSON has no bytes: they are {"$hex": "0aff"}.
 */
#ifndef GROUPFILE_CBOR_WRITE_H
#define GROUPFILE_CBOR_WRITE_H

#include <smp/message.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define CBOR_MAX 65535u /* bytes of a payload */

struct cbor {
    uint8_t data[CBOR_MAX];
    size_t len;
    bool full; /* something did not fit */
};

void cbor_uint(struct cbor *cbor, uint64_t number);
void cbor_int(struct cbor *cbor, int64_t number);
void cbor_bool(struct cbor *cbor, bool value);
void cbor_text(struct cbor *cbor, const char *text, size_t len);
void cbor_bytes(struct cbor *cbor, const uint8_t *data, size_t len);
/* What follows is n items, n pairs for a map. */
void cbor_array(struct cbor *cbor, size_t n);
void cbor_map(struct cbor *cbor, size_t n);
/* Items that are encoded already. */
void cbor_raw(struct cbor *cbor, const uint8_t *data, size_t len);

/* Any JSON.  Returns NULL, or what is wrong with it. */
const char *cbor_json(struct cbor *cbor, const json_t *json);

#endif

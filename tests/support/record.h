/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as JSON, by reflection alone: bytes are {"bytes": "00ff"}, numbers
 * past 63 bits {"number": "18446744073709551615"}, CBOR that is no scalar
 * {"cbor": "80"}.  Keyed maps are objects; the entries of a map without a key of
 * its own stand beside the other fields.
 */
#ifndef TESTS_SUPPORT_RECORD_H
#define TESTS_SUPPORT_RECORD_H

#include <smp/message.h>

#include <jansson.h>

/* The record as JSON.  A new reference. */
json_t *record_to_json(const struct smp_message *message, const void *record);

/* A record of this JSON; all of them live until record_free().  NULL: a key is unknown, or does
   not fit its field. */
const void *record_from_json(const struct smp_message *message, const json_t *json);
void record_free(void);

#endif

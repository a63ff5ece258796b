/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR that a device sent, as JSON.  JSON has no bytes: they are {"$hex": "0aff"}. */
#ifndef SMPCTL_CBOR_READ_H
#define SMPCTL_CBOR_READ_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* One item, NULL when it is not CBOR or too deep.  *used: its bytes. */
json_t *cbor_to_json(const uint8_t *data, size_t len, size_t *used);

#endif

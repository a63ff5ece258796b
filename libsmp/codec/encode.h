/* SPDX-License-Identifier: Apache-2.0 */
/* The one encoder: walks a message table, writes definite-length CBOR. */
#ifndef SMPI_CODEC_ENCODE_H
#define SMPI_CODEC_ENCODE_H

#include "codec/table.h"

/* What a server puts before the fields of its answer. */
enum smpi_verdict_kind {
    SMPI_VERDICT_NONE, /* nothing */
    SMPI_VERDICT_RC,   /* "rc": rc, and "rsn": reason unless that is empty */
    SMPI_VERDICT_ERR,  /* "err": {"group": group, "rc": rc} */
    SMPI_VERDICT_RET,  /* the same under "ret", as Zephyr 3.4 */
};

struct smpi_verdict {
    enum smpi_verdict_kind kind;
    uint16_t group;
    int64_t rc;
    struct smp_str reason;
};

/*
 * Encodes `record` as one map.  `record` may be NULL: an empty map (plus the
 * verdict).  `verdict` may be NULL.  With a verdict that is an error, required
 * fields are sent too only if `record` is given.
 *
 * `gap` may be NULL.  When it is not, a BYTES field whose data is NULL and whose
 * len is not 0 is left as a gap of len bytes for the caller to fill, and *gap is
 * its offset in `cbor`: a transfer reads its source straight into the packet.
 *
 * SMP_ERR_TOO_LARGE: does not fit.  SMP_ERR_INVALID: `size` smaller than a size_t,
 * pointer NULL with a length, or nesting over SMPI_DEPTH_MAX.
 */
int smpi_encode(const struct smp_message *message, const void *record,
                const struct smpi_verdict *verdict, uint8_t *cbor, size_t capacity, size_t *len,
                size_t *gap);

/* The longest byte string that fits, with its CBOR head, into `room` bytes. */
size_t smpi_bytes_that_fit(size_t room);

#endif

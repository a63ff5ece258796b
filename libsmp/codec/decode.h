/* SPDX-License-Identifier: Apache-2.0 */
/* The one decoder: walks CBOR and a message table side by side. */
#ifndef SMPI_CODEC_DECODE_H
#define SMPI_CODEC_DECODE_H

#include "base/arena.h"
#include "codec/table.h"

/*
 * Decodes a payload into a new record in `arena`, in one pass.
 *
 * Sets in `result`: error, key, bad_utf8, message, rsp, payload, and for an
 * answer (`is_answer`) from_group, group, rc, reason.  Leaves the rest alone.
 *
 * `message` NULL: only rc, err, ret and rsn are looked for, and the CBOR is
 * checked; rsp is NULL.  An empty payload counts as an empty map.  Zero bytes
 * after the map are padding; anything else there is malformed.
 *
 * rsp is also set with SMP_ERR_DEVICE, then no field is required.  A message with
 * SMPI_RC_IS_DATA whose required fields are missing is an error after all: a shell
 * that is not there says {"rc": 8}.
 *
 * rsp is NULL with SMP_ERR_MALFORMED (key names the field) and SMP_ERR_TOO_LARGE
 * (arena full).
 * Returns result->error.
 */
int smpi_decode(const struct smp_message *message, struct smp_bytes payload, bool is_answer,
                struct smpi_arena *arena, struct smp_result *result);

#endif

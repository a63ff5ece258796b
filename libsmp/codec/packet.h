/* SPDX-License-Identifier: Apache-2.0 */
/* Whole packets: header and payload, decoded by a registry. */
#ifndef SMPI_CODEC_PACKET_H
#define SMPI_CODEC_PACKET_H

#include "base/arena.h"
#include "codec/table.h"

/*
 * Decodes one packet, request or response, into a fresh result (contract:
 * smp_packet_decode() in message.h).  Bytes after the header's length are
 * ignored; a length past the end is malformed.
 */
int smpi_packet_decode(const struct smpi_registry *registry, struct smpi_arena *arena,
                       const uint8_t *packet, size_t len, struct smp_result *result);

#endif

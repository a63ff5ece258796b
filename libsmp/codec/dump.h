/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as text for people. */
#ifndef SMPI_CODEC_DUMP_H
#define SMPI_CODEC_DUMP_H

#include "codec/table.h"

/* smp_packet_dump() in message.h, with a registry (may be NULL) in place of the loop. */
size_t smpi_packet_dump(const struct smpi_registry *registry, const uint8_t *packet, size_t len,
                        char *text, size_t size);

#endif

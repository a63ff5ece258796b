/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that the library's server does not make. */
#ifndef SMPSIM_PACKET_H
#define SMPSIM_PACKET_H

#include <smp/server.h>

#include <stddef.h>
#include <stdint.h>

struct sim_device;

/* Any CBOR, under the header that belongs there. */
void sim_reply_cbor(struct sim_device *device, struct smp_exchange *exchange, const uint8_t *cbor,
                    size_t len);

/* A code of another group than the request's; to v1 an `rc` 3. */
void sim_fail_as(struct sim_device *device, struct smp_exchange *exchange, uint16_t group,
                 uint16_t rc);

/* A header that was left from the answer before, and nothing behind it. */
void sim_reply_stale(struct sim_device *device, struct smp_exchange *exchange);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Packets to clients. */
#ifndef BRIDGE_ANSWER_H
#define BRIDGE_ANSWER_H

#include <smp/smp.h>

/* Answers a request with a payload as it is. */
int answer_send(struct smp_transport *to, const struct smp_peer *peer,
                const struct smp_header *request, uint8_t version, const uint8_t *payload,
                size_t len);

/* Answers with {"rc": rc, "rsn": reason}. */
int answer_refuse(struct smp_transport *to, const struct smp_peer *peer,
                  const struct smp_header *request, int rc, const char *reason);

#endif

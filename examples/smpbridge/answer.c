/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include <string.h>

int answer_send(struct smp_transport *to, const struct smp_peer *peer,
                const struct smp_header *request, uint8_t version, const uint8_t *payload,
                size_t len)
{
    static uint8_t packet[SMP_PACKET_MAX]; /* one at a time: there is one thread */
    struct smp_header header = *request;
    if (len > SMP_PACKET_MAX - SMP_HEADER_SIZE) {
        return SMP_ERR_TOO_LARGE;
    }
    header.op++;
    header.version = version;
    header.flags = 0;
    header.length = (uint16_t)len;
    smp_header_encode(&header, packet);
    if (len > 0) {
        memcpy(packet + SMP_HEADER_SIZE, payload, len);
    }
    return smp_transport_send(to, peer, packet, SMP_HEADER_SIZE + len);
}

int answer_refuse(struct smp_transport *to, const struct smp_peer *peer,
                  const struct smp_header *request, int rc, const char *reason)
{
    uint8_t payload[128];
    size_t n = strlen(reason);
    size_t len = 0;
    n = n < 100 ? n : 100;
    payload[len++] = 0xa2;              /* a map of two */
    memcpy(payload + len, "\x62rc", 3); /* its keys have two */
    len += 3;
    payload[len++] = (uint8_t)rc;        /* 0 to 23 stand for themselves */
    memcpy(payload + len, "\x63rsn", 4); /* and three characters */
    len += 4;
    if (n < 24) {
        payload[len++] = (uint8_t)(0x60 + n);
    } else {
        payload[len++] = 0x78;
        payload[len++] = (uint8_t)n;
    }
    memcpy(payload + len, reason, n);
    return answer_send(to, peer, request, request->version & 1, payload, len + n);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "packet.h"

#include "device.h"

#include <cbor_write.h>

#include <stdlib.h>
#include <string.h>

/* The length that the recorded header told. */
#define STALE_LENGTH 20u

static struct smp_header header_of_answer(const struct sim_device *device,
                                          const struct smp_header *request, size_t len)
{
    struct smp_header header = *request;

    header.op = request->op | 1;
    header.flags = 0;
    if (device->options.v1)
        header.version = SMP_PROTOCOL_V1;
    else if (header.version > SMP_PROTOCOL_V2)
        header.version = SMP_PROTOCOL_V2;
    header.length = (uint16_t)len;
    return header;
}

void sim_reply_cbor(struct sim_device *device, struct smp_exchange *exchange, const uint8_t *cbor,
                    size_t len)
{
    struct smp_header header = header_of_answer(device, smp_exchange_header(exchange), len);
    uint8_t *packet = malloc(SMP_HEADER_SIZE + len);

    if (packet == NULL) {
        smp_exchange_refuse(exchange, SMP_RC_NO_MEMORY, NULL);
        return;
    }
    smp_header_encode(&header, packet);
    memcpy(packet + SMP_HEADER_SIZE, cbor, len);
    if (smp_exchange_reply_packet(exchange, packet, SMP_HEADER_SIZE + len) != SMP_OK)
        smp_exchange_refuse(exchange, SMP_RC_RESPONSE_TOO_LARGE, NULL);
    free(packet);
}

void sim_fail_as(struct sim_device *device, struct smp_exchange *exchange, uint16_t group,
                 uint16_t rc)
{
    const char *key = device->options.error_key == SIM_ERROR_KEY_RET ? "ret" : "err";
    struct cbor *cbor = calloc(1, sizeof(*cbor)); /* too large for a stack */

    if (cbor == NULL || sim_device_speaks_v1(device, exchange)) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, NULL);
    } else {
        cbor_map(cbor, 1);
        cbor_text(cbor, key, 3);
        cbor_map(cbor, 2);
        cbor_text(cbor, "group", 5);
        cbor_uint(cbor, group);
        cbor_text(cbor, "rc", 2);
        cbor_uint(cbor, rc);
        sim_reply_cbor(device, exchange, cbor->data, cbor->len);
    }
    free(cbor);
}

void sim_reply_stale(struct sim_device *device, struct smp_exchange *exchange)
{
    struct smp_header header = header_of_answer(device, &device->os.previous, STALE_LENGTH);
    uint8_t packet[SMP_HEADER_SIZE];

    smp_header_encode(&header, packet);
    smp_exchange_reply_packet(exchange, packet, sizeof(packet));
}

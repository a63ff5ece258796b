/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte 0: three reserved bits, two of version, three of op.  Then flags, length,
 * group, sequence and id; numbers are big-endian.
 */
#include <smp/error.h>
#include <smp/header.h>

int smp_header_decode(const uint8_t *data, size_t len, struct smp_header *header)
{
    if (len < SMP_HEADER_SIZE)
        return SMP_ERR_MALFORMED;
    header->op = data[0] & 7;
    header->version = data[0] >> 3 & 3;
    header->flags = data[1];
    header->length = (uint16_t)(data[2] << 8 | data[3]);
    header->group = (uint16_t)(data[4] << 8 | data[5]);
    header->sequence = data[6];
    header->id = data[7];
    return SMP_OK;
}

void smp_header_encode(const struct smp_header *header, uint8_t *out)
{
    out[0] = (uint8_t)((header->version & 3) << 3 | (header->op & 7));
    out[1] = header->flags;
    out[2] = (uint8_t)(header->length >> 8);
    out[3] = (uint8_t)header->length;
    out[4] = (uint8_t)(header->group >> 8);
    out[5] = (uint8_t)header->group;
    out[6] = header->sequence;
    out[7] = header->id;
}

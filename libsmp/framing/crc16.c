/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/crc16.h"

uint16_t smpi_crc16(uint16_t crc, const uint8_t *data, size_t len)
{
    /* What four bits do: two look-ups a byte are fast enough for any line. */
    static const uint16_t table[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
    };
    for (size_t i = 0; i < len; i++) {
        crc = (uint16_t)(crc << 4 ^ table[crc >> 12 ^ data[i] >> 4]);
        crc = (uint16_t)(crc << 4 ^ table[crc >> 12 ^ (data[i] & 15)]);
    }
    return crc;
}

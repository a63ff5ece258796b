/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-16/XMODEM: polynomial 0x1021, initially 0, nothing reflected. */
#ifndef SMPI_FRAMING_CRC16_H
#define SMPI_FRAMING_CRC16_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, 0 at first.  Over data followed by its own CRC, high byte first, it is 0. */
uint16_t smpi_crc16(uint16_t crc, const uint8_t *data, size_t len);

#endif

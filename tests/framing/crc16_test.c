/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/crc16.h"

#include <criterion/criterion.h>

/* The polynomial, bit by bit. */
static uint16_t by_definition(const uint8_t *data, size_t len)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint32_t)data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0);
        }
    }
    return (uint16_t)crc;
}

Test(crc16, check_value)
{
    cr_expect_eq(smpi_crc16(0, (const uint8_t *)"123456789", 9), 0x31c3);
    cr_expect_eq(smpi_crc16(0, NULL, 0), 0);
}

Test(crc16, goes_on)
{
    const uint8_t *digits = (const uint8_t *)"123456789";
    for (size_t cut = 0; cut <= 9; cut++) {
        cr_expect_eq(smpi_crc16(smpi_crc16(0, digits, cut), digits + cut, 9 - cut), 0x31c3);
    }
}

Test(crc16, is_zero_over_data_and_crc)
{
    uint8_t data[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9', 0x31, 0xc3};
    cr_expect_eq(smpi_crc16(0, data, sizeof(data)), 0);
}

Test(crc16, is_the_polynomial)
{
    uint8_t data[300];
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 167 + (i >> 3));
        cr_assert_eq(smpi_crc16(0, data, i + 1), by_definition(data, i + 1));
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        data[0] = (uint8_t)byte;
        cr_assert_eq(smpi_crc16(0, data, 1), by_definition(data, 1));
    }
}

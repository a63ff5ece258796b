/* SPDX-License-Identifier: Apache-2.0 */
#include <smp/mcuboot.h>

#include <criterion/criterion.h>

#include <string.h>

static const uint8_t trailer_by_hand[SMP_MCUBOOT_TRAILER_SIZE] = {
    0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* swap info: image 1, test */
    0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* copy done */
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* image ok: unset */
    0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f, /* magic */
    0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};

Test(mcuboot_trailer, trailer)
{
    uint8_t bytes[SMP_MCUBOOT_TRAILER_SIZE];
    struct smp_mcuboot_trailer trailer;
    smp_mcuboot_trailer_decode(trailer_by_hand, &trailer);
    cr_expect(trailer.magic_good);
    cr_expect_eq(trailer.image_ok, 0xff);
    cr_expect_eq(trailer.copy_done, 1);
    cr_expect_eq(trailer.swap_info & 0x0f, SMP_MCUBOOT_SWAP_TEST);
    cr_expect_eq(trailer.swap_info >> 4, 1);
    cr_expect_arr_eq(smp_mcuboot_trailer_magic(), trailer_by_hand + 24, 16);
    for (size_t i = 24; i < sizeof(bytes); i++) {
        memcpy(bytes, trailer_by_hand, sizeof(bytes));
        bytes[i] ^= 1;
        smp_mcuboot_trailer_decode(bytes, &trailer);
        cr_expect_not(trailer.magic_good);
    }
}

/* protocol.md 6.4, each row, and what comes near it. */
Test(mcuboot_trailer, swap_types)
{
    static const struct {
        struct smp_mcuboot_trailer primary, secondary;
        enum smp_mcuboot_swap expected;
    } rows[] = {
        {{false, 0xff, 0xff, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{false, 0xff, 0xff, 0xff}, {true, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_TEST},
        {{true, 1, 1, 0xff}, {true, 0xff, 0xff, 0x02}, SMP_MCUBOOT_SWAP_TEST},
        {{true, 1, 1, 0xff}, {true, 1, 0xff, 0x03}, SMP_MCUBOOT_SWAP_PERM},
        {{true, 0xff, 1, 0xff}, {true, 1, 0xff, 0xff}, SMP_MCUBOOT_SWAP_PERM},
        {{true, 0xff, 1, 0xff}, {true, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_TEST},
        {{true, 0xff, 1, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_REVERT},
        {{true, 0xff, 1, 0xff}, {true, 0x5a, 0xff, 0xff}, SMP_MCUBOOT_SWAP_REVERT},
        {{true, 1, 1, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{true, 0xff, 0xff, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{true, 0xff, 0x5a, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{true, 0x5a, 1, 0xff}, {false, 0xff, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{false, 0xff, 1, 0xff}, {false, 1, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
        {{true, 1, 1, 0xff}, {true, 0x5a, 0xff, 0xff}, SMP_MCUBOOT_SWAP_NONE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect_eq(smp_mcuboot_swap_type(&rows[i].primary, &rows[i].secondary), rows[i].expected,
                     "row %zu", i);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a slot, where application and boot loader leave word for each other. */
#include <smp/mcuboot.h>

#include "update/image.h"

#include <string.h>

#define UNSET 0xffu
#define SET 0x01u

/* Offsets in the last SMP_MCUBOOT_TRAILER_SIZE bytes; each field is padded to 8. */
#define SWAP_INFO 0u
#define COPY_DONE 8u
#define IMAGE_OK 16u
#define MAGIC 24u

/* Max-align 8.  For others the first two bytes are the alignment, and the rest is `magic_rest`. */
static const uint8_t magic_8[16] = {0x77, 0xc2, 0x95, 0xf3, 0x60, 0xd2, 0xef, 0x7f,
                                    0x35, 0x52, 0x50, 0x0f, 0x2c, 0xb6, 0x79, 0x80};
static const uint8_t magic_rest[14] = {0x2d, 0xe1, 0x5d, 0x29, 0x41, 0x0b, 0x8d,
                                       0x77, 0x67, 0x9c, 0x11, 0x0f, 0x1f, 0x8a};

const uint8_t *smp_mcuboot_trailer_magic(void)
{
    return magic_8;
}

bool smpi_image_is_magic(const uint8_t *bytes)
{
    return memcmp(bytes, magic_8, sizeof(magic_8)) == 0 ||
           memcmp(bytes + 2, magic_rest, sizeof(magic_rest)) == 0;
}

void smp_mcuboot_trailer_decode(const uint8_t *last, struct smp_mcuboot_trailer *trailer)
{
    trailer->magic_good = memcmp(last + MAGIC, magic_8, sizeof(magic_8)) == 0;
    trailer->image_ok = last[IMAGE_OK];
    trailer->copy_done = last[COPY_DONE];
    trailer->swap_info = last[SWAP_INFO];
}

enum smp_mcuboot_swap smp_mcuboot_swap_type(const struct smp_mcuboot_trailer *primary,
                                            const struct smp_mcuboot_trailer *secondary)
{
    if (secondary->magic_good && secondary->image_ok == UNSET) {
        return SMP_MCUBOOT_SWAP_TEST;
    }
    if (secondary->magic_good && secondary->image_ok == SET) {
        return SMP_MCUBOOT_SWAP_PERM;
    }
    if (primary->magic_good && primary->image_ok == UNSET && primary->copy_done == SET) {
        return SMP_MCUBOOT_SWAP_REVERT;
    }
    return SMP_MCUBOOT_SWAP_NONE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trailer of a slot, from its end backwards, each field padded to 8 bytes:
 * magic (16), image_ok, copy_done, swap_info, swap_size, and the swap status, one
 * entry for each step.  Nothing else in the boot loader knows where a field is.
 */
#ifndef SMPSIM_BOOT_TRAILER_H
#define SMPSIM_BOOT_TRAILER_H

#include "bootloader.h"

#define BOOT_UNSET 0xffu
#define BOOT_SET 0x01u

/* Steps a swap of `sectors` takes: each sector is moved up, then exchanged in two halves. */
#define BOOT_STEPS_PER_SECTOR 3u

int boot_trailer_erase(struct sim_flash *slot);
int boot_write_magic(struct sim_flash *slot);
int boot_write_image_ok(struct sim_flash *slot);
int boot_write_copy_done(struct sim_flash *slot);
int boot_write_swap_info(struct sim_flash *slot, unsigned image, enum smp_mcuboot_swap swap);
int boot_write_swap_size(struct sim_flash *slot, uint32_t size);
int boot_read_swap_size(struct sim_flash *slot, uint32_t *size);

/* Status entry `step`: the n moves come first, then the halves of the exchanges. */
int boot_write_status(struct sim_flash *slot, uint32_t step, uint8_t value);
/* How many entries from `first` on are written, at most `count`. */
int boot_count_status(struct sim_flash *slot, uint32_t first, uint32_t count, uint32_t *written);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What MCUboot does with two slots, in swap-move mode with write alignment 8.
 *
 * All state is in the trailers at the ends of the slots; nothing is remembered
 * in memory.  Image k has the slots 2k (primary, runs) and 2k+1 (secondary).
 * A power cut at any flash operation is made good by the next sim_boot_run().
 *
 * Functions return SMP_OK or a negative SMP_ERR_ code of the flash; the flash
 * that failed has the sentence in its error member.
 */
#ifndef SMPSIM_BOOTLOADER_H
#define SMPSIM_BOOTLOADER_H

#include "flash.h"

#include <smp/mcuboot.h>

#include <stdbool.h>
#include <stdint.h>

/* The two slots of one image. */
struct sim_boot_pair {
    struct sim_flash primary;
    struct sim_flash secondary; /* fd -1: an image with one slot only */
};

/* What a boot did to one image. */
struct sim_boot_result {
    bool bootable;              /* the primary slot holds a valid image */
    bool resumed;               /* a swap that was cut short has been finished */
    bool swapped;               /* the slots changed places */
    enum smp_mcuboot_swap swap; /* what the trailers asked for; FAIL: the candidate was invalid */
    struct smp_mcuboot_image image; /* what runs now, when bootable */
    char text[200];                 /* one line about it, as a boot loader prints on its console */
};

/*
 * Boots: decides from the trailers of each pair, checks the candidate, swaps,
 * marks, and validates what is to run.  `results` has `count` elements, all
 * filled on SMP_OK.  The device runs when all are bootable; otherwise it stays
 * in the boot loader.  Takes as long as it takes (a few ms), blocking.
 * SMP_ERR_CLOSED: the power was cut (by a flash hook): power on, boot again.
 */
int sim_boot_run(struct sim_boot_pair *pairs, unsigned count, struct sim_boot_result *results);
/* The same for image `number` alone. */
int sim_boot_one(struct sim_boot_pair *pair, unsigned number, struct sim_boot_result *result);

/* The largest image file a slot can take: the size less trailer and one sector to move with. */
uint32_t sim_boot_max_image(const struct sim_flash *slot);
/* Where the trailer's sectors begin: an upload erases these before its first byte. */
uint32_t sim_boot_trailer_offset(const struct sim_flash *slot);

int sim_boot_trailer_read(struct sim_flash *slot, struct smp_mcuboot_trailer *trailer);
/* What the next boot would do (Zephyr's mcuboot_swap_type_multi()). */
int sim_boot_swap_type(struct sim_boot_pair *pair, enum smp_mcuboot_swap *swap);
/* Whether the running image stays at the next boot: confirmed, or never on trial. */
int sim_boot_is_confirmed(struct sim_flash *primary, bool *confirmed);

/*
 * Asks for a swap at the next boot (Zephyr's boot_request_upgrade()).  When one is
 * asked for already, nothing changes and SMP_OK is returned, as MCUboot does.
 * SMP_ERR_CORRUPT: the trailer there was garbage: the slot is erased, as by MCUboot.
 */
int sim_boot_request(struct sim_flash *secondary, unsigned image, bool permanent);
/*
 * Keeps the running image (boot_write_img_confirmed()); nothing to do without a trailer.
 * SMP_ERR_CORRUPT: the trailer is garbage.
 */
int sim_boot_confirm(struct sim_flash *primary);

/*
 * The image in a slot: header and TLVs, the hash only when `check`.
 * SMP_ERR_NOT_IMAGE: nothing there; SMP_ERR_MALFORMED, SMP_ERR_CORRUPT as in mcuboot.h.
 */
int sim_boot_image(struct sim_flash *slot, bool check, struct smp_mcuboot_image *image);

/*
 * Programs a slot as the factory does: erases it and copies the file.  One that was cut
 * short is no image: its TLVs are missing.  SMP_ERR_TOO_LARGE, SMP_ERR_SOURCE.
 * The file is not checked; a padded file (imgtool --pad) brings its trailer only when
 * it is as long as the slot.
 */
int sim_boot_install(struct sim_flash *slot, const struct smp_source *file);

#endif

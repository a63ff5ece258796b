/* SPDX-License-Identifier: Apache-2.0 */
/* What the slots hold and what will boot next, as Zephyr's image management sees it. */
#ifndef SMPSIM_IMAGES_H
#define SMPSIM_IMAGES_H

#include <smp/mcuboot.h>

#include <stdbool.h>
#include <stdint.h>

struct sim_device;
struct sim_flash;

/* What the next boot of an image will do. */
enum sim_next {
    SIM_NEXT_SAME,      /* the same slot again */
    SIM_NEXT_TEST,      /* the other one, for a trial */
    SIM_NEXT_PERMANENT, /* the other one, for good */
    SIM_NEXT_REVERT,    /* this is a trial: the other one comes back */
};
enum sim_next sim_images_next(struct sim_device *device, uint32_t image);

/* Reads the image in slot `slot`; false: none that would be listed. */
bool sim_images_read(struct sim_device *device, uint32_t slot, struct smp_mcuboot_image *image);

/* The first slot with that hash, or -1. */
int sim_images_find(struct sim_device *device, const uint8_t *hash, size_t len);

/* Bytes in this build's hashes: those of the running image. */
size_t sim_images_hash_len(struct sim_device *device);

/* Whether a slot may not be overwritten now: it runs, or a trial would revert to it. */
bool sim_images_in_use(struct sim_device *device, uint32_t slot);

/*
 * Zephyr's rules of image state write: makes `slot` boot next for a trial or, with
 * `confirm`, for good.  Returns 0 or an enum smp_img_rc.
 */
uint16_t sim_images_set_next(struct sim_device *device, uint32_t slot, bool confirm);

/* SHA-256 of the first `len` bytes of a slot equals `sha`. */
bool sim_images_sha_is(struct sim_flash *slot, uint32_t len, const uint8_t *sha);

#endif

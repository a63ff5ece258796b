/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the slots hold, and the rules by which one of them boots next.
 *
 * Nothing is remembered: each question is answered from the flash, as Zephyr's
 * img_mgmt_state.c does.  In swap mode the primary slot is always the one that runs.
 */
#include "images.h"

#include "device.h"

#include <smp/img.h>

#include <nettle/sha2.h>

#include <string.h>

#define HASH_LEN_DEFAULT 32u

static uint32_t active_slot(uint32_t image)
{
    return 2 * image;
}

enum sim_next sim_images_next(struct sim_device *device, uint32_t image)
{
    enum smp_mcuboot_swap swap = SMP_MCUBOOT_SWAP_NONE;

    /* A trailer that cannot be read will not start a swap either. */
    if (sim_boot_swap_type(&device->pairs[image], &swap) != SMP_OK)
        return SIM_NEXT_SAME;
    switch (swap) {
    case SMP_MCUBOOT_SWAP_TEST:
        return SIM_NEXT_TEST;
    case SMP_MCUBOOT_SWAP_PERM:
        return SIM_NEXT_PERMANENT;
    case SMP_MCUBOOT_SWAP_REVERT:
        return SIM_NEXT_REVERT;
    default:
        return SIM_NEXT_SAME;
    }
}

bool sim_images_read(struct sim_device *device, uint32_t slot, struct smp_mcuboot_image *image)
{
    memset(image, 0, sizeof(*image));
    image->size = sizeof(*image);
    /* Like Zephyr, without the hash: an image with a flipped byte is listed. */
    return sim_boot_image(sim_device_slot(device, slot), false, image) == SMP_OK;
}

int sim_images_find(struct sim_device *device, const uint8_t *hash, size_t len)
{
    struct smp_mcuboot_image image;

    for (uint32_t slot = 0; slot < 2 * device->options.n_images; slot++) {
        if (sim_images_read(device, slot, &image) && image.hash_len == len &&
            memcmp(image.hash, hash, len) == 0)
            return (int)slot;
    }
    return -1;
}

size_t sim_images_hash_len(struct sim_device *device)
{
    struct smp_mcuboot_image image;

    return sim_images_read(device, active_slot(0), &image) ? image.hash_len : HASH_LEN_DEFAULT;
}

bool sim_images_in_use(struct sim_device *device, uint32_t slot)
{
    uint32_t image = slot / 2;

    if (slot == active_slot(image))
        return true;
    switch (sim_images_next(device, image)) {
    case SIM_NEXT_REVERT:
        return true;
    case SIM_NEXT_TEST:
    case SIM_NEXT_PERMANENT: /* Zephyr 3.4 was seen to refuse, 4.4 to allow */
        return device->options.guard_pending;
    default:
        return false;
    }
}

/* 0: go on and mark it; otherwise *rc is the answer, which may be success. */
static bool settled(enum sim_next next, bool active, bool confirm, uint16_t *rc)
{
    bool boots_next = active ? next == SIM_NEXT_SAME : next != SIM_NEXT_SAME;

    *rc = SMP_IMG_RC_OK;
    if (active && !confirm) {
        *rc = SMP_IMG_RC_IMAGE_SETTING_TEST_TO_ACTIVE_DENIED;
        return true;
    }
    switch (next) {
    case SIM_NEXT_TEST: /* testing the same again changes nothing; nothing else is possible */
        if (active || confirm)
            *rc = SMP_IMG_RC_IMAGE_ALREADY_PENDING;
        return true;
    case SIM_NEXT_SAME:
    case SIM_NEXT_PERMANENT:
        if (confirm && boots_next)
            return true;
        if (next == SIM_NEXT_SAME)
            return false;
        *rc = SMP_IMG_RC_IMAGE_ALREADY_PENDING;
        return true;
    case SIM_NEXT_REVERT:
        if (!confirm)
            *rc = SMP_IMG_RC_IMAGE_ALREADY_PENDING;
        return !confirm || !active; /* the other one is confirmed already */
    }
    return true;
}

uint16_t sim_images_set_next(struct sim_device *device, uint32_t slot, bool confirm)
{
    uint32_t image = slot / 2;
    bool active = slot == active_slot(image);
    struct sim_boot_pair *pair = &device->pairs[image];
    uint16_t rc;
    int error;

    if (settled(sim_images_next(device, image), active, confirm, &rc))
        return rc;
    if (active)
        error = sim_boot_confirm(&pair->primary);
    else
        error = sim_boot_request(&pair->secondary, image, confirm);
    return error == SMP_OK ? SMP_IMG_RC_OK : SMP_IMG_RC_FLASH_WRITE_FAILED;
}

bool sim_images_sha_is(struct sim_flash *slot, uint32_t len, const uint8_t *sha)
{
    uint8_t data[4096], digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;

    sha256_init(&ctx);
    for (uint32_t done = 0; done < len;) {
        uint32_t n = len - done < sizeof(data) ? len - done : (uint32_t)sizeof(data);

        if (sim_flash_read(slot, done, data, n) != SMP_OK)
            return false;
        sha256_update(&ctx, n, data);
        done += n;
    }
    sha256_digest(&ctx, sizeof(digest), digest);
    return memcmp(digest, sha, sizeof(digest)) == 0;
}

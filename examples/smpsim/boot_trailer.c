/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_trailer.h"

#include <smp/error.h>

#include <stdio.h>
#include <string.h>

#define FIELD SIM_FLASH_ALIGN
#define MAGIC_SIZE 16u

/* Distances from the end of the slot. */
#define MAGIC MAGIC_SIZE
#define IMAGE_OK (MAGIC + FIELD)
#define COPY_DONE (IMAGE_OK + FIELD)
#define SWAP_INFO (COPY_DONE + FIELD)
#define SWAP_SIZE (SWAP_INFO + FIELD)

static uint32_t status_size(const struct sim_flash *slot)
{
    return slot->size / SIM_FLASH_SECTOR * BOOT_STEPS_PER_SECTOR * FIELD;
}

uint32_t sim_boot_trailer_offset(const struct sim_flash *slot)
{
    uint32_t offset = slot->size - (SWAP_SIZE + status_size(slot));
    return offset - offset % SIM_FLASH_SECTOR;
}

uint32_t sim_boot_max_image(const struct sim_flash *slot)
{
    uint32_t offset = sim_boot_trailer_offset(slot);
    return offset > SIM_FLASH_SECTOR ? offset - SIM_FLASH_SECTOR : 0;
}

int sim_boot_trailer_read(struct sim_flash *slot, struct smp_mcuboot_trailer *trailer)
{
    uint8_t last[SMP_MCUBOOT_TRAILER_SIZE];
    int error = sim_flash_read(slot, slot->size - (uint32_t)sizeof(last), last, sizeof(last));
    if (error == SMP_OK) {
        smp_mcuboot_trailer_decode(last, trailer);
    }
    return error;
}

int boot_trailer_erase(struct sim_flash *slot)
{
    uint32_t offset = sim_boot_trailer_offset(slot);
    return sim_flash_erase(slot, offset, slot->size - offset);
}

/* ---- fields ---- */

static int write_field(struct sim_flash *slot, uint32_t offset, const void *data, uint32_t len)
{
    uint8_t field[FIELD];
    memset(field, SIM_FLASH_ERASED, sizeof(field));
    memcpy(field, data, len);
    return sim_flash_write(slot, offset, field, sizeof(field));
}

int boot_write_magic(struct sim_flash *slot)
{
    return sim_flash_write(slot, slot->size - MAGIC, smp_mcuboot_trailer_magic(), MAGIC_SIZE);
}

int boot_write_image_ok(struct sim_flash *slot)
{
    uint8_t value = BOOT_SET;
    return write_field(slot, slot->size - IMAGE_OK, &value, 1);
}

int boot_write_copy_done(struct sim_flash *slot)
{
    uint8_t value = BOOT_SET;
    return write_field(slot, slot->size - COPY_DONE, &value, 1);
}

int boot_write_swap_info(struct sim_flash *slot, unsigned image, enum smp_mcuboot_swap swap)
{
    uint8_t value = (uint8_t)((image << 4) | (unsigned)swap);
    return write_field(slot, slot->size - SWAP_INFO, &value, 1);
}

int boot_write_swap_size(struct sim_flash *slot, uint32_t size)
{
    uint8_t value[4] = {(uint8_t)size, (uint8_t)(size >> 8), (uint8_t)(size >> 16),
                        (uint8_t)(size >> 24)};
    return write_field(slot, slot->size - SWAP_SIZE, value, sizeof(value));
}

int boot_read_swap_size(struct sim_flash *slot, uint32_t *size)
{
    uint8_t value[4];
    int error = sim_flash_read(slot, slot->size - SWAP_SIZE, value, sizeof(value));
    if (error == SMP_OK) {
        *size = (uint32_t)value[0] | (uint32_t)value[1] << 8 | (uint32_t)value[2] << 16 |
                (uint32_t)value[3] << 24;
    }
    return error;
}

/* ---- swap status ---- */

static uint32_t status_offset(const struct sim_flash *slot, uint32_t step)
{
    return slot->size - SWAP_SIZE - status_size(slot) + step * FIELD;
}

int boot_write_status(struct sim_flash *slot, uint32_t step, uint8_t value)
{
    return write_field(slot, status_offset(slot, step), &value, 1);
}

int boot_count_status(struct sim_flash *slot, uint32_t first, uint32_t count, uint32_t *written)
{
    for (*written = 0; *written < count; (*written)++) {
        uint8_t value;
        int error = sim_flash_read(slot, status_offset(slot, first + *written), &value, 1);
        if (error != SMP_OK) {
            return error;
        }
        if (value == SIM_FLASH_ERASED) {
            break;
        }
    }
    return SMP_OK;
}

/* ---- what the application does ---- */

static int is_magic_erased(struct sim_flash *slot)
{
    return sim_flash_is_erased(slot, slot->size - MAGIC, MAGIC_SIZE);
}

static int garbage(struct sim_flash *slot, const char *advice)
{
    snprintf(slot->error, sizeof(slot->error), "the slot's trailer is garbage: %s", advice);
    return SMP_ERR_CORRUPT;
}

/* MCUboot sees no other way to make updates possible again. */
static int erase_garbage(struct sim_flash *slot)
{
    int error = sim_flash_erase(slot, 0, slot->size);
    return error == SMP_OK ? garbage(slot, "the slot is erased, upload again") : error;
}

int sim_boot_request(struct sim_flash *secondary, unsigned image, bool permanent)
{
    struct smp_mcuboot_trailer trailer;
    int error = sim_boot_trailer_read(secondary, &trailer);
    if (error != SMP_OK || trailer.magic_good) {
        return error;
    }
    int erased = is_magic_erased(secondary);
    if (erased <= 0) {
        return erased < 0 ? erased : erase_garbage(secondary);
    }
    error = boot_write_magic(secondary);
    if (error == SMP_OK && permanent) {
        error = boot_write_image_ok(secondary);
    }
    if (error == SMP_OK) {
        error = boot_write_swap_info(secondary, image,
                                     permanent ? SMP_MCUBOOT_SWAP_PERM : SMP_MCUBOOT_SWAP_TEST);
    }
    return error;
}

int sim_boot_confirm(struct sim_flash *primary)
{
    struct smp_mcuboot_trailer trailer;
    int error = sim_boot_trailer_read(primary, &trailer);
    if (error != SMP_OK) {
        return error;
    }
    if (trailer.magic_good) {
        return trailer.image_ok == BOOT_UNSET ? boot_write_image_ok(primary) : SMP_OK;
    }
    int erased = is_magic_erased(primary);
    if (erased < 0) {
        return erased;
    }
    return erased == 1 ? SMP_OK : garbage(primary, "it cannot be confirmed");
}

int sim_boot_is_confirmed(struct sim_flash *primary, bool *confirmed)
{
    struct smp_mcuboot_trailer trailer;
    int error = sim_boot_trailer_read(primary, &trailer);
    if (error == SMP_OK) {
        bool trial =
            trailer.magic_good && trailer.copy_done == BOOT_SET && trailer.image_ok == BOOT_UNSET;
        *confirmed = !trial;
    }
    return error;
}

int sim_boot_swap_type(struct sim_boot_pair *pair, enum smp_mcuboot_swap *swap)
{
    struct smp_mcuboot_trailer primary;
    struct smp_mcuboot_trailer secondary = {
        .image_ok = BOOT_UNSET, .copy_done = BOOT_UNSET, .swap_info = BOOT_UNSET};
    int error = sim_boot_trailer_read(&pair->primary, &primary);
    if (error == SMP_OK && pair->secondary.fd >= 0) {
        error = sim_boot_trailer_read(&pair->secondary, &secondary);
    }
    if (error == SMP_OK) {
        *swap = pair->secondary.fd >= 0 ? smp_mcuboot_swap_type(&primary, &secondary)
                                        : SMP_MCUBOOT_SWAP_NONE;
    }
    return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "bootloader.h"

#include "boot_swap.h"
#include "boot_trailer.h"

#include <smp/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- images in slots ---- */

int sim_boot_image(struct sim_flash *slot, bool check, struct smp_mcuboot_image *image)
{
    struct smp_source source;
    sim_flash_source(slot, &source);
    image->size = sizeof(*image);
    int error = check ? smp_mcuboot_image_check(&source, image, NULL)
                      : smp_mcuboot_image_read(&source, image);
    return error == SMP_ERR_SOURCE && slot->dead ? SMP_ERR_CLOSED : error;
}

/* Errors of the flash end the boot; errors of an image are an answer. */
static bool is_about_image(int error)
{
    return error == SMP_ERR_NOT_IMAGE || error == SMP_ERR_MALFORMED || error == SMP_ERR_CORRUPT ||
           error == SMP_ERR_TOO_LARGE;
}

/* *reason: why the image cannot run, NULL when it can. */
static int judge(struct sim_flash *slot, struct smp_mcuboot_image *image, const char **reason)
{
    int error = sim_boot_image(slot, true, image);
    *reason = NULL;
    if (error != SMP_OK) {
        *reason = image->file == SMP_MCUBOOT_FILE_IMAGE ? image->problem : "there is no image";
        return is_about_image(error) ? SMP_OK : error;
    }
    if (!image->hash_good) {
        *reason = "it is encrypted, and this boot loader has no keys";
    } else if ((image->flags & SMP_MCUBOOT_NON_BOOTABLE) != 0) {
        *reason = "it is marked as not bootable";
    }
    return SMP_OK;
}

/* ---- installing, as the factory does ---- */

static int copy_from_source(struct sim_flash *slot, const struct smp_source *file)
{
    uint8_t data[SIM_FLASH_SECTOR];
    struct sim_flash_writer writer;
    sim_flash_writer_init(&writer, slot, 0);
    while (writer.offset < file->length) {
        uint32_t left = (uint32_t)file->length - writer.offset;
        uint32_t len = left < sizeof(data) ? left : (uint32_t)sizeof(data);
        if (file->read(file->user, writer.offset, data, len) != SMP_OK) {
            snprintf(slot->error, sizeof(slot->error), "the image file cannot be read");
            return SMP_ERR_SOURCE;
        }
        int error = sim_flash_writer_add(&writer, data, len);
        if (error != SMP_OK) {
            return error;
        }
    }
    return sim_flash_writer_finish(&writer);
}

int sim_boot_install(struct sim_flash *slot, const struct smp_source *file)
{
    uint32_t trailer = sim_boot_trailer_offset(slot);
    if (file->length > trailer && file->length != slot->size) {
        snprintf(slot->error, sizeof(slot->error),
                 "the image file has %llu bytes, but the slot takes %lu: use a larger slot",
                 (unsigned long long)file->length, (unsigned long)trailer);
        return SMP_ERR_TOO_LARGE;
    }
    int error = sim_flash_erase(slot, 0, slot->size);
    return error == SMP_OK ? copy_from_source(slot, file) : error;
}

/* ---- booting ---- */

__attribute__((format(printf, 2, 3))) static void say(struct sim_boot_result *result,
                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(result->text, sizeof(result->text), format, args);
    va_end(args);
}

/*
 * The candidate cannot run.  Its trailer goes first, so that it is not tried again;
 * then its header.  The running image is marked good, or a revert to nothing would
 * be tried at every boot.
 */
static int refuse(struct sim_boot_pair *pair)
{
    struct smp_mcuboot_trailer trailer;
    int error = boot_trailer_erase(&pair->secondary);
    if (error == SMP_OK) {
        error = sim_flash_erase(&pair->secondary, 0, SIM_FLASH_SECTOR);
    }
    if (error == SMP_OK) {
        error = sim_boot_trailer_read(&pair->primary, &trailer);
    }
    if (error == SMP_OK && trailer.image_ok == BOOT_UNSET) {
        error = boot_write_image_ok(&pair->primary);
    }
    return error;
}

/* The size of what runs now, 0 when that is no image: it need not be kept then. */
static int running_size(struct sim_flash *primary, uint32_t *size)
{
    struct smp_mcuboot_image image;
    int error = sim_boot_image(primary, false, &image);
    *size = error == SMP_OK ? image.end : 0;
    return is_about_image(error) ? SMP_OK : error;
}

static int start_swap(struct sim_boot_pair *pair, unsigned number, struct sim_boot_result *result)
{
    struct boot_swap swap = {.image = number, .type = result->swap};
    struct smp_mcuboot_image candidate;
    const char *reason = NULL;
    uint32_t limit = sim_boot_max_image(&pair->primary);
    uint32_t old_size = 0;
    int error = judge(&pair->secondary, &candidate, &reason);
    if (error == SMP_OK && reason == NULL && candidate.end > limit) {
        reason = "it is too large to be swapped";
    }
    if (error == SMP_OK && reason != NULL) {
        result->swap = SMP_MCUBOOT_SWAP_FAIL;
        say(result, "the image in slot %u cannot run (%s): erased it", 2 * number + 1, reason);
        return refuse(pair);
    }
    if (error == SMP_OK) {
        error = running_size(&pair->primary, &old_size);
    }
    if (error == SMP_OK && old_size > limit) {
        result->swap = SMP_MCUBOOT_SWAP_NONE;
        say(result, "the image in slot %u is too large to be swapped: nothing done", 2 * number);
        return SMP_OK;
    }
    swap.size = candidate.end > old_size ? candidate.end : old_size;
    if (error == SMP_OK) {
        error = boot_swap_begin(pair, &swap);
    }
    if (error == SMP_OK) {
        error = boot_swap_run(pair, &swap);
    }
    result->swapped = error == SMP_OK;
    return error;
}

static int finish_swap(struct sim_boot_pair *pair, const struct boot_swap *swap,
                       struct sim_boot_result *result)
{
    int error = boot_swap_run(pair, swap);
    result->swap = swap->type;
    result->resumed = error == SMP_OK;
    result->swapped = error == SMP_OK;
    return error;
}

static int update(struct sim_boot_pair *pair, unsigned number, struct sim_boot_result *result)
{
    struct boot_swap swap;
    bool unfinished = false;
    if (pair->secondary.fd < 0) {
        return SMP_OK;
    }
    if (pair->primary.size != pair->secondary.size) {
        say(result, "slots of different sizes: no swap is possible");
        return SMP_OK;
    }
    int error = boot_swap_find(pair, &swap, &unfinished);
    if (error == SMP_OK && unfinished) {
        return finish_swap(pair, &swap, result);
    }
    if (error == SMP_OK) {
        error = sim_boot_swap_type(pair, &result->swap);
    }
    if (error == SMP_OK && result->swap != SMP_MCUBOOT_SWAP_NONE) {
        error = start_swap(pair, number, result);
    }
    return error;
}

static const char *meaning(const struct sim_boot_result *result)
{
    if (!result->swapped) {
        return "";
    }
    switch (result->swap) {
    case SMP_MCUBOOT_SWAP_TEST:
        return ", on trial: it goes unless confirmed";
    case SMP_MCUBOOT_SWAP_REVERT:
        return " again: the other image was not confirmed";
    default:
        return ", for good";
    }
}

/* The line for the console: what update() noted in it already, then what runs. */
static void describe(struct sim_boot_result *result, unsigned number, const char *reason)
{
    char version[SMP_MCUBOOT_VERSION_MAX];
    char note[sizeof(result->text)];
    memcpy(note, result->text, sizeof(note));
    const char *separator = note[0] != '\0' ? "; " : "";
    if (reason != NULL) {
        say(result, "image %u: %.80s%sslot %u cannot boot: %s", number, note, separator, 2 * number,
            reason);
        return;
    }
    smp_mcuboot_version_text(&result->image.version, version);
    say(result, "image %u: %.120s%s%srunning %s%s", number, note, separator,
        result->resumed ? "finished an interrupted swap; " : "", version, meaning(result));
}

int sim_boot_one(struct sim_boot_pair *pair, unsigned number, struct sim_boot_result *result)
{
    const char *reason = NULL;
    *result = (struct sim_boot_result){.swap = SMP_MCUBOOT_SWAP_NONE};
    int error = update(pair, number, result);
    if (error == SMP_OK) {
        error = judge(&pair->primary, &result->image, &reason);
    }
    if (error == SMP_OK) {
        result->bootable = reason == NULL;
        describe(result, number, reason);
    }
    return error;
}

int sim_boot_run(struct sim_boot_pair *pairs, unsigned count, struct sim_boot_result *results)
{
    for (unsigned i = 0; i < count; i++) {
        int error = sim_boot_one(&pairs[i], i, &results[i]);
        if (error != SMP_OK) {
            return error;
        }
    }
    return SMP_OK;
}

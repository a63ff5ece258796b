/* SPDX-License-Identifier: Apache-2.0 */
/* What an image state says about the new image. */
#include "update/update.h"

#include <string.h>

static bool is_ours(const struct smpi_update *update, const struct smp_img_image *image)
{
    uint32_t number = image->has_image ? image->image : 0;
    return number == update->options.image;
}

static bool is_new(const struct smpi_update *update, const struct smp_img_image *image)
{
    return image->has_hash && image->hash.len == update->file.hash_len &&
           memcmp(image->hash.data, update->file.hash, image->hash.len) == 0;
}

/* Text of a device: what is no plain character has no place in a version. */
static void keep_version(char *to, struct smp_str version)
{
    size_t len = version.len < SMPI_UPDATE_VERSION - 1 ? version.len : SMPI_UPDATE_VERSION - 1;
    for (size_t i = 0; i < len; i++) {
        to[i] = version.data[i] > ' ' && version.data[i] < 0x7f ? version.data[i] : '?';
    }
    to[len] = '\0';
}

static void keep_old(struct smpi_update_seen *seen, const struct smp_img_image *image)
{
    keep_version(seen->version, image->version);
    seen->hash_len = 0;
    if (image->has_hash && image->hash.len <= sizeof(seen->hash)) {
        seen->hash_len = image->hash.len;
        memcpy(seen->hash, image->hash.data, seen->hash_len);
    }
}

void smpi_update_read_state(const struct smpi_update *update, const struct smp_img_state_rsp *rsp,
                            struct smpi_update_seen *seen)
{
    *seen = (struct smpi_update_seen){.runs = false};
    for (size_t i = 0; i < rsp->n_images; i++) {
        const struct smp_img_image *image = rsp->images[i];
        if (!is_ours(update, image)) {
            continue;
        }
        if (is_new(update, image) && image->active) {
            seen->runs = true;
            seen->confirmed = image->confirmed;
        } else if (is_new(update, image)) {
            seen->there = true;
            seen->marked = image->pending || image->permanent;
        }
        /* The old image is the one that runs; while the new one does, it is the other one. */
        if (!is_new(update, image) && (image->active || *seen->version == '\0')) {
            keep_old(seen, image);
        }
        seen->other_runs = seen->other_runs || (image->active && !is_new(update, image));
    }
}

bool smpi_update_read_version(const char *text, struct smp_mcuboot_version *version)
{
    static const uint64_t most[] = {UINT8_MAX, UINT8_MAX, UINT16_MAX, UINT32_MAX};
    uint64_t numbers[4] = {0};
    size_t n = 0;
    for (bool more = true; more; n++) {
        size_t digits = strspn(text, "0123456789");
        if (n == 4 || digits == 0 || digits > 10) {
            return false;
        }
        for (size_t i = 0; i < digits; i++) {
            numbers[n] = 10 * numbers[n] + (uint64_t)(text[i] - '0');
        }
        if (numbers[n] > most[n]) {
            return false;
        }
        text += digits;
        more = *text == '.' || *text == '+';
        text += more;
    }
    version->major = (uint8_t)numbers[0];
    version->minor = (uint8_t)numbers[1];
    version->revision = (uint16_t)numbers[2];
    version->build = (uint32_t)numbers[3];
    return n >= 3 && *text == '\0';
}

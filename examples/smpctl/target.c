/* SPDX-License-Identifier: Apache-2.0 */
#include "target.h"

#include "device.h"
#include "file.h"
#include "output.h"
#include "smpctl.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define PREFIX_MIN 6 /* digits */

static int from_file(struct smpctl *ctl, const char *path, struct target *target)
{
    if (access(path, F_OK) != 0) {
        return fail(ctl, STATUS_FILE,
                    "`%s` is no file; a hash has at least %d hexadecimal digits, a slot is one "
                    "digit",
                    path, PREFIX_MIN);
    }
    struct image_file file;
    int status = file_open(ctl, path, &file);
    if (status == STATUS_DONE) {
        target->kind = TARGET_HASH;
        target->hash_len = file.image.hash_len;
        memcpy(target->hash, file.image.hash, file.image.hash_len);
    }
    file_close(&file);
    return status;
}

int target_read(struct smpctl *ctl, const char *text, struct target *target)
{
    size_t len = strlen(text);
    bool all_hex = strspn(text, "0123456789abcdefABCDEF") == len;
    *target = (struct target){.kind = TARGET_PREFIX, .text = text};
    if (len == 1 && isdigit((unsigned char)*text)) {
        target->kind = TARGET_SLOT;
        return STATUS_DONE;
    }
    if (!all_hex || len < PREFIX_MIN || len > 2 * sizeof target->hash) {
        return from_file(ctl, text, target);
    }
    if (len == 64 || len == 96 || len == 128) {
        target->kind = TARGET_HASH;
        target->hash_len = len / 2;
        for (size_t i = 0; i < len / 2; i++) {
            sscanf(text + 2 * i, "%2hhx", &target->hash[i]);
        }
    }
    return STATUS_DONE;
}

static bool matches(const struct target *target, const struct smp_img_image *image)
{
    if (target->kind == TARGET_SLOT) {
        return 2 * image->image + image->slot == (uint32_t)(*target->text - '0');
    }
    char digits[2 * SMP_MCUBOOT_HASH_MAX + 1] = "";
    for (size_t i = 0; i < image->hash.len && i < SMP_MCUBOOT_HASH_MAX; i++) {
        snprintf(digits + 2 * i, 3, "%02x", image->hash.data[i]);
    }
    return image->has_hash && strncasecmp(digits, target->text, strlen(target->text)) == 0;
}

/* Lists images for an error message, as "slot 0 (1.0.0, 86dca73a3439)". */
static void list(const struct smp_img_state_rsp *state, const struct target *only, char *text,
                 size_t size)
{
    FILE *stream = fmemopen(text, size, "w");
    const char *separator = "";
    for (size_t i = 0; stream && i < state->n_images; i++) {
        const struct smp_img_image *image = state->images[i];
        if (!only || matches(only, image)) {
            fprintf(stream, "%sslot %u (", separator, 2 * image->image + image->slot);
            put_text(stream, image->version);
            fputs(", ", stream);
            put_hex(stream, image->hash.data, image->hash.len < 20 ? image->hash.len : 20);
            fputs(")", stream);
            separator = ", ";
        }
    }
    if (stream) {
        fputs(*separator ? "" : "no image", stream);
        fclose(stream);
    }
    text[size - 1] = '\0';
}

static int choose(struct smpctl *ctl, struct target *target, const struct smp_img_state_rsp *state)
{
    char text[512] = "";
    const struct smp_img_image *found = NULL;
    for (size_t i = 0; i < state->n_images; i++) {
        const struct smp_img_image *image = state->images[i];
        if (!matches(target, image)) {
            continue;
        }
        if (found && (found->hash.len != image->hash.len ||
                      memcmp(found->hash.data, image->hash.data, image->hash.len) != 0)) {
            list(state, target, text, sizeof text);
            return fail(ctl, STATUS_USAGE, "`%s` could be more than one: %s; give more digits",
                        target->text, text);
        }
        found = image;
    }
    if (!found) {
        list(state, NULL, text, sizeof text);
        return fail(ctl, STATUS_DEVICE, "the device has no image %s%s; it has: %s",
                    target->kind == TARGET_SLOT ? "in slot " : "whose hash begins with ",
                    target->text, text);
    }
    if (!found->has_hash || found->hash.len == 0 || found->hash.len > sizeof target->hash) {
        return fail(ctl, STATUS_DEVICE, "the device tells no usable hash for slot %s",
                    target->text);
    }
    target->kind = TARGET_HASH;
    target->hash_len = found->hash.len;
    memcpy(target->hash, found->hash.data, found->hash.len);
    return STATUS_DONE;
}

int target_resolve(struct smpctl *ctl, struct target *target)
{
    if (target->kind == TARGET_HASH) {
        return STATUS_DONE;
    }
    smp_id id = 0;
    int error = smp_img_state_read(ctl->session, device_done, ctl, &id);
    int status = STATUS_LINK;
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    return result ? choose(ctl, target, result->rsp) : status;
}

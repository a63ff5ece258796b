/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of group image, but for the upload. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "target.h"

#include <smp/img.h>

#include <inttypes.h>
#include <string.h>

#define ERASE_MS 40000u /* a large flash takes its time */

/* ---- the list, letter by letter as the Go tool prints it ---- */

static void print_flags(const struct smp_img_image *image)
{
    const struct {
        const char *name;
        bool set;
    } flags[] = {
        {"active", image->active},
        {"confirmed", image->confirmed},
        {"pending", image->pending},
        {"permanent", image->permanent},
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (flags[i].set) {
            fprintf(out, "%s%s", separator, flags[i].name);
            separator = " ";
        }
    }
}

static const char *split_name(int64_t status)
{
    static const char *const names[] = {"N/A", "non-matching", "matching"};
    return status >= 0 && status < 3 ? names[status] : "Unknown!";
}

static void print_state(const struct smp_result *result)
{
    const struct smp_img_state_rsp *rsp = result->rsp;
    fputs("Images:\n", out);
    for (size_t i = 0; i < rsp->n_images; i++) {
        const struct smp_img_image *image = rsp->images[i];
        fprintf(out, " image=%" PRIu32 " slot=%" PRIu32 "\n    version: ", image->image,
                image->slot);
        put_text(out, image->version);
        fprintf(out, "\n    bootable: %s\n    flags: ", image->bootable ? "true" : "false");
        print_flags(image);
        fprintf(out, "\n    hash: ");
        if (image->has_hash && image->hash.len) {
            put_hex(out, image->hash.data, image->hash.len);
        } else {
            fprintf(out, "Unavailable");
        }
        putc('\n', out);
    }
    int64_t split = rsp->has_split_status ? rsp->split_status : 0;
    fprintf(out, "Split status: %s (%" PRId64 ")\n", split_name(split), split);
}

int cmd_image_list(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_img_state_read(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_state);
}

/* ---- test and confirm ---- */

/* name NULL: the running image. */
static int write_state(struct smpctl *ctl, const char *name, bool confirm)
{
    struct target target = {.kind = TARGET_HASH};
    int status = name ? target_read(ctl, name, &target) : STATUS_DONE;
    status = status == STATUS_DONE ? device_open(ctl, NULL) : status;
    status = status == STATUS_DONE ? target_resolve(ctl, &target) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_img_state_write_req req = {
        .size = sizeof req,
        .has_hash = name != NULL,
        .hash = {target.hash, target.hash_len},
        .has_confirm = true,
        .confirm = confirm,
    };
    smp_id id = 0;
    int error = smp_img_state_write(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_state);
}

int cmd_image_test(struct smpctl *ctl)
{
    if (!*ctl->args[0]) {
        return fail(ctl, STATUS_USAGE, "the hash is empty: say which image to test");
    }
    return write_state(ctl, ctl->args[0], false);
}

int cmd_image_confirm(struct smpctl *ctl)
{
    /* Guides write `image confirm ""` for the running image. */
    return write_state(ctl, ctl->n_args > 0 && *ctl->args[0] ? ctl->args[0] : NULL, true);
}

/* ---- erase ---- */

int cmd_image_erase(struct smpctl *ctl)
{
    struct smp_img_erase_req req = {.size = sizeof req, .has_slot = ctl->n_args > 0};
    if (req.has_slot) {
        const char *text = ctl->args[0];
        if (!*text || strspn(text, "0123456789") != strlen(text) || strlen(text) > 4) {
            return fail(ctl, STATUS_USAGE, "`%s` is not a slot's number", text);
        }
        sscanf(text, "%" SCNu32, &req.slot);
    }
    const struct device_needs needs = {.patience_ms = ERASE_MS};
    int status = device_open(ctl, &needs);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_img_erase(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

/* ---- slots ---- */

static void print_slot(const struct smp_img_slot *slot)
{
    fprintf(out, "    slot=%" PRIu32 ":", slot->slot);
    if (slot->has_rc && slot->rc) {
        fprintf(out, " cannot be opened (%" PRId64 ")", slot->rc);
    }
    if (slot->has_bytes) {
        fprintf(out, " %" PRIu64 " bytes", slot->bytes);
    }
    if (slot->has_upload_image_id) {
        fprintf(out, ", image upload -n %" PRIu32 " goes here", slot->upload_image_id);
    }
    putc('\n', out);
}

static void print_slots(const struct smp_result *result)
{
    const struct smp_img_slot_info_rsp *rsp = result->rsp;
    fputs("Slots:\n", out);
    for (size_t i = 0; i < rsp->n_images; i++) {
        const struct smp_img_slots *image = rsp->images[i];
        fprintf(out, " image=%" PRIu32, image->image);
        if (image->has_max_image_size) {
            fprintf(out, " (largest file: %" PRIu64 " bytes)", image->max_image_size);
        }
        putc('\n', out);
        for (size_t k = 0; k < image->n_slots; k++) {
            print_slot(image->slots[k]);
        }
    }
}

int cmd_image_slots(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_img_slot_info(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_slots);
}

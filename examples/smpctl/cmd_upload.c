/* SPDX-License-Identifier: Apache-2.0 */
/* image upload: look at the file, look at the device, send. */
#include "commands.h"
#include "device.h"
#include "file.h"
#include "json.h"
#include "output.h"
#include "progress.h"

#include <smp/img.h>
#include <smp/os.h>

#include <inttypes.h>
#include <string.h>

#define CHUNK_MIN 32 /* the first chunk must hold a whole image header */
#define CHUNK_MAX 65535
#define ERASE_MS 40000u

static int opt_image;
static int opt_window;
static int opt_chunk;
static int opt_upgrade;
static int opt_noerase;
static int opt_erase;
static int opt_force;

struct poptOption upload_options[] = {
    {"image", 'n', POPT_ARG_INT, &opt_image, 0, "Image to replace (0), not a slot", "N"},
    {"maxwinsize", 'w', POPT_ARG_INT, &opt_window, 0,
     "At most so many packets on the way; as many as the device has room for without it", "N"},
    {"chunk", 0, POPT_ARG_INT, &opt_chunk, 0, "At most so many bytes of data in a packet", "BYTES"},
    {"upgrade", 'u', POPT_ARG_NONE, &opt_upgrade, 0,
     "Let the device refuse what is not newer than what runs", NULL},
    {"erase", 0, POPT_ARG_NONE, &opt_erase, 0,
     "Erase the slot first; an interrupted upload then starts anew", NULL},
    {"noerase", 'e', POPT_ARG_NONE, &opt_noerase, 0, "No separate erase, as is usual here", NULL},
    {"force", 0, POPT_ARG_NONE, &opt_force, 0, "Let -w exceed what the device has room for", NULL},
    POPT_TABLEEND,
};

static int check_options(struct smpctl *ctl)
{
    if (opt_image > IMAGE_MAX || opt_image < 0) {
        return fail(ctl, STATUS_USAGE,
                    "-n %d: -n is the number of an image, 0 to %d; if a size is meant, use "
                    "--chunk BYTES",
                    opt_image, IMAGE_MAX);
    }
    if (opt_chunk && (opt_chunk < CHUNK_MIN || opt_chunk > CHUNK_MAX)) {
        return fail(ctl, STATUS_USAGE, "--chunk %d: use %d to %d bytes", opt_chunk, CHUNK_MIN,
                    CHUNK_MAX);
    }
    if (opt_window < 0 || opt_window > WINDOW_MAX) {
        return fail(ctl, STATUS_USAGE, "-w %d: use 1 to %d packets", opt_window, WINDOW_MAX);
    }
    if (opt_erase && opt_noerase) {
        return fail(ctl, STATUS_USAGE, "-e means no erase: leave out -e or --erase");
    }
    return STATUS_DONE;
}

/* The largest file that fits, 0 when the device does not tell. */
static uint64_t largest_file(const struct smp_img_slot_info_rsp *rsp)
{
    for (size_t i = 0; i < rsp->n_images; i++) {
        const struct smp_img_slots *image = rsp->images[i];
        if (image->image != (uint32_t)opt_image) {
            continue;
        }
        if (image->has_max_image_size) {
            return image->max_image_size;
        }
        for (size_t k = 0; k < image->n_slots; k++) {
            const struct smp_img_slot *slot = image->slots[k];
            if (slot->has_bytes && slot->has_upload_image_id) {
                return slot->bytes;
            }
        }
    }
    return 0;
}

/* Most devices do not tell how large their slots are: then the upload itself will show. */
static int check_size(struct smpctl *ctl, const struct image_file *file)
{
    smp_id id = 0;
    int error = smp_img_slot_info(ctl->session, device_done, ctl, &id);
    int status = STATUS_LINK;
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    if (result->error == SMP_ERR_DEVICE || result->error == SMP_ERR_MALFORMED) {
        return STATUS_DONE;
    }
    if (result->error) {
        return fail_result(ctl, result);
    }
    uint64_t most = largest_file(result->rsp);
    if (most && file->local.source.length > most) {
        return fail(ctl, STATUS_FILE,
                    "%s has %" PRIu64 " bytes, but at most %" PRIu64 " fit into the slot of image "
                    "%d",
                    file->local.path, file->local.source.length, most, opt_image);
    }
    return STATUS_DONE;
}

static int erase(struct smpctl *ctl)
{
    if (!opt_erase) {
        return STATUS_DONE;
    }
    const struct smp_img_erase_req req = {
        .size = sizeof req,
        .has_slot = opt_image > 0, /* image 0: the device knows which slot is not running */
        .slot = 2 * (uint32_t)opt_image + 1,
    };
    smp_id id = 0;
    int error = smp_img_erase(ctl->session, &req, device_done, ctl, &id);
    int status = STATUS_LINK;
    return device_wait(ctl, error, id, &status) ? STATUS_DONE : status;
}

/* ---- the upload itself ---- */

static void print_success(const struct smpctl *ctl, const struct image_file *file)
{
    char version[SMP_MCUBOOT_VERSION_MAX];
    smp_mcuboot_version_text(&file->image.version, version);
    if (ctl->progress->start == file->local.source.length) {
        fputs("The device has this image already; nothing was sent.\n", out);
    }
    fprintf(out, "Done\nVersion %s, hash ", version); /* scripts for mcumgr look for a bare Done */
    put_hex(out, file->image.hash, file->image.hash_len);
    fprintf(out, "\nNext: %s image test ", ctl->name);
    put_hex(out, file->image.hash, 6);
    fprintf(out, "\n      %s reset\n", ctl->name);
}

static json_t *success_json(const struct smpctl *ctl, const struct image_file *file,
                            const struct smp_result *result)
{
    char version[SMP_MCUBOOT_VERSION_MAX];
    const struct smp_mcuboot_image *image = &file->image;
    json_t *json = json_record(result->message, result->rsp);
    smp_mcuboot_version_text(&image->version, version);
    json_object_set_new(json, "file", json_text(str_of(file->local.path)));
    json_object_set_new(json, "length", json_integer((json_int_t)file->local.source.length));
    json_object_set_new(json, "start", json_integer((json_int_t)ctl->progress->start));
    json_object_set_new(json, "version", json_string(version));
    json_object_set_new(json, "hash", json_hex(image->hash, image->hash_len));
    json_object_set_new(json, "sha", json_hex(file->sha, sizeof file->sha));
    json_object_set_new(json, "seconds", json_real(progress_seconds(ctl->progress)));
    return json;
}

static int ended(struct smpctl *ctl, const struct image_file *file, const struct smp_result *result)
{
    if (result->error == SMP_ERR_CANCELLED) {
        return fail(ctl, STATUS_INTERRUPTED,
                    "interrupted; the same command again goes on where this one stopped");
    }
    if (result->error == SMP_ERR_CORRUPT) {
        return fail(ctl, STATUS_DEVICE,
                    "what the device holds now is not what was sent: its flash or the link "
                    "damaged it; upload again with --erase");
    }
    if (result->error) {
        return fail_result(ctl, result);
    }
    if (ctl->options.json) {
        return put_result(ctl, success_json(ctl, file, result));
    }
    print_success(ctl, file);
    return STATUS_DONE;
}

static int send_image(struct smpctl *ctl, const struct image_file *file)
{
    struct progress progress;
    struct smp_img_upload_options options = {
        .size = sizeof options,
        .image = (uint32_t)opt_image,
        .upgrade = opt_upgrade,
        .has_sha = true,
        .hash_len = file->image.hash_len,
        .transfer =
            {
                .size = sizeof options.transfer,
                .window = (uint32_t)opt_window,
                .chunk = (uint32_t)opt_chunk,
                .progress = progress_step,
            },
    };
    memcpy(options.sha, file->sha, sizeof options.sha);
    memcpy(options.hash, file->image.hash, sizeof options.hash);
    int status = device_catch_interrupts(ctl);
    if (status != STATUS_DONE) {
        return status;
    }
    progress_begin(&progress, ctl, "Waiting for the device, which may be erasing its flash ...");
    smp_id id = 0;
    int error = smp_img_upload(ctl->session, &file->local.source, &options, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    progress_end(&progress);
    return result ? ended(ctl, file, result) : status;
}

static int upload_file(struct smpctl *ctl, const struct image_file *file)
{
    if (file->image.has_trailer) {
        note(ctl,
             "%s ends with a boot request (imgtool --pad): the device boots it at its next reset, "
             "without `image test`",
             file->local.path);
    }
    const struct device_needs needs = {
        .patience_ms = opt_erase ? ERASE_MS : 0,
        .window = opt_force ? (uint32_t)opt_window : 0,
        .lossy = true,
    };
    int status = device_open(ctl, &needs);
    status = status == STATUS_DONE ? check_size(ctl, file) : status;
    status = status == STATUS_DONE ? erase(ctl) : status;
    return status == STATUS_DONE ? send_image(ctl, file) : status;
}

int cmd_image_upload(struct smpctl *ctl)
{
    struct image_file file;
    int status = check_options(ctl);
    if (status != STATUS_DONE) {
        return status;
    }
    status = file_open(ctl, ctl->args[0], &file);
    status = status == STATUS_DONE ? upload_file(ctl, &file) : status;
    file_close(&file);
    return status;
}

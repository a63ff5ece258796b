/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade: a whole update of one device, by the library's own procedure. */
#include "commands.h"
#include "device.h"
#include "file.h"
#include "json.h"
#include "output.h"
#include "progress.h"

#include <smp/img.h>
#include <smp/update.h>

#include <string.h>

static int opt_image;
static int opt_window;
static int opt_confirm;
static int opt_no_downgrade;
static int opt_recovery;

struct poptOption upgrade_options[] = {
    {"image", 'n', POPT_ARG_INT, &opt_image, 0, "Image to replace (0), not a slot", "N"},
    {"confirm", 0, POPT_ARG_NONE, &opt_confirm, 0,
     "Keep the new image once it runs; without it, it stays on trial", NULL},
    {"no-downgrade", 0, POPT_ARG_NONE, &opt_no_downgrade, 0,
     "Refuse an image older than the one that runs", NULL},
    {"recovery", 0, POPT_ARG_NONE, &opt_recovery, 0,
     "The device is in MCUboot's serial recovery: upload and reset only", NULL},
    {"maxwinsize", 'w', POPT_ARG_INT, &opt_window, 0, "At most so many packets on the way", "N"},
    POPT_TABLEEND,
};

static int check_options(struct smpctl *ctl)
{
    if (opt_image < 0 || opt_image > IMAGE_MAX) {
        return fail(ctl, STATUS_USAGE, "-n %d: -n is the number of an image, 0 to %d", opt_image,
                    IMAGE_MAX);
    }
    if (opt_window < 0 || opt_window > WINDOW_MAX) {
        return fail(ctl, STATUS_USAGE, "-w %d: use 1 to %d packets", opt_window, WINDOW_MAX);
    }
    return STATUS_DONE;
}

/* The bytes of the upload are shown as those of any other; else a word for each step is enough. */
static void on_progress(struct smp_session *session, const struct smp_update_progress *step,
                        void *user)
{
    const struct smpctl *ctl = user;
    if (step->phase == SMP_UPDATE_UPLOADING && step->total) {
        const struct smp_progress upload = {
            .size = sizeof upload,
            .phase = step->link_down             ? SMP_PHASE_RECONNECTING
                     : step->done == step->total ? SMP_PHASE_DONE
                                                 : SMP_PHASE_SENDING,
            .done = step->done,
            .total = step->total,
            .start = step->start,
            .rate = step->rate,
            .left_ms = step->left_ms,
        };
        progress_step(session, &upload, user);
    } else {
        progress_word(ctl->progress, smp_update_phase_name(step->phase));
    }
}

/* The file was found good by file_open(): what is wrong now is so at the device. */
static int status_of(int error)
{
    switch (error) {
    case SMP_ERR_DEVICE:
    case SMP_ERR_CORRUPT:
    case SMP_ERR_DOWNGRADE:
    case SMP_ERR_NOT_STARTED:
    case SMP_ERR_OFFSET:
    case SMP_ERR_UNSUPPORTED:
        return STATUS_DEVICE;
    case SMP_ERR_NOT_IMAGE:
    case SMP_ERR_SOURCE:
        return STATUS_FILE;
    case SMP_ERR_CANCELLED:
        return STATUS_INTERRUPTED;
    default:
        return STATUS_LINK;
    }
}

static json_t *to_json(const struct smp_result *result)
{
    const struct smp_update_report *report = result->rsp;
    json_t *json = json_record(result->message, report);
    json_object_set_new(json, "phase", json_string(smp_update_phase_name(report->phase)));
    json_object_set_new(json, "state", json_string(smp_update_state_name(report->state)));
    return json;
}

static int ended(struct smpctl *ctl, const struct smp_result *result)
{
    const struct smp_update_report *report = result->rsp;
    if (result->error) {
        return fail_text(ctl, status_of(result->error), result, report->text);
    }
    if (ctl->options.json) {
        return put_result(ctl, to_json(result));
    }
    fputs("Done\n", out);
    put_text(out, report->text);
    putc('\n', out);
    if (report->state == SMP_UPDATE_TRIAL) {
        fprintf(out, "Next: %s image confirm\n", ctl->name);
    }
    return STATUS_DONE;
}

/* An update waits for a link that is lost; of one that never was, every command tells at once. */
static int reach(struct smpctl *ctl)
{
    smp_id id = 0;
    int status = STATUS_LINK;
    int error = smp_img_state_read(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    bool answered = result->error == SMP_OK || result->error == SMP_ERR_DEVICE;
    return answered ? STATUS_DONE : fail_result(ctl, result);
}

static int upgrade(struct smpctl *ctl, const struct image_file *file)
{
    struct progress progress;
    const struct smp_update_options options = {
        .size = sizeof options,
        .image = (uint32_t)opt_image,
        .goal = opt_confirm ? SMP_UPDATE_CONFIRMED : SMP_UPDATE_TRIAL,
        .recovery = opt_recovery,
        .no_downgrade = opt_no_downgrade,
        .wait_ms = (uint32_t)(ctl->options.wait * 1000), /* 0: the library's */
        .window = (uint32_t)opt_window,
        .progress = on_progress,
    };
    int status = device_open(ctl, &(struct device_needs){.lossy = true});
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    status = status == STATUS_DONE ? reach(ctl) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    progress_begin(&progress, ctl, "checking");
    int error =
        smp_update_start(ctl->session, &file->local.source, &options, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    progress_end(&progress);
    return result ? ended(ctl, result) : status;
}

int cmd_upgrade(struct smpctl *ctl)
{
    struct image_file file;
    int status = check_options(ctl);
    if (status != STATUS_DONE) {
        return status;
    }
    status = file_open(ctl, ctl->args[0], &file);
    status = status == STATUS_DONE ? upgrade(ctl, &file) : status;
    file_close(&file);
    return status;
}

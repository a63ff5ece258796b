/* SPDX-License-Identifier: Apache-2.0 */
/* fs upload, fs download: whole files. */
#include "commands.h"
#include "device.h"
#include "fs_check.h"
#include "json.h"
#include "localfile.h"
#include "output.h"
#include "progress.h"
#include "save.h"

#include <smp/fs.h>

#include <string.h>

#define CHUNK_MAX 65535

static int opt_window;
static int opt_chunk;
static int opt_resume;
static int opt_check;

#define TRANSFER_OPTIONS                                                                           \
    {"maxwinsize",                                                                                 \
     'w',                                                                                          \
     POPT_ARG_INT,                                                                                 \
     &opt_window,                                                                                  \
     0,                                                                                            \
     "At most so many packets on the way; as many as the device has room for without it",          \
     "N"},                                                                                         \
    {                                                                                              \
        "chunk", 0, POPT_ARG_INT, &opt_chunk, 0, "At most so many bytes of data in a packet",      \
            "BYTES"                                                                                \
    }

struct poptOption fs_upload_options[] = {
    TRANSFER_OPTIONS,
    {"resume", 0, POPT_ARG_NONE, &opt_resume, 0, "Go on where the device's file ends", NULL},
    {"check", 0, POPT_ARG_NONE, &opt_check, 0,
     "Compare the hash afterwards, where the device offers one", NULL},
    POPT_TABLEEND,
};
struct poptOption fs_download_options[] = {
    TRANSFER_OPTIONS,
    POPT_TABLEEND,
};

#define OUT_OF_ORDER 65536u /* bytes at the end of what was left that may have holes */

static const char no_answer[] =
    "if it answers other commands, it may lack stack for files: raise "
    "CONFIG_SYSTEM_WORKQUEUE_STACK_SIZE in the firmware, or use a smaller --chunk";

static int check_options(struct smpctl *ctl, const char *remote)
{
    if (opt_chunk < 0 || opt_chunk > CHUNK_MAX) {
        return fail(ctl, STATUS_USAGE, "--chunk %d: use 1 to %d bytes", opt_chunk, CHUNK_MAX);
    }
    if (opt_window < 0 || opt_window > WINDOW_MAX) {
        return fail(ctl, STATUS_USAGE, "-w %d: use 1 to %d packets", opt_window, WINDOW_MAX);
    }
    if (!*remote) {
        return fail(ctl, STATUS_USAGE, "REMOTE is empty");
    }
    if (*remote != '/') {
        note(ctl,
             "`%s` is meant as the device's path and has no slash at its beginning; the order "
             "is `%s %s`",
             remote, ctl->command->name, ctl->command->args);
    }
    ctl->hint = no_answer;
    return STATUS_DONE;
}

/* resume: as in smp_transfer_options. */
static struct smp_transfer_options transfer_options(const struct smpctl *ctl, uint64_t resume)
{
    double timeout = ctl->options.timeout ? ctl->options.timeout : DEFAULT_TIMEOUT;
    return (struct smp_transfer_options){
        .size = sizeof(struct smp_transfer_options),
        .window = (uint32_t)opt_window,
        .chunk = (uint32_t)opt_chunk,
        .first_chunk_ms = (uint32_t)(timeout * 1000), /* no flash is erased first */
        .resume = resume,
        .progress = progress_step,
    };
}

/* How both directions end.  checked: by which hash, or NULL. */
static int finish(struct smpctl *ctl, const char *local, const char *remote, uint64_t length,
                  const char *checked)
{
    if (!ctl->options.json) {
        fputs("Done\n", out);
        return STATUS_DONE;
    }
    json_t *json = json_object();
    json_object_set_new(json, "file", json_text(str_of(local)));
    json_object_set_new(json, "remote", json_text(str_of(remote)));
    json_object_set_new(json, "length", json_integer((json_int_t)length));
    json_object_set_new(json, "start", json_integer((json_int_t)ctl->progress->start));
    json_object_set_new(json, "checked", checked ? json_string(checked) : json_null());
    json_object_set_new(json, "seconds", json_real(progress_seconds(ctl->progress)));
    return put_result(ctl, json);
}

/* ---- upload ---- */

/* An empty file is one chunk without data. */
static int send_nothing(struct smpctl *ctl, const char *remote)
{
    const struct smp_fs_upload_req req = {
        .size = sizeof req, .name = str_of(remote), .has_len = true};
    smp_id id = 0;
    int status = STATUS_LINK;
    int error = smp_fs_upload_chunk(ctl->session, &req, device_done, ctl, &id);
    if (!device_wait(ctl, error, id, &status)) {
        return status;
    }
    error = smp_fs_close(ctl->session, device_done, ctl, &id);
    device_await(ctl, error, id, &status); /* older devices do not know it */
    progress_zero(ctl->progress);
    return STATUS_DONE;
}

/* What is long goes on where it was broken off; the library sees whether it may. */
static int send_file(struct smpctl *ctl, const struct local_file *file, const char *remote)
{
    bool resume = opt_resume || file->source.length >= SAVE_WORTH;
    const struct smp_transfer_options options = transfer_options(ctl, resume);
    smp_id id = 0;
    int status = STATUS_LINK;
    int error =
        smp_fs_upload(ctl->session, str_of(remote), &file->source, &options, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    progress_end(ctl->progress);
    if (!result) {
        return status;
    }
    if (result->error == SMP_ERR_CANCELLED) {
        return fail(ctl, STATUS_INTERRUPTED,
                    "interrupted: the device holds a part of the file; the same command goes on "
                    "there, if the device can tell its hash");
    }
    if (result->error == SMP_ERR_CORRUPT) {
        return fail(ctl, STATUS_DEVICE,
                    "the device's file is not as long as what was sent: send it again");
    }
    return result->error ? fail_result(ctl, result) : STATUS_DONE;
}

static int upload(struct smpctl *ctl, const struct local_file *file, const char *remote)
{
    const struct device_needs needs = {.lossy = true};
    const char *checked = NULL;
    struct progress progress;
    int status = device_open(ctl, &needs);
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    progress_begin(&progress, ctl, NULL);
    status = file->source.length ? send_file(ctl, file, remote) : send_nothing(ctl, remote);
    if (status == STATUS_DONE && opt_check && file->source.length) {
        status = fs_check(ctl, remote, file->fd, &checked);
    }
    return status == STATUS_DONE ? finish(ctl, file->path, remote, file->source.length, checked)
                                 : status;
}

int cmd_fs_upload(struct smpctl *ctl)
{
    struct local_file file;
    int status = check_options(ctl, ctl->args[1]);
    if (status != STATUS_DONE) {
        return status;
    }
    status = local_open(ctl, ctl->args[0], &file);
    status = status == STATUS_DONE ? upload(ctl, &file, ctl->args[1]) : status;
    local_close(&file);
    return status;
}

/* ---- download ---- */

/* How much of what an earlier run left is the beginning of the device's file; the rest goes. */
static int find_held(struct smpctl *ctl, struct save *save, const char *remote)
{
    uint64_t held = save->held >= SAVE_WORTH ? save->held : 0;
    if (held && !fs_begins_alike(ctl, remote, save->fd, held)) {
        held = held > OUT_OF_ORDER ? held - OUT_OF_ORDER : 0;
        held = fs_begins_alike(ctl, remote, save->fd, held) ? held : 0;
    }
    return save_cut(ctl, save, held);
}

static int fetch(struct smpctl *ctl, struct save *save, const char *remote, uint64_t *length)
{
    const struct smp_transfer_options options = transfer_options(ctl, save->held);
    smp_id id = 0;
    int status = STATUS_LINK;
    int error =
        smp_fs_download(ctl->session, str_of(remote), &save->sink, &options, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    progress_end(ctl->progress);
    if (!result) {
        return status;
    }
    if (result->error == SMP_ERR_CANCELLED) {
        return fail(ctl, STATUS_INTERRUPTED, "interrupted: nothing was kept");
    }
    if (result->error) {
        status = fail_result(ctl, result);
        if (status == STATUS_LINK) {
            save_leave(ctl, save);
        }
        return status;
    }
    progress_zero(ctl->progress); /* an empty file has no step */
    *length = ctl->progress->total;
    return STATUS_DONE;
}

static int download(struct smpctl *ctl, struct save *save, const char *remote)
{
    const struct device_needs needs = {.lossy = true};
    const char *checked = NULL;
    struct progress progress;
    uint64_t length = 0;
    int status = device_open(ctl, &needs);
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    status = find_held(ctl, save, remote);
    if (status != STATUS_DONE) {
        return status;
    }
    progress_begin(&progress, ctl, NULL);
    progress.from_zero = save->held == 0;
    status = fetch(ctl, save, remote, &length);
    if (status == STATUS_DONE && length) {
        status = fs_check(ctl, remote, save->fd, &checked);
    }
    status = status == STATUS_DONE ? save_keep(ctl, save) : status;
    return status == STATUS_DONE ? finish(ctl, save->path, remote, length, checked) : status;
}

int cmd_fs_download(struct smpctl *ctl)
{
    struct save save;
    const char *remote = ctl->args[0];
    int status = check_options(ctl, remote);
    if (status != STATUS_DONE) {
        return status;
    }
    status = save_begin_part(ctl, ctl->args[1], remote, &save);
    status = status == STATUS_DONE ? download(ctl, &save, remote) : status;
    save_end(&save);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* image corelist, coredownload, coreerase: Mynewt's core dumps, in the words of the Go tool. */
#include "commands.h"
#include "device.h"
#include "json.h"
#include "output.h"
#include "save.h"

#include <smp/img.h>

#include <inttypes.h>

#define ERASE_MS 40000u
#define CORE_MAX UINT32_MAX

int cmd_image_corelist(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_img_core_list(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    /* That there is none comes as a refusal. */
    bool none =
        result->error == SMP_ERR_DEVICE && !result->from_group && result->rc == SMP_RC_NOT_FOUND;
    if (result->error && !none) {
        return fail_result(ctl, result);
    }
    if (ctl->options.json) {
        return put_result(ctl, json_pack("{s:b}", "present", !none));
    }
    fputs(none ? "No corefiles\n" : "Corefile present\n", out);
    return STATUS_DONE;
}

/* Fetches one piece; *len 0: that was all. */
static int load(struct smpctl *ctl, const struct save *save, uint64_t offset, size_t *len)
{
    const struct smp_img_core_load_req req = {.size = sizeof req, .off = offset};
    smp_id id = 0;
    int status = STATUS_LINK;
    int error = smp_img_core_load(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    const struct smp_img_core_load_rsp *rsp = result->rsp;
    if (rsp->off != offset) {
        return fail(ctl, STATUS_LINK, "the device sent another part of the core dump than asked");
    }
    *len = rsp->data.len;
    if (save->sink.write(save->sink.user, offset, rsp->data.data, rsp->data.len) != SMP_OK) {
        return fail(ctl, STATUS_FILE, "%s: %s", save->path, smp_error_text(SMP_ERR_SINK));
    }
    if (!ctl->options.json) {
        fprintf(out, "%" PRIu64 "\n", offset);
    }
    return STATUS_DONE;
}

static int load_all(struct smpctl *ctl, struct save *save)
{
    const struct device_needs needs = {.lossy = true};
    uint64_t offset = 0;
    size_t len = 1;
    int status = device_open(ctl, &needs);
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    while (status == STATUS_DONE && len > 0 && offset < CORE_MAX) {
        status = load(ctl, save, offset, &len);
        offset += status == STATUS_DONE ? len : 0;
    }
    status = status == STATUS_DONE ? save_keep(ctl, save) : status;
    if (status == STATUS_DONE && ctl->options.json) {
        return put_result(ctl, json_pack("{s:o, s:I}", "file", json_text(str_of(save->path)),
                                         "length", (json_int_t)offset));
    }
    if (status == STATUS_DONE) {
        fprintf(out, "Done writing core file to %s\n", save->path);
    }
    return status;
}

int cmd_image_coredownload(struct smpctl *ctl)
{
    struct save save;
    int status = save_begin(ctl, ctl->args[0], "core", &save);
    status = status == STATUS_DONE ? load_all(ctl, &save) : status;
    save_end(&save);
    return status;
}

int cmd_image_coreerase(struct smpctl *ctl)
{
    const struct device_needs needs = {.patience_ms = ERASE_MS};
    int status = device_open(ctl, &needs);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_img_core_erase(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* config: settings that are text, in the words of the Go tool. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "settings_value.h"

#include <smp/settings.h>

static void print_value(const struct smp_result *result)
{
    const struct smp_settings_read_rsp *rsp = result->rsp;
    fputs("Value: ", out);
    value_put(out, &rsp->value);
    putc('\n', out);
}

static int read_value(struct smpctl *ctl)
{
    const struct smp_settings_read_req req = {.size = sizeof req, .name = str_of(ctl->args[0])};
    smp_id id = 0;
    int error = smp_settings_read(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_value);
}

static int write_value(struct smpctl *ctl)
{
    const struct smp_settings_write_req req = {
        .size = sizeof req,
        .name = str_of(ctl->args[0]),
        .value = {.kind = SMP_KIND_STR, .as.str = str_of(ctl->args[1])},
    };
    smp_id id = 0;
    int error = smp_settings_write(ctl->session, &req, device_done, ctl, &id);
    int status = device_finish(ctl, error, id, NULL);
    if (status == STATUS_DEVICE) {
        note(ctl,
             "this sent text, as Mynewt takes it; Zephyr takes bytes: "
             "settings write %s %s --type str (or int32, hex, ...)",
             ctl->args[0], ctl->args[1]);
    }
    return status;
}

int cmd_config(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    return ctl->n_args == 1 ? read_value(ctl) : write_value(ctl);
}

/* Zephyr has a command for it; Mynewt a flag of writing, with nothing written. */
int cmd_config_save(struct smpctl *ctl)
{
    static const uint8_t save[] = {0xa1, 0x64, 's', 'a', 'v', 'e', 0xf5}; /* {"save": true} */
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_settings_save(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    if (result->error != SMP_ERR_DEVICE || result->rc != SMP_RC_NOT_SUPPORTED ||
        result->from_group) {
        return device_report(ctl, result, NULL);
    }
    error = smp_session_request(ctl->session, SMP_GROUP_SETTINGS, 0, SMP_OP_WRITE, save,
                                sizeof save, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

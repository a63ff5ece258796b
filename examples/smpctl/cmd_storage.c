/* SPDX-License-Identifier: Apache-2.0 */
/* storage erase. */
#include "commands.h"
#include "device.h"
#include "output.h"

#include <smp/zephyr.h>

#include <unistd.h>

#define ERASE_MS 40000u

static int opt_yes;

struct poptOption storage_options[] = {
    {"yes", 'y', POPT_ARG_NONE, &opt_yes, 0, "Do not ask", NULL},
    POPT_TABLEEND,
};

/* Nothing brings the settings back; a person may have meant something else. */
static bool is_meant(const struct smpctl *ctl)
{
    char answer[16];
    if (opt_yes || ctl->task || ctl->options.json || !isatty(STDIN_FILENO)) {
        return true;
    }
    fputs("This erases all settings of the device, bonds and calibration included.  Erase? [y/N] ",
          stderr);
    return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

int cmd_storage_erase(struct smpctl *ctl)
{
    const struct device_needs needs = {.patience_ms = ERASE_MS};
    if (!is_meant(ctl)) {
        return fail(ctl, STATUS_USAGE, "nothing was erased");
    }
    int status = device_open(ctl, &needs);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_zephyr_erase_storage(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

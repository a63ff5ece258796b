/* SPDX-License-Identifier: Apache-2.0 */
/* crash, run test, run list: what only Mynewt has. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "sorted.h"

#include <smp/crash.h>
#include <smp/run.h>

#include <stdlib.h>
#include <string.h>

/* ---- crash ---- */

static bool is_way_to_crash(const char *text)
{
    static const char *const ways[] = {"div0", "jump0", "ref0", "assert", "wdog"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (strcmp(text, ways[i]) == 0) {
            return true;
        }
    }
    return false;
}

int cmd_crash(struct smpctl *ctl)
{
    const char *how = ctl->args[0];
    if (!is_way_to_crash(how)) {
        return fail(ctl, STATUS_USAGE, "`%s`: use div0, jump0, ref0, assert or wdog", how);
    }
    ctl->hint = "a device that has crashed cannot answer: that may be what was wanted";
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_crash_trigger_req req = {.size = sizeof req, .how = str_of(how)};
    smp_id id = 0;
    int error = smp_crash_trigger(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

/* ---- tests ---- */

int cmd_run_test(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_run_test_req req = {
        .size = sizeof req,
        .testname = str_of(ctl->n_args > 0 ? ctl->args[0] : "all"),
        .has_token = true, /* the Go tool always sends one, and devices look for it */
        .token = str_of(ctl->n_args > 1 ? ctl->args[1] : ""),
    };
    smp_id id = 0;
    int error = smp_run_test(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

static void print_tests(const struct smp_result *result)
{
    const struct smp_run_list_rsp *rsp = result->rsp;
    size_t *order = sorted_texts(rsp->tests, rsp->n_tests);
    fputs("available tests:\n", out);
    for (size_t i = 0; i < rsp->n_tests; i++) {
        fputs("    ", out);
        put_text(out, rsp->tests[order ? order[i] : i]);
        putc('\n', out);
    }
    free(order);
}

int cmd_run_list(struct smpctl *ctl)
{
    return device_ask(ctl, smp_run_list, print_tests);
}

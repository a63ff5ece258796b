/* SPDX-License-Identifier: Apache-2.0 */
/* monitor: statistics, again and again. */
#include "commands.h"
#include "counters.h"
#include "device.h"
#include "interrupt.h"
#include "json.h"
#include "output.h"

#include <smp/stat.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static double opt_interval = 1;
static int opt_count;

struct poptOption monitor_options[] = {
    {"interval", 'i', POPT_ARG_DOUBLE, &opt_interval, 0, "Ask so often (1)", "SECONDS"},
    {"count", 'n', POPT_ARG_INT, &opt_count, 0, "End after so many times; without it Ctrl-C does",
     "N"},
    POPT_TABLEEND,
};

struct monitor {
    struct smpctl *ctl;
    char **sections;
    bool *left_out;
    size_t n;
    struct counters counters;
    bool terminal;
};

static int check_options(struct smpctl *ctl)
{
    if (!(opt_interval >= 0.01 && opt_interval <= 86400)) {
        return fail(ctl, STATUS_USAGE, "--interval takes seconds from 0.01 to 86400");
    }
    if (opt_count < 0) {
        return fail(ctl, STATUS_USAGE, "--count takes a number from 1 on");
    }
    return STATUS_DONE;
}

/* ---- which sections ---- */

static int keep_section(struct monitor *monitor, struct smp_str name)
{
    char *copy = strndup(name.len ? name.data : "", name.len);
    if (!copy) {
        return fail_error(monitor->ctl, SMP_ERR_NO_MEMORY);
    }
    monitor->sections[monitor->n++] = copy;
    return STATUS_DONE;
}

static int find_sections(struct monitor *monitor)
{
    struct smpctl *ctl = monitor->ctl;
    smp_id id = 0;
    int status = STATUS_DONE;
    if (ctl->n_args > 0) {
        monitor->sections = calloc((size_t)ctl->n_args, sizeof *monitor->sections);
        for (int i = 0; monitor->sections && status == STATUS_DONE && i < ctl->n_args; i++) {
            status = keep_section(monitor, str_of(ctl->args[i]));
        }
        return status;
    }
    int error = smp_stat_list(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    const struct smp_stat_list_rsp *rsp = result->rsp;
    monitor->sections = calloc(rsp->n_names + 1, sizeof *monitor->sections);
    for (size_t i = 0; monitor->sections && status == STATUS_DONE && i < rsp->n_names; i++) {
        status = keep_section(monitor, rsp->names[i]);
    }
    return status == STATUS_DONE && monitor->n == 0
               ? fail(ctl, STATUS_DEVICE, "the device keeps no statistics")
               : status;
}

/* ---- one round ---- */

/* Some sections fit no answer; the others are worth watching all the same. */
static void leave_out(struct monitor *monitor, size_t section, const struct smp_result *result)
{
    char text[512];
    smp_result_text(monitor->ctl->loop, result, text, sizeof text);
    note(monitor->ctl, "`%s` is left out: %s", monitor->sections[section], text);
    monitor->left_out[section] = true;
}

static int read_section(struct monitor *monitor, size_t section)
{
    struct smpctl *ctl = monitor->ctl;
    const struct smp_stat_read_req req = {.size = sizeof req,
                                          .name = str_of(monitor->sections[section])};
    smp_id id = 0;
    int status = STATUS_LINK;
    int error = smp_stat_read(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    if (result->error == SMP_ERR_DEVICE && ctl->n_args == 0) { /* nobody asked for this one */
        leave_out(monitor, section, result);
        return STATUS_DONE;
    }
    if (result->error) {
        return fail_result(ctl, result);
    }
    const struct smp_stat_read_rsp *rsp = result->rsp;
    uint64_t now = smp_loop_now(ctl->loop);
    for (size_t i = 0; i < rsp->n_fields; i++) {
        if (!counters_set(&monitor->counters, section, rsp->fields[i]->name, rsp->fields[i]->value,
                          now)) {
            return fail_error(ctl, SMP_ERR_NO_MEMORY);
        }
    }
    return STATUS_DONE;
}

static int show(struct monitor *monitor)
{
    if (monitor->ctl->options.json) {
        return put_result(monitor->ctl,
                          counters_json(&monitor->counters, monitor->sections, monitor->n));
    }
    if (monitor->terminal) {
        fputs("\033[H\033[J", out); /* to the top left corner, and clear from there */
    }
    counters_put(&monitor->counters, monitor->sections, monitor->n);
    fputs(monitor->terminal ? "Ctrl-C ends\n" : "\n", out);
    flush_output();
    return STATUS_DONE;
}

static int one_round(struct monitor *monitor)
{
    int status = STATUS_DONE;
    for (size_t i = 0; status == STATUS_DONE && i < monitor->n; i++) {
        status = monitor->left_out[i] ? STATUS_DONE : read_section(monitor, i);
    }
    return status == STATUS_DONE ? show(monitor) : status;
}

static void pause_until(struct smpctl *ctl, uint64_t end)
{
    uint64_t now;
    while (!interrupt_seen() && (now = smp_loop_now(ctl->loop)) < end) {
        smp_loop_turn(ctl->loop, (int)((end - now) / 1000000) + 1);
    }
}

static int watch(struct monitor *monitor)
{
    struct smpctl *ctl = monitor->ctl;
    uint64_t interval = (uint64_t)(opt_interval * 1e9);
    uint64_t next = smp_loop_now(ctl->loop);
    int status = STATUS_DONE;
    for (int round = 0; status == STATUS_DONE && !interrupt_seen() && !output_failed(); round++) {
        if (opt_count && round == opt_count) {
            return STATUS_DONE;
        }
        status = one_round(monitor);
        uint64_t now = smp_loop_now(ctl->loop);
        next = next + interval > now ? next + interval : now + interval; /* late: never a burst */
        if (status == STATUS_DONE && !(opt_count && round + 1 == opt_count)) {
            pause_until(ctl, next);
        }
    }
    return interrupt_seen() ? STATUS_DONE : status; /* that is how it is meant to end */
}

int cmd_monitor(struct smpctl *ctl)
{
    struct monitor monitor = {.ctl = ctl, .terminal = isatty(STDOUT_FILENO)};
    int status = check_options(ctl);
    status = status == STATUS_DONE ? device_open(ctl, NULL) : status;
    status = status == STATUS_DONE ? find_sections(&monitor) : status;
    monitor.left_out = calloc(monitor.n + 1, sizeof *monitor.left_out);
    status = status == STATUS_DONE ? device_catch_interrupts(ctl) : status;
    if (!monitor.left_out) {
        status = fail_error(ctl, SMP_ERR_NO_MEMORY);
    } else if (status == STATUS_DONE) {
        status = watch(&monitor);
    }
    for (size_t i = 0; i < monitor.n; i++) {
        free(monitor.sections[i]);
    }
    free(monitor.sections);
    free(monitor.left_out);
    counters_free(&monitor.counters);
    return status;
}

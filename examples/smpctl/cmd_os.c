/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of group OS. */
#include "commands.h"
#include "datetime.h"
#include "device.h"
#include "keeper.h"
#include "output.h"

#include <smp/os.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void put_line(struct smp_str text)
{
    put_text(out, text);
    putc('\n', out);
}

/* ---- echo ---- */

static void print_echo(const struct smp_result *result)
{
    const struct smp_os_echo_rsp *rsp = result->rsp;
    put_lines(out, rsp->text);
    putc('\n', out);
}

/* Joins the arguments with spaces, as echo(1) does; the caller frees. */
static char *join(const struct smpctl *ctl)
{
    size_t size = 1;
    for (int i = 0; i < ctl->n_args; i++) {
        size += strlen(ctl->args[i]) + 1;
    }
    char *text = calloc(1, size);
    for (int i = 0; text && i < ctl->n_args; i++) {
        strcat(text, i ? " " : "");
        strcat(text, ctl->args[i]);
    }
    return text;
}

int cmd_echo(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    char *text = join(ctl);
    if (!text) {
        return fail_error(ctl, SMP_ERR_NO_MEMORY);
    }
    const struct smp_os_echo_req req = {.size = sizeof req, .text = str_of(text)};
    smp_id id = 0;
    int error = smp_os_echo(ctl->session, &req, device_done, ctl, &id);
    free(text);
    return device_finish(ctl, error, id, print_echo);
}

/* ---- reset ---- */

static int reset_force;
static char *reset_boot_mode;

struct poptOption reset_options[] = {
    {"force", 0, POPT_ARG_NONE, &reset_force, 0, "Even when the application would refuse", NULL},
    {"boot-mode", 0, POPT_ARG_STRING, &reset_boot_mode, 0,
     "normal, recovery (stay in the boot loader) or a number; Zephyr 4.2 and newer", "MODE"},
    POPT_TABLEEND,
};

/* Whether the mode is one; it is a byte on the wire. */
static bool read_boot_mode(const char *text, uint8_t *mode)
{
    if (strcmp(text, "normal") == 0 || strcmp(text, "recovery") == 0) {
        *mode = *text == 'n' ? SMP_OS_BOOT_NORMAL : SMP_OS_BOOT_RECOVERY;
        return true;
    }
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    *mode = (uint8_t)number;
    return *text >= '0' && *text <= '9' && *end == '\0' && number <= UINT8_MAX;
}

int cmd_reset(struct smpctl *ctl)
{
    struct smp_os_reset_req req = {
        .size = sizeof req,
        .has_force = reset_force,
        .force = reset_force,
        .has_boot_mode = reset_boot_mode != NULL,
    };
    if (reset_boot_mode && !read_boot_mode(reset_boot_mode, &req.boot_mode)) {
        return fail(ctl, STATUS_USAGE, "--boot-mode %s: use normal, recovery or 0 to 255",
                    reset_boot_mode);
    }
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_os_reset(ctl->session, &req, device_done, ctl, &id);
    status = device_finish(ctl, error, id, NULL);
    if (status == STATUS_DONE && ctl->options.console) {
        keeper_follow(ctl);
    }
    return status;
}

/* ---- tasks and memory pools, in the Go tool's columns ---- */

static void put_column(int width, bool has, int64_t number)
{
    if (has) {
        fprintf(out, " %*" PRId64, width, number);
    } else {
        fprintf(out, " %*s", width, "-");
    }
}

/* Right-aligned by bytes, as printf does. */
static void put_name(int width, struct smp_str name)
{
    for (int i = (int)(name.len < 64 ? name.len : 64); i < width; i++) {
        putc(' ', out);
    }
    put_text(out, name);
}

static void print_tasks(const struct smp_result *result)
{
    const struct smp_os_task_stats_rsp *rsp = result->rsp;
    fprintf(out, "  %8s %3s %3s %8s %8s %8s %8s %8s %8s\n", "task", "pri", "tid", "runtime", "csw",
            "stksz", "stkuse", "last_checkin", "next_checkin");
    for (size_t i = 0; i < rsp->n_tasks; i++) {
        const struct smp_os_task *t = rsp->tasks[i];
        fprintf(out, "  ");
        put_name(8, t->name);
        put_column(3, t->has_priority, t->priority);
        put_column(3, t->has_id, (int64_t)t->id);
        put_column(8, t->has_runtime, (int64_t)t->runtime);
        put_column(8, t->has_switches, (int64_t)t->switches);
        put_column(8, t->has_stack_size, (int64_t)t->stack_size);
        put_column(8, t->has_stack_used, (int64_t)t->stack_used);
        put_column(8, t->has_last_checkin, (int64_t)t->last_checkin);
        put_column(8, t->has_next_checkin, (int64_t)t->next_checkin);
        putc('\n', out);
    }
}

static void print_pools(const struct smp_result *result)
{
    const struct smp_os_memory_pools_rsp *rsp = result->rsp;
    fprintf(out, "%32s %5s %4s %4s %4s\n", "name", "blksz", "cnt", "free", "min");
    for (size_t i = 0; i < rsp->n_pools; i++) {
        const struct smp_os_memory_pool *p = rsp->pools[i];
        put_name(32, p->name);
        put_column(5, true, p->has_block_size ? (int64_t)p->block_size : 1);
        put_column(4, p->has_blocks, (int64_t)p->blocks);
        put_column(4, p->has_free_blocks, (int64_t)p->free_blocks);
        put_column(4, p->has_min_free, (int64_t)p->min_free);
        putc('\n', out);
    }
}

/* ---- commands without arguments ---- */

static void print_params(const struct smp_result *result)
{
    const struct smp_os_params_rsp *rsp = result->rsp;
    fprintf(out, "buf_size: %" PRIu32 "\nbuf_count: %" PRIu32 "\n", rsp->buf_size, rsp->buf_count);
}

int cmd_taskstat(struct smpctl *ctl)
{
    return device_ask(ctl, smp_os_task_stats, print_tasks);
}

int cmd_mpstat(struct smpctl *ctl)
{
    return device_ask(ctl, smp_os_memory_pools, print_pools);
}

int cmd_params(struct smpctl *ctl)
{
    return device_ask(ctl, smp_os_params, print_params);
}

/* ---- date and time ---- */

static void print_datetime(const struct smp_result *result)
{
    const struct smp_os_datetime *rsp = result->rsp;
    fprintf(out, "Datetime(RFC 3339 format): ");
    put_line(rsp->datetime);
}

int cmd_datetime(struct smpctl *ctl)
{
    char value[DATETIME_SIZE];
    if (ctl->n_args == 0) {
        return device_ask(ctl, smp_os_datetime_read, print_datetime);
    }
    if (!datetime_read(ctl->args[0], value)) {
        return fail(ctl, STATUS_USAGE, "`%s` is not a time; use `now` or as 2026-03-02T22:44:00",
                    ctl->args[0]);
    }
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_os_datetime req = {.size = sizeof req, .datetime = str_of(value)};
    smp_id id = 0;
    int error = smp_os_datetime_write(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

/* ---- what the device is ---- */

static void print_info(const struct smp_result *result)
{
    const struct smp_os_info_rsp *rsp = result->rsp;
    put_line(rsp->output);
}

int cmd_info(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    struct smp_os_info_req req = {.size = sizeof req, .has_format = ctl->n_args > 0};
    req.format = req.has_format ? str_of(ctl->args[0]) : req.format;
    smp_id id = 0;
    int error = smp_os_info(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_info);
}

static const char *mode_name(int64_t mode)
{
    static const char *const names[] = {
        "single slot",       "swap using scratch",        "overwrite",
        "swap using move",   "direct XIP without revert", "direct XIP with revert",
        "RAM load",          "firmware loader",           "single slot RAM load",
        "swap using offset",
    };
    return mode >= 0 && mode < (int64_t)(sizeof names / sizeof *names) ? names[mode] : "unknown";
}

static void print_bootloader(const struct smp_result *result)
{
    const struct smp_os_bootloader_rsp *rsp = result->rsp;
    if (rsp->has_bootloader) {
        fprintf(out, "bootloader: ");
        put_line(rsp->bootloader);
    }
    if (rsp->has_mode) {
        fprintf(out, "mode: %s (%" PRId64 ")\n", mode_name(rsp->mode), rsp->mode);
    }
    if (rsp->has_no_downgrade) {
        fprintf(out, "no-downgrade: %s\n", rsp->no_downgrade ? "true" : "false");
    }
    if (rsp->has_active) {
        fprintf(out, "active: %" PRId64 "\n", rsp->active);
    }
}

int cmd_bootloader(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    struct smp_os_bootloader_req req = {.size = sizeof req, .has_query = ctl->n_args > 0};
    req.query = req.has_query ? str_of(ctl->args[0]) : req.query;
    smp_id id = 0;
    int error = smp_os_bootloader(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_bootloader);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* log show, list, module_list, level_list, clear: Mynewt's logs, as the Go tool prints them. */
#include "commands.h"
#include "device.h"
#include "log_entry.h"
#include "output.h"
#include "sorted.h"

#include <smp/log.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---- */

static void print_logs(const struct smp_result *result)
{
    const struct smp_log_list_rsp *rsp = result->rsp;
    size_t *order = sorted_texts(rsp->logs, rsp->n_logs);
    fputs("available logs:\n", out);
    for (size_t i = 0; i < rsp->n_logs; i++) {
        fputs("    ", out);
        put_text(out, rsp->logs[order ? order[i] : i]);
        putc('\n', out);
    }
    free(order);
}

int cmd_log_list(struct smpctl *ctl)
{
    return device_ask(ctl, smp_log_list, print_logs);
}

static struct smp_str number_name(const void *record)
{
    const struct smp_log_number *number = record;
    return number->name;
}

static void print_modules(const struct smp_result *result)
{
    const struct smp_log_module_list_rsp *rsp = result->rsp;
    const void *const *records = (const void *const *)rsp->modules;
    size_t *order = sorted_records(records, rsp->n_modules, number_name);
    fputs("available modules:\n", out);
    for (size_t i = 0; i < rsp->n_modules; i++) {
        const struct smp_log_number *module = rsp->modules[order ? order[i] : i];
        fputs("    ", out);
        put_text(out, module->name);
        fprintf(out, " (%" PRIu64 ")\n", module->number);
    }
    free(order);
}

int cmd_log_module_list(struct smpctl *ctl)
{
    return device_ask(ctl, smp_log_module_list, print_modules);
}

static int compare_levels(const void *left, const void *right)
{
    const struct smp_log_number *a = *(const struct smp_log_number *const *)left;
    const struct smp_log_number *b = *(const struct smp_log_number *const *)right;
    return (a->number > b->number) - (a->number < b->number);
}

static void print_levels(const struct smp_result *result)
{
    const struct smp_log_level_list_rsp *rsp = result->rsp;
    size_t size = rsp->n_levels * sizeof *rsp->levels;
    const struct smp_log_number **levels = malloc(size ? size : 1);
    fputs("available levels:\n", out);
    if (levels && size) {
        memcpy(levels, rsp->levels, size);
        qsort(levels, rsp->n_levels, sizeof *levels, compare_levels);
    }
    for (size_t i = 0; levels && size && i < rsp->n_levels; i++) {
        fprintf(out, "    %" PRIu64 ": ", levels[i]->number);
        put_text(out, levels[i]->name);
        putc('\n', out);
    }
    free(levels);
}

int cmd_log_level_list(struct smpctl *ctl)
{
    return device_ask(ctl, smp_log_level_list, print_levels);
}

static void print_done(const struct smp_result *result)
{
    (void)result;
    fputs("done\n", out);
}

int cmd_log_clear(struct smpctl *ctl)
{
    return device_ask(ctl, smp_log_clear, print_done);
}

/* ---- entries ---- */

static int opt_all;

struct poptOption log_show_options[] = {
    {"all", 'a', POPT_ARG_NONE, &opt_all, 0, "Go on until the end of the log", NULL},
    POPT_TABLEEND,
};

static int read_request(struct smpctl *ctl, struct smp_log_show_req *req)
{
    char *end;
    *req = (struct smp_log_show_req){.size = sizeof *req};
    /* The Go tool sends all three, empty or not. */
    req->has_log_name = req->has_index = req->has_ts = true;
    req->log_name = str_of(ctl->n_args > 0 ? ctl->args[0] : "");
    if (ctl->n_args > 1 && strcmp(ctl->args[1], "last") == 0) {
        req->ts = -1;
        return ctl->n_args == 2
                   ? STATUS_DONE
                   : fail(ctl, STATUS_USAGE, "`last` is one entry: leave out the time");
    }
    errno = 0;
    if (ctl->n_args > 1) {
        req->index = strtoull(ctl->args[1], &end, 0);
        if (*end || end == ctl->args[1] || *ctl->args[1] == '-' || errno ||
            req->index > UINT32_MAX) {
            return fail(ctl, STATUS_USAGE, "`%s` is no entry's index, nor `last`", ctl->args[1]);
        }
    }
    if (ctl->n_args > 2) {
        req->ts = strtoll(ctl->args[2], &end, 0);
        if (*end || end == ctl->args[2] || errno) {
            return fail(ctl, STATUS_USAGE, "`%s` is no time stamp", ctl->args[2]);
        }
    }
    return STATUS_DONE;
}

/* `rc` 1 beside entries is no refusal: there are more. */
static bool has_more(const struct smp_result *result)
{
    const struct smp_log_show_rsp *rsp = result->rsp;
    return result->error == SMP_ERR_DEVICE && !result->from_group && result->rc == 1 && rsp &&
           rsp->n_logs > 0;
}

/* Where to go on; false: no entry came. */
static bool next_index(const struct smp_log_show_rsp *rsp, uint64_t *index)
{
    const struct smp_log *log = rsp->n_logs ? rsp->logs[rsp->n_logs - 1] : NULL;
    if (!log || log->n_entries == 0) {
        return false;
    }
    uint64_t next = log->entries[log->n_entries - 1]->index + 1;
    bool moved = next > *index;
    *index = next;
    return moved;
}

/* One request and what it brought.  more: ask again from req->index. */
static int show_once(struct smpctl *ctl, struct smp_log_show_req *req, bool first, bool *more)
{
    smp_id id = 0;
    int status = STATUS_LINK;
    int error = smp_log_show(ctl->session, req, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    *more = has_more(result);
    if (result->error && !*more) {
        return fail_result(ctl, result);
    }
    const struct smp_log_show_rsp *rsp = result->rsp;
    if (ctl->options.json) {
        put_result(ctl, log_json(result, *more));
    } else {
        if (!opt_all) {
            fprintf(out, "Status: %d\nNext index: %" PRIu64 "\n", *more, rsp->next_index);
        }
        log_put(rsp, first);
    }
    *more = *more && next_index(rsp, &req->index);
    return STATUS_DONE;
}

int cmd_log_show(struct smpctl *ctl)
{
    struct smp_log_show_req req;
    int status = read_request(ctl, &req);
    if (status == STATUS_DONE && opt_all && req.log_name.len == 0) {
        return fail(ctl, STATUS_USAGE, "-a needs the name of one log");
    }
    status = status == STATUS_DONE ? device_open(ctl, NULL) : status;
    bool more = true;
    for (bool first = true; status == STATUS_DONE && more; first = false) {
        status = show_once(ctl, &req, first, &more);
        more = more && opt_all;
    }
    return status;
}

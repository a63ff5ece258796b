/* SPDX-License-Identifier: Apache-2.0 */
/* stat NAME, stat list: statistics, as the Go tool prints them. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "sorted.h"

#include <smp/stat.h>

#include <inttypes.h>
#include <stdlib.h>

static void print_list(const struct smp_result *result)
{
    const struct smp_stat_list_rsp *rsp = result->rsp;
    size_t *order = sorted_texts(rsp->names, rsp->n_names);
    fputs(rsp->n_names ? "stat groups:\n" : "stat groups: none\n", out);
    for (size_t i = 0; i < rsp->n_names; i++) {
        fputs("    ", out);
        put_text(out, rsp->names[order ? order[i] : i]);
        putc('\n', out);
    }
    free(order);
}

int cmd_stat_list(struct smpctl *ctl)
{
    return device_ask(ctl, smp_stat_list, print_list);
}

static struct smp_str counter_name(const void *element)
{
    const struct smp_stat_counter *counter = element;
    return counter->name;
}

static void print_counters(const struct smp_result *result)
{
    const struct smp_stat_read_rsp *rsp = result->rsp;
    size_t *order = sorted_records((const void *const *)rsp->fields, rsp->n_fields, counter_name);
    fputs("stat group: ", out);
    put_text(out, rsp->name);
    fputs(rsp->n_fields ? "\n" : "\n    (empty)\n", out);
    for (size_t i = 0; i < rsp->n_fields; i++) {
        const struct smp_stat_counter *counter = rsp->fields[order ? order[i] : i];
        fprintf(out, "%10" PRIu64 " ", counter->value);
        put_text(out, counter->name);
        putc('\n', out);
    }
    free(order);
}

int cmd_stat(struct smpctl *ctl)
{
    ctl->hint = "some old devices (SMP v1) answer the name of a section they do not have with a "
                "packet that no request matches: check the name with `stat list`";
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_stat_read_req req = {.size = sizeof req, .name = str_of(ctl->args[0])};
    smp_id id = 0;
    int error = smp_stat_read(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (result && result->error == SMP_ERR_DEVICE && result->from_group &&
        result->group != SMP_GROUP_STAT) {
        note(ctl, "the code is of another group: Zephyr 3.4 answers so when it has no section of "
                  "that name, see `stat list`");
    }
    return result ? device_report(ctl, result, print_counters) : status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* enum count, list, info: which groups the device has. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "tables.h"

#include <smp/enum.h>

#include <inttypes.h>

#define MOST_GROUPS 64 /* in one request */

static void print_count(const struct smp_result *result)
{
    const struct smp_enum_count_rsp *rsp = result->rsp;
    fprintf(out, "%" PRIu32 "\n", rsp->count);
}

int cmd_enum_count(struct smpctl *ctl)
{
    return device_ask(ctl, smp_enum_count, print_count);
}

/* The device tells numbers; the names are those known here. */
static void print_list(struct smpctl *ctl, const struct smp_enum_list_rsp *rsp)
{
    for (size_t i = 0; i < rsp->n_groups; i++) {
        const struct smp_group *group = smp_group_find(ctl->loop, rsp->groups[i]);
        fprintf(out, "%5u %s\n", rsp->groups[i],
                group ? smp_group_name(group) : "(not known here)");
    }
}

int cmd_enum_list(struct smpctl *ctl)
{
    smp_id id = 0;
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    int error = smp_enum_list(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    if (ctl->options.json) {
        return device_report(ctl, result, NULL);
    }
    print_list(ctl, result->rsp);
    return STATUS_DONE;
}

static void print_details(const struct smp_result *result)
{
    const struct smp_enum_details_rsp *rsp = result->rsp;
    for (size_t i = 0; i < rsp->n_groups; i++) {
        const struct smp_enum_group *group = rsp->groups[i];
        fprintf(out, "%5u", group->group);
        if (group->has_name) {
            putc(' ', out);
            put_text(out, group->name);
        }
        if (group->has_handlers) {
            fprintf(out, ", %" PRIu32 " commands", group->handlers);
        }
        putc('\n', out);
    }
}

int cmd_enum_info(struct smpctl *ctl)
{
    uint16_t groups[MOST_GROUPS];
    if (ctl->n_args > MOST_GROUPS) {
        return fail(ctl, STATUS_USAGE, "at most %d groups at once", MOST_GROUPS);
    }
    int status = device_open(ctl, NULL);
    for (int i = 0; status == STATUS_DONE && i < ctl->n_args; i++) {
        status = tables_group_number(ctl, ctl->args[i], &groups[i]);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_enum_details_req req = {
        .size = sizeof req, .n_groups = (size_t)ctl->n_args, .groups = groups};
    smp_id id = 0;
    int error = smp_enum_details(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, print_details);
}

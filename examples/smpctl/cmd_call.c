/* SPDX-License-Identifier: Apache-2.0 */
/* call: any command that a table describes, the library's or a description file's. */
#include "commands.h"
#include "device.h"
#include "fieldvalue.h"
#include "json.h"
#include "output.h"
#include "show.h"
#include "tables.h"

#include <stdlib.h>

static char *opt_op;

struct poptOption call_options[] = {
    {"op", 'o', POPT_ARG_STRING, &opt_op, 0, "read or write, where a number may mean both", "OP"},
    POPT_TABLEEND,
};

static int find(struct smpctl *ctl, const struct smp_command **command)
{
    const struct smp_group *group = NULL;
    int op;
    int status = tables_op(ctl, opt_op, &op);
    status = status == STATUS_DONE ? tables_group(ctl, ctl->args[0], &group) : status;
    return status == STATUS_DONE ? tables_command(ctl, group, ctl->args[1], op, command) : status;
}

/* Without fields of its own an answer is "Done". */
static int show(struct smpctl *ctl, const struct smp_result *result)
{
    json_t *json = result->rsp ? json_record(result->message, result->rsp) : json_object();
    if (ctl->options.json) {
        return put_result(ctl, json);
    }
    if (json_object_size(json) == 0) {
        fputs("Done\n", out);
    }
    show_json(json);
    json_decref(json);
    return STATUS_DONE;
}

static int ask(struct smpctl *ctl, struct cbor *cbor)
{
    const struct smp_command *command = NULL;
    int status = device_open(ctl, NULL);
    status = status == STATUS_DONE ? find(ctl, &command) : status;
    if (status == STATUS_DONE) {
        status = fieldvalue_payload(ctl, smp_command_request(command), ctl->args + 2,
                                    ctl->n_args - 2, cbor);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error =
        smp_session_request(ctl->session, smp_command_group(command), smp_command_id(command),
                            smp_command_op(command), cbor->data, cbor->len, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    return result ? show(ctl, result) : status;
}

int cmd_call(struct smpctl *ctl)
{
    struct cbor *cbor = calloc(1, sizeof *cbor); /* too large for a stack */
    if (!cbor) {
        return fail_error(ctl, SMP_ERR_NO_MEMORY);
    }
    int status = ask(ctl, cbor);
    free(cbor);
    return status;
}

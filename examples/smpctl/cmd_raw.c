/* SPDX-License-Identifier: Apache-2.0 */
/* raw: any payload to any group and command. */
#include "cbor_write.h"
#include "cbor_read.h"
#include "commands.h"
#include "device.h"
#include "hex.h"
#include "json.h"
#include "output.h"
#include "show.h"
#include "tables.h"

#include <stdlib.h>
#include <string.h>

static char *opt_group;
static int opt_id = -1;
static char *opt_op;
static char *opt_cbor;
static char *opt_text;

struct poptOption raw_options[] = {
    {"group", 'g', POPT_ARG_STRING, &opt_group, 0, "Group, by number or name", "GROUP"},
    {"id", 'i', POPT_ARG_INT, &opt_id, 0, "Command's number", "N"},
    {"op", 'o', POPT_ARG_STRING, &opt_op, 0, "read (usual) or write", "OP"},
    {"cbor", 0, POPT_ARG_STRING, &opt_cbor, 0, "Payload in hexadecimal; without it {}", "HEX"},
    {"json", 0, POPT_ARG_STRING, &opt_text, 0,
     "Payload as JSON; for an answer in JSON give -j, or --json before `raw`", "TEXT"},
    POPT_TABLEEND,
};

static int payload_json(struct smpctl *ctl, struct cbor *cbor)
{
    json_error_t error;
    json_t *json = json_loads(opt_text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        return fail(ctl, STATUS_USAGE, "--json: line %d, column %d: %s", error.line, error.column,
                    error.text);
    }
    const char *wrong = cbor_json(cbor, json);
    json_decref(json);
    return wrong ? fail(ctl, STATUS_USAGE, "--json: %s", wrong) : STATUS_DONE;
}

static int read_payload(struct smpctl *ctl, struct cbor *cbor)
{
    if (opt_cbor && opt_text) {
        return fail(ctl, STATUS_USAGE, "give the payload once: --cbor or --json");
    }
    if (opt_text) {
        return payload_json(ctl, cbor);
    }
    if (!opt_cbor) {
        cbor_map(cbor, 0);
    } else if (!hex_read(opt_cbor, cbor->data, sizeof cbor->data, &cbor->len)) {
        return fail(ctl, STATUS_USAGE,
                    "--cbor: not in hexadecimal, two digits a byte, or too long");
    }
    return STATUS_DONE;
}

/* The answer as JSON; NULL when it is not CBOR, as groups of 64 and up may have it. */
static json_t *answer_json(const struct smp_result *result)
{
    size_t used;
    json_t *json = cbor_to_json(result->payload.data, result->payload.len, &used);
    if (json && used != result->payload.len) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

static int show(struct smpctl *ctl, const struct smp_result *result)
{
    json_t *json = answer_json(result);
    if (ctl->options.json) {
        return put_result(ctl, json_pack("{s:o, s:o}", "cbor",
                                         json_hex(result->payload.data, result->payload.len),
                                         "json", json ? json : json_null()));
    }
    if (json) {
        show_json(json);
        json_decref(json);
    } else {
        fputs("h'", out);
        put_hex(out, result->payload.data, result->payload.len);
        fputs("'\n", out);
    }
    return STATUS_DONE;
}

static int ask(struct smpctl *ctl, const struct cbor *cbor)
{
    uint16_t group;
    int op;
    int status = device_open(ctl, NULL);
    status = status == STATUS_DONE ? tables_group_number(ctl, opt_group, &group) : status;
    status = status == STATUS_DONE ? tables_op(ctl, opt_op ? opt_op : "read", &op) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = smp_session_request(ctl->session, group, (uint8_t)opt_id, (uint8_t)op, cbor->data,
                                    cbor->len, device_done, ctl, &id);
    const struct smp_result *result = device_await(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    /* That it does not fit this library's table does not matter here. */
    if (result->error == SMP_ERR_MALFORMED && result->has_answer && result->payload.len) {
        return show(ctl, result);
    }
    return result->error ? fail_result(ctl, result) : show(ctl, result);
}

int cmd_raw(struct smpctl *ctl)
{
    if (!opt_group || opt_id < 0 || opt_id > UINT8_MAX) {
        return fail(ctl, STATUS_USAGE, "%s: see %s raw -h",
                    opt_group ? "--id takes a number from 0 to 255" : "--group is missing",
                    ctl->name);
    }
    struct cbor *cbor = calloc(1, sizeof *cbor); /* too large for a stack */
    if (!cbor) {
        return fail_error(ctl, SMP_ERR_NO_MEMORY);
    }
    int status = read_payload(ctl, cbor);
    status = status == STATUS_DONE ? ask(ctl, cbor) : status;
    free(cbor);
    return status;
}

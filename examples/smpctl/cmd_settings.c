/* SPDX-License-Identifier: Apache-2.0 */
/* settings read, write, delete, commit, load, save. */
#include "commands.h"
#include "device.h"
#include "json.h"
#include "output.h"
#include "settings_value.h"

#include <smp/settings.h>

#include <inttypes.h>

static char *opt_type;
static int opt_save;
static int opt_max;

struct poptOption settings_read_options[] = {
    {"type", 0, POPT_ARG_STRING, &opt_type, 0, "Print only the value, as this type", "TYPE"},
    {"max-size", 0, POPT_ARG_INT, &opt_max, 0, "Ask for at most so many bytes", "BYTES"},
    POPT_TABLEEND,
};
struct poptOption settings_write_options[] = {
    {"type", 0, POPT_ARG_STRING, &opt_type, 0,
     "What VALUE is: int32 (or another size, u for unsigned), bool, str or hex", "TYPE"},
    {"save", 0, POPT_ARG_NONE, &opt_save, 0, "Keep all settings over a restart then", NULL},
    POPT_TABLEEND,
};

static int check_type(struct smpctl *ctl)
{
    if (opt_type && !value_type_known(opt_type)) {
        return fail(ctl, STATUS_USAGE, "--type %s: use %s", opt_type, value_types);
    }
    return STATUS_DONE;
}

/* ---- read ---- */

/* What the bytes may mean, since nobody tells. */
static void print_value(const struct smp_value *value)
{
    struct smp_str text;
    int64_t number;
    if (value->kind != SMP_KIND_BYTES) {
        value_put(out, value);
        putc('\n', out);
        return;
    }
    fputs("hex: ", out);
    put_hex(out, value->as.bytes.data, value->as.bytes.len);
    if (value_is_int(value->as.bytes, &number)) {
        fprintf(out, "\nint: %" PRId64, number);
    }
    if (value_is_text(value->as.bytes, &text)) {
        fputs("\nstr: ", out);
        put_text(out, text);
    }
    putc('\n', out);
}

static json_t *value_json(const struct smp_result *result)
{
    const struct smp_settings_read_rsp *rsp = result->rsp;
    json_t *json = json_record(result->message, rsp);
    struct smp_str text;
    int64_t number;
    bool bytes = rsp->value.kind == SMP_KIND_BYTES;
    json_object_set_new(json, "bytes", json_boolean(bytes));
    if (bytes && value_is_int(rsp->value.as.bytes, &number)) {
        json_object_set_new(json, "int", json_integer(number));
    }
    if (bytes && value_is_text(rsp->value.as.bytes, &text)) {
        json_object_set_new(json, "str", json_text(text));
    }
    return json;
}

static int print_typed(struct smpctl *ctl, const struct smp_value *value)
{
    if (value->kind != SMP_KIND_BYTES) { /* Mynewt's text */
        value_put(out, value);
    } else if (!value_put_typed(out, opt_type, value->as.bytes)) {
        return fail(ctl, STATUS_DEVICE, "the value has %zu bytes, which is no %s",
                    value->as.bytes.len, opt_type);
    }
    putc('\n', out);
    return STATUS_DONE;
}

int cmd_settings_read(struct smpctl *ctl)
{
    int status = check_type(ctl);
    if (opt_max < 0) {
        return fail(ctl, STATUS_USAGE, "--max-size %d: use a number from 1 on", opt_max);
    }
    status = status == STATUS_DONE ? device_open(ctl, NULL) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_settings_read_req req = {
        .size = sizeof req,
        .name = str_of(ctl->args[0]),
        .has_max_size = opt_max > 0,
        .max_size = (uint32_t)opt_max,
    };
    smp_id id = 0;
    int error = smp_settings_read(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    const struct smp_settings_read_rsp *rsp = result->rsp;
    if (ctl->options.json) {
        return put_result(ctl, value_json(result));
    }
    if (opt_type) {
        return print_typed(ctl, &rsp->value);
    }
    print_value(&rsp->value);
    return STATUS_DONE;
}

/* ---- write ---- */

static int save(struct smpctl *ctl)
{
    smp_id id = 0;
    int error = smp_settings_save(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

int cmd_settings_write(struct smpctl *ctl)
{
    uint8_t data[VALUE_MAX];
    size_t len;
    if (!opt_type) {
        return fail(ctl, STATUS_USAGE, "settings have no types: say what `%s` is with --type %s",
                    ctl->args[1], value_types);
    }
    int status = check_type(ctl);
    status = status == STATUS_DONE ? value_read(ctl, opt_type, ctl->args[1], data, &len) : status;
    status = status == STATUS_DONE ? device_open(ctl, NULL) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_settings_write_req req = {
        .size = sizeof req,
        .name = str_of(ctl->args[0]),
        .value = {.kind = SMP_KIND_BYTES, .as.bytes = {data, len}},
    };
    smp_id id = 0;
    int error = smp_settings_write(ctl->session, &req, device_done, ctl, &id);
    if (!opt_save) {
        return device_finish(ctl, error, id, NULL);
    }
    return device_wait(ctl, error, id, &status) ? save(ctl) : status;
}

/* ---- the rest ---- */

int cmd_settings_delete(struct smpctl *ctl)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    const struct smp_settings_delete_req req = {.size = sizeof req, .name = str_of(ctl->args[0])};
    smp_id id = 0;
    int error = smp_settings_delete(ctl->session, &req, device_done, ctl, &id);
    return device_finish(ctl, error, id, NULL);
}

int cmd_settings_commit(struct smpctl *ctl)
{
    return device_ask(ctl, smp_settings_commit, NULL);
}

int cmd_settings_load(struct smpctl *ctl)
{
    return device_ask(ctl, smp_settings_load, NULL);
}

int cmd_settings_save(struct smpctl *ctl)
{
    return device_ask(ctl, smp_settings_save, NULL);
}

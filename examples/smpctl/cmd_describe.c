/* SPDX-License-Identifier: Apache-2.0 */
/* describe: the tables, as text and JSON. */
#include "commands.h"
#include "device.h"
#include "json.h"
#include "output.h"
#include "tables.h"

#include <string.h>

#define DEPTH_MAX 8

/* ---- text ---- */

static void put_fields(const struct smp_message *message, const char *mark, int depth);

static void put_field(const struct smp_field *field, const char *mark, int depth)
{
    const struct smp_message *inside = smp_field_message(field);
    const char *key = smp_field_key(field);
    char type[32];
    fprintf(out, "    %s%*s %-*s %s%s\n", mark, 2 * depth, "", 18 - 2 * depth,
            *key ? key : "(any key)", tables_type(field, type, sizeof type),
            smp_field_optional(field) ? ", optional" : "");
    if (inside && depth < DEPTH_MAX) {
        put_fields(inside, mark, depth + 1);
    }
}

static void put_fields(const struct smp_message *message, const char *mark, int depth)
{
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        if (*smp_field_key(field) || smp_field_kind(field) == SMP_KIND_MAP) {
            put_field(field, mark, depth);
        } /* else it is a map's key, or its value */
    }
}

static void put_command(const struct smp_command *command)
{
    const char *needs = smp_command_enable(command);
    fprintf(out, "\n  %s (%s %u)%s%s\n", smp_command_name(command),
            smp_command_op(command) == SMP_OP_READ ? "read" : "write", smp_command_id(command),
            needs ? ", needs " : "", needs ? needs : "");
    put_fields(smp_command_request(command), ">", 0);
    put_fields(smp_command_response(command), "<", 0);
}

static void put_codes(const struct smp_group *group)
{
    bool titled = false;
    for (int64_t rc = 0; rc <= UINT16_MAX; rc++) {
        const struct smp_code *code = smp_group_code(group, rc);
        if (code) {
            fputs(titled ? "" : "\n  codes\n", out);
            fprintf(out, "    %5d %s: %s\n", (int)rc, code->name, code->text);
            titled = true;
        }
    }
}

static void put_group(const struct smp_group *group, const struct smp_command *only)
{
    const struct smp_command *command;
    fprintf(out, "group %u, %s\n", smp_group_number(group), smp_group_name(group));
    for (size_t i = 0; (command = smp_group_command(group, i)); i++) {
        if (!only || only == command) {
            put_command(command);
        }
    }
    if (!only) {
        put_codes(group);
    }
}

static void put_summary(const struct smp_loop *loop)
{
    const struct smp_group *group = NULL;
    const struct smp_command *command;
    while ((group = smp_group_next(loop, group))) {
        fprintf(out, "%5u %-16s", smp_group_number(group), smp_group_name(group));
        for (size_t i = 0; (command = smp_group_command(group, i)); i++) {
            fprintf(out, "%s %s", i ? "," : "", smp_command_name(command));
        }
        putc('\n', out);
    }
}

/* ---- JSON ---- */

static json_t *fields_json(const struct smp_message *message, int depth)
{
    json_t *list = json_array();
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        const struct smp_message *inside = smp_field_message(field);
        char type[32];
        if (!*smp_field_key(field) && smp_field_kind(field) != SMP_KIND_MAP) {
            continue;
        }
        json_t *json = json_pack("{s:s, s:s, s:b}", "key", smp_field_key(field), "type",
                                 tables_type(field, type, sizeof type), "optional",
                                 (int)smp_field_optional(field));
        json_t *fields = inside && depth < DEPTH_MAX ? fields_json(inside, depth + 1) : NULL;
        if (json_array_size(fields) > 0) { /* a map of scalars has none */
            json_object_set(json, "fields", fields);
        }
        json_decref(fields);
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *command_json(const struct smp_command *command)
{
    const char *needs = smp_command_enable(command);
    json_t *json = json_pack("{s:s, s:i, s:s, s:b, s:o, s:o}", "name", smp_command_name(command),
                             "id", (int)smp_command_id(command), "op",
                             smp_command_op(command) == SMP_OP_READ ? "read" : "write",
                             "idempotent", (int)smp_command_idempotent(command), "request",
                             fields_json(smp_command_request(command), 0), "response",
                             fields_json(smp_command_response(command), 0));
    if (needs) {
        json_object_set_new(json, "needs", json_string(needs));
    }
    return json;
}

static json_t *codes_json(const struct smp_group *group)
{
    json_t *list = json_array();
    for (int64_t rc = 0; rc <= UINT16_MAX; rc++) {
        const struct smp_code *code = smp_group_code(group, rc);
        if (!code) {
            continue;
        }
        json_t *json = json_pack("{s:I, s:s, s:s}", "rc", (json_int_t)rc, "name", code->name,
                                 "text", code->text);
        if (code->hint) {
            json_object_set_new(json, "hint", json_string(code->hint));
        }
        json_array_append_new(list, json);
    }
    return list;
}

static json_t *group_json(const struct smp_group *group, const struct smp_command *only)
{
    const struct smp_command *command;
    json_t *commands_list = json_array();
    for (size_t i = 0; (command = smp_group_command(group, i)); i++) {
        if (!only || only == command) {
            json_array_append_new(commands_list, command_json(command));
        }
    }
    return json_pack("{s:i, s:s, s:o, s:o}", "id", (int)smp_group_number(group), "name",
                     smp_group_name(group), "commands", commands_list, "codes", codes_json(group));
}

static int print_json(struct smpctl *ctl, const struct smp_group *only,
                      const struct smp_command *command)
{
    json_t *groups = json_array();
    const struct smp_group *group = NULL;
    while ((group = smp_group_next(ctl->loop, group))) {
        if (!only || only == group) {
            json_array_append_new(groups, group_json(group, command));
        }
    }
    return put_result(ctl, json_pack("{s:o}", "groups", groups));
}

int cmd_describe(struct smpctl *ctl)
{
    const struct smp_group *group = NULL;
    const struct smp_command *command = NULL;
    int status = device_loop(ctl);
    if (status == STATUS_DONE && ctl->n_args > 0) {
        status = tables_group(ctl, ctl->args[0], &group);
    }
    if (status == STATUS_DONE && ctl->n_args > 1) {
        status = tables_command(ctl, group, ctl->args[1], -1, &command);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    if (ctl->options.json) {
        return print_json(ctl, group, command);
    }
    if (group) {
        put_group(group, command);
    } else {
        put_summary(ctl->loop);
    }
    return STATUS_DONE;
}

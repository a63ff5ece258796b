/* SPDX-License-Identifier: Apache-2.0 */
/* conn add, show, delete: saved connections. */
#include "address.h"
#include "commands.h"
#include "connection.h"
#include "output.h"

#include <string.h>

/*
 * Copies a value that must fit and must not be empty.  Zephyr's documentation prints the quotes
 * around it with backslashes, so that they get here.
 */
static int set(struct smpctl *ctl, const char *assignment, char *copy, size_t size)
{
    const char *value = strchr(assignment, '=') + 1;
    size_t len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len == 0 || len >= size) {
        return fail(ctl, STATUS_USAGE, "`%s`: the value is %s", assignment,
                    len > 0 ? "too long" : "missing");
    }
    memcpy(copy, value, len);
    copy[len] = '\0';
    return STATUS_DONE;
}

static int read_assignment(struct smpctl *ctl, const char *text, struct connection *connection)
{
    if (strncmp(text, "type=", 5) == 0) {
        int status = set(ctl, text, connection->type, sizeof connection->type);
        return status == STATUS_DONE ? address_check_type(ctl, connection->type) : status;
    }
    if (strncmp(text, "connstring=", 11) == 0) {
        return set(ctl, text, connection->connstring, sizeof connection->connstring);
    }
    return fail(ctl, STATUS_USAGE, "`%s` is not known; use type=udp connstring=HOST:PORT", text);
}

int cmd_conn_add(struct smpctl *ctl)
{
    struct connection connection = {.type = "udp"};
    const char *name = ctl->args[0];
    if (!*name) {
        return fail(ctl, STATUS_USAGE, "the name is empty");
    }
    for (int i = 1; i < ctl->n_args; i++) {
        int status = read_assignment(ctl, ctl->args[i], &connection);
        if (status != STATUS_DONE) {
            return status;
        }
    }
    if (!*connection.connstring) {
        return fail(ctl, STATUS_USAGE, "connstring=HOST:PORT is missing");
    }
    int status = connection_save(ctl, name, &connection);
    if (status != STATUS_DONE) {
        return status;
    }
    if (ctl->options.json) {
        return put_result(ctl, json_pack("{s:{s:s, s:s}}", name, "type", connection.type,
                                         "connstring", connection.connstring));
    }
    fprintf(out, "Connection profile %s successfully added\n", name);
    return STATUS_DONE;
}

static int print_all(struct smpctl *ctl, json_t *all)
{
    const char *name;
    json_t *entry;
    if (json_object_size(all) == 0) {
        fputs("No connection profiles found!\n", out);
        return STATUS_DONE;
    }
    fputs("Connection profiles: \n", out);
    json_object_foreach(all, name, entry)
    {
        const char *type = json_string_value(json_object_get(entry, "type"));
        const char *connstring = json_string_value(json_object_get(entry, "connstring"));
        fprintf(out, "  %s: type=%s, connstring='%s'\n", name, type ? type : "",
                connstring ? connstring : "");
    }
    (void)ctl;
    return STATUS_DONE;
}

int cmd_conn_show(struct smpctl *ctl)
{
    int status = STATUS_FILE;
    json_t *all = connection_all(ctl, &status);
    if (!all) {
        return status;
    }
    if (ctl->n_args > 0) {
        const char *name = ctl->args[0];
        json_t *entry = json_object_get(all, name);
        if (!entry) {
            json_decref(all);
            return fail(ctl, STATUS_USAGE, "there is no saved connection `%s`", name);
        }
        json_t *one = json_pack("{s:O}", name, entry);
        json_decref(all);
        all = one;
    }
    if (ctl->options.json) {
        return put_result(ctl, all);
    }
    status = print_all(ctl, all);
    json_decref(all);
    return status;
}

int cmd_conn_delete(struct smpctl *ctl)
{
    const char *name = ctl->args[0];
    int status = connection_save(ctl, name, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    if (ctl->options.json) {
        return put_result(ctl, json_object());
    }
    fprintf(out, "Connection profile %s successfully deleted.\n", name);
    return STATUS_DONE;
}

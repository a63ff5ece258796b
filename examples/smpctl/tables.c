/* SPDX-License-Identifier: Apache-2.0 */
#include "tables.h"

#include "output.h"
#include "smpctl.h"

#include <stdlib.h>
#include <string.h>

/* The whole text as a number up to most. */
static bool is_number(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    *number = strtoul(text, &end, 0);
    return *text >= '0' && *text <= '9' && *end == '\0' && *number <= most;
}

static const struct smp_group *find_group(const struct smp_loop *loop, const char *text)
{
    unsigned long number;
    if (is_number(text, UINT16_MAX, &number)) {
        return smp_group_find(loop, (uint16_t)number);
    }
    const struct smp_group *group = smp_group_next(loop, NULL);
    while (group && strcmp(smp_group_name(group), text) != 0) {
        group = smp_group_next(loop, group);
    }
    return group;
}

int tables_group_number(struct smpctl *ctl, const char *text, uint16_t *number)
{
    unsigned long value;
    const struct smp_group *group = find_group(ctl->loop, text);
    if (group) {
        *number = smp_group_number(group);
        return STATUS_DONE;
    }
    if (is_number(text, UINT16_MAX, &value)) {
        *number = (uint16_t)value;
        return STATUS_DONE;
    }
    return fail(ctl, STATUS_USAGE,
                "`%s` is neither a group's number nor a known name; %s describe lists them", text,
                ctl->name);
}

int tables_group(struct smpctl *ctl, const char *text, const struct smp_group **group)
{
    *group = find_group(ctl->loop, text);
    return *group ? STATUS_DONE
                  : fail(ctl, STATUS_USAGE,
                         "no group `%s` is known; %s describe lists them, --groups FILE adds "
                         "your own",
                         text, ctl->name);
}

int tables_command(struct smpctl *ctl, const struct smp_group *group, const char *text, int op,
                   const struct smp_command **command)
{
    const struct smp_command *c;
    size_t found = 0;
    unsigned long number;
    bool by_number = is_number(text, UINT8_MAX, &number);
    for (size_t i = 0; (c = smp_group_command(group, i)); i++) {
        bool is_it =
            by_number ? smp_command_id(c) == number : strcmp(smp_command_name(c), text) == 0;
        if (is_it && (op < 0 || smp_command_op(c) == op)) {
            *command = c;
            found++;
        }
    }
    if (found == 1) {
        return STATUS_DONE;
    }
    return found
               ? fail(ctl, STATUS_USAGE,
                      "command %s of %s reads and writes: say --op read or "
                      "--op write",
                      text, smp_group_name(group))
               : fail(ctl, STATUS_USAGE, "group %s has no command `%s`; %s describe %s lists them",
                      smp_group_name(group), text, ctl->name, smp_group_name(group));
}

int tables_op(struct smpctl *ctl, const char *text, int *op)
{
    if (!text || strcmp(text, "read") == 0 || strcmp(text, "write") == 0) {
        *op = !text ? -1 : *text == 'r' ? SMP_OP_READ : SMP_OP_WRITE;
        return STATUS_DONE;
    }
    return fail(ctl, STATUS_USAGE, "--op %s: use read or write", text);
}

static const char *kind_name(enum smp_kind kind)
{
    static const char *const names[] = {
        [SMP_KIND_BOOL] = "bool",     [SMP_KIND_UINT] = "uint",   [SMP_KIND_INT] = "int",
        [SMP_KIND_STR] = "text",      [SMP_KIND_BYTES] = "bytes", [SMP_KIND_VALUE] = "any",
        [SMP_KIND_RECORD] = "record",
    };
    return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "any";
}

const char *tables_type(const struct smp_field *field, char *text, size_t size)
{
    enum smp_kind kind = smp_field_kind(field);
    enum smp_kind element = smp_field_element_kind(field);
    bool is_number = element == SMP_KIND_UINT || element == SMP_KIND_INT;
    char width[16] = "";
    if (is_number) {
        snprintf(width, sizeof width, "%zu", 8 * smp_field_width(field));
    }
    if (kind == SMP_KIND_MAP) {
        const struct smp_message *entry = smp_field_message(field);
        const struct smp_field *value = smp_message_field(entry, 1);
        bool scalar = smp_message_fields(entry) == 2 && !*smp_field_key(value);
        snprintf(text, size, "map of %s", scalar ? kind_name(smp_field_kind(value)) : "record");
    } else {
        snprintf(text, size, "%s%s%s", kind == SMP_KIND_LIST ? "list of " : "", kind_name(element),
                 width);
    }
    return text;
}

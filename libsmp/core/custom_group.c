/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the program's own: they join the loop's registry as they are made. */
#include "core/custom.h"

#include "codec/fields.h"
#include "codec/registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_LEN = 63, RC_MAX = 65535 };

struct smpi_custom_group {
    struct smp_group table; /* first: what the program holds */
    struct smp_loop *loop;
    struct smpi_custom_group *next;
};

static struct smpi_custom_group *custom_of(struct smp_group *group)
{
    return SMPI_OF(group, struct smpi_custom_group, table);
}

/* ---- what both files need ---- */

int smpi_refuse(struct smp_loop *loop, int error, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    smpi_log(loop, SMP_LOG_ERROR, "%s", text);
    return error;
}

int smpi_custom_open(struct smp_loop *loop)
{
    int error = smpi_loop_enter(loop);
    if (error == SMP_OK && loop->sealed) {
        return smpi_refuse(loop, SMP_ERR_BUSY,
                           "groups and messages are described before the first session or server");
    }
    return error;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool smpi_is_name(const char *name)
{
    size_t len = 0;
    if (name == NULL || !is_letter(name[0])) {
        return false;
    }
    for (; name[len] != '\0' && len <= NAME_MAX_LEN; len++) {
        bool digit = name[len] >= '0' && name[len] <= '9';
        if (!is_letter(name[len]) && !digit && name[len] != '_' && name[len] != '-') {
            return false;
        }
    }
    return len <= NAME_MAX_LEN;
}

/* ---- groups ---- */

static bool is_custom(const struct smp_loop *loop, const struct smp_group *group)
{
    const struct smpi_custom_group *custom = loop->custom_groups;
    while (custom != NULL && &custom->table != group) {
        custom = custom->next;
    }
    return custom != NULL;
}

/* A number taken by the library is a vendor's: that gives way. */
static int check_group(struct smp_loop *loop, uint16_t id, const char *name)
{
    const struct smpi_registry *registry = &loop->registry;
    if (!smpi_is_name(name)) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "group %u: it needs a name of letters, digits, "
                           "_ and -, a letter first",
                           id);
    }
    if (id < SMP_GROUP_USER) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "group %s: numbers below %d are not for applications, %u is", name,
                           SMP_GROUP_USER, id);
    }
    for (size_t i = 0; i < registry->n_groups; i++) {
        const struct smp_group *other = registry->groups[i];
        bool same_id = other->id == id;
        if (same_id ? is_custom(loop, other) : strcmp(other->name, name) == 0) {
            return smpi_refuse(loop, SMP_ERR_EXISTS, "group %s, number %u: there is %s, number %u",
                               name, id, other->name, other->id);
        }
    }
    return SMP_OK;
}

/* A new array of groups, by rising number, without the one that gives way. */
static int join(struct smp_loop *loop, const struct smp_group *group)
{
    struct smpi_registry *registry = &loop->registry;
    const struct smp_group **groups =
        smpi_keep(loop, (registry->n_groups + 1) * sizeof(const struct smp_group *));
    size_t count = 0;
    size_t i = 0;
    if (groups == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    while (i < registry->n_groups && registry->groups[i]->id < group->id) {
        groups[count++] = registry->groups[i++];
    }
    groups[count++] = group;
    for (; i < registry->n_groups; i++) {
        if (registry->groups[i]->id != group->id) {
            groups[count++] = registry->groups[i];
        }
    }
    *registry = (struct smpi_registry){.groups = groups, .n_groups = count};
    return SMP_OK;
}

int smp_group_new(struct smp_loop *loop, uint16_t id, const char *name, struct smp_group **group)
{
    if (loop == NULL || group == NULL) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_custom_open(loop);
    error = error == SMP_OK ? check_group(loop, id, name) : error;
    const char *own_name = smpi_keep_text(loop, name, &error);
    if (error != SMP_OK) {
        return error;
    }
    struct smpi_custom_group *made = smpi_keep(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    *made = (struct smpi_custom_group){
        .table = {.id = id, .name = own_name}, .loop = loop, .next = loop->custom_groups};
    error = join(loop, &made->table);
    if (error == SMP_OK) {
        loop->custom_groups = made;
        *group = &made->table;
    }
    return error;
}

/* ---- commands ---- */

static const struct smp_message nothing = {.name = "smp_empty", .size = sizeof(size_t)};

/* What the decoder takes for the device's verdict, whatever a table says. */
static bool is_verdict(const struct smp_field *field)
{
    bool may_be_map = field->kind == SMP_KIND_RECORD || field->kind == SMP_KIND_MAP ||
                      field->kind == SMP_KIND_VALUE;
    if (strcmp(field->key, "err") == 0 || strcmp(field->key, "ret") == 0) {
        return may_be_map;
    }
    return strcmp(field->key, "rsn") == 0 &&
           (field->kind == SMP_KIND_STR || field->kind == SMP_KIND_VALUE);
}

static int check_message(struct smp_loop *loop, const char *command,
                         const struct smp_message *message, bool is_answer)
{
    if (message == NULL) {
        return SMP_OK;
    }
    if (smpi_is_element(message)) {
        return smpi_refuse(loop, SMP_ERR_INVALID, "command %s: %s is made for entries of a map",
                           command, message->name);
    }
    for (size_t i = 0; is_answer && i < message->n_fields; i++) {
        if (is_verdict(&message->fields[i])) {
            return smpi_refuse(loop, SMP_ERR_INVALID,
                               "command %s: \"%s\" in an answer is how a device refuses", command,
                               message->fields[i].key);
        }
    }
    return SMP_OK;
}

static int check_command(struct smp_loop *loop, const struct smp_group *group,
                         const struct smp_command_spec *spec)
{
    if (!smpi_is_name(spec->name)) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "group %s, command %u: it needs a name of "
                           "letters, digits, _ and -, a letter first",
                           group->name, spec->id);
    }
    if (spec->op != SMP_OP_READ && spec->op != SMP_OP_WRITE) {
        return smpi_refuse(loop, SMP_ERR_INVALID, "command %s: op %u is neither read nor write",
                           spec->name, spec->op);
    }
    for (size_t i = 0; i < group->n_commands; i++) {
        const struct smp_command *other = &group->commands[i];
        bool same = other->id == spec->id && other->op == spec->op;
        if (same || strcmp(other->name, spec->name) == 0) {
            return smpi_refuse(loop, SMP_ERR_EXISTS,
                               "command %s, number %u: there is %s, "
                               "number %u",
                               spec->name, spec->id, other->name, other->id);
        }
    }
    int error = check_message(loop, spec->name, spec->request, false);
    return error == SMP_OK ? check_message(loop, spec->name, spec->response, true) : error;
}

int smp_group_add_command(struct smp_group *group, const struct smp_command_spec *spec)
{
    if (group == NULL || spec == NULL || spec->size < sizeof(*spec)) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = custom_of(group)->loop;
    int error = smpi_custom_open(loop);
    error = error == SMP_OK ? check_command(loop, group, spec) : error;
    const char *name = smpi_keep_text(loop, spec->name, &error);
    const char *enable = smpi_keep_text(loop, spec->enable, &error);
    if (error != SMP_OK) {
        return error;
    }
    struct smp_command *commands =
        smpi_keep_grown(loop, group->commands, group->n_commands, sizeof(*commands));
    if (commands == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    commands[group->n_commands++] = (struct smp_command){
        .name = name,
        .request = spec->request != NULL ? spec->request : &nothing,
        .response = spec->response != NULL ? spec->response : &nothing,
        .group = group->id,
        .id = spec->id,
        .op = spec->op,
        .flags = spec->idempotent ? SMPI_IDEMPOTENT : 0,
        .enable = enable,
    };
    group->commands = commands;
    smpi_message_freeze(loop, spec->request);
    smpi_message_freeze(loop, spec->response);
    return SMP_OK;
}

/* ---- codes ---- */

static int check_code(struct smp_loop *loop, const struct smp_group *group,
                      const struct smp_code *code, int v1)
{
    if (code->rc < 0 || code->rc > RC_MAX || v1 < 0 || v1 > INT16_MAX || code->name == NULL ||
        code->text == NULL) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "group %s, code %d: it needs a number of 0 to %d, a name and a text",
                           group->name, (int)code->rc, RC_MAX);
    }
    if (smp_group_code(group, code->rc) != NULL) {
        return smpi_refuse(loop, SMP_ERR_EXISTS, "group %s, code %d: there is %s", group->name,
                           (int)code->rc, smp_group_code(group, code->rc)->name);
    }
    return SMP_OK;
}

int smp_group_add_code(struct smp_group *group, const struct smp_code *code, int v1)
{
    if (group == NULL || code == NULL || code->size < sizeof(*code)) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = custom_of(group)->loop;
    int error = smpi_custom_open(loop);
    error = error == SMP_OK ? check_code(loop, group, code, v1) : error;
    const struct smp_code own = {
        .size = sizeof(own),
        .rc = code->rc,
        .name = smpi_keep_text(loop, code->name, &error),
        .text = smpi_keep_text(loop, code->text, &error),
        .hint = smpi_keep_text(loop, code->hint, &error),
    };
    if (error != SMP_OK) {
        return error;
    }
    struct smpi_code *codes = smpi_keep_grown(loop, group->codes, group->n_codes, sizeof(*codes));
    if (codes == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    codes[group->n_codes++] = (struct smpi_code){.code = own, .v1 = (int16_t)v1};
    group->codes = codes;
    return SMP_OK;
}

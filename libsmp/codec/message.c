/* SPDX-License-Identifier: Apache-2.0 */
/* The tables as message.h shows them to programs; what needs a loop is in core. */
#include "codec/encode.h"
#include "codec/fields.h"
#include "codec/value.h"

/* ---- groups and commands ---- */

uint16_t smp_group_number(const struct smp_group *group)
{
    return group->id;
}

const char *smp_group_name(const struct smp_group *group)
{
    return group->name;
}

const struct smp_code *smp_group_code(const struct smp_group *group, int64_t rc)
{
    for (size_t i = 0; group && i < group->n_codes; i++)
        if (group->codes[i].code.rc == rc)
            return &group->codes[i].code;
    return NULL;
}

size_t smp_group_commands(const struct smp_group *group)
{
    return group->n_commands;
}

const struct smp_command *smp_group_command(const struct smp_group *group, size_t index)
{
    return index < group->n_commands ? &group->commands[index] : NULL;
}

const char *smp_command_name(const struct smp_command *command)
{
    return command->name;
}

uint16_t smp_command_group(const struct smp_command *command)
{
    return command->group;
}

uint8_t smp_command_id(const struct smp_command *command)
{
    return command->id;
}

uint8_t smp_command_op(const struct smp_command *command)
{
    return command->op;
}

const char *smp_command_enable(const struct smp_command *command)
{
    return command->enable;
}

bool smp_command_idempotent(const struct smp_command *command)
{
    return command->flags & SMPI_IDEMPOTENT;
}

const struct smp_message *smp_command_request(const struct smp_command *command)
{
    return command->request;
}

const struct smp_message *smp_command_response(const struct smp_command *command)
{
    return command->response;
}

/* ---- messages and rows ---- */

const char *smp_message_name(const struct smp_message *message)
{
    return message->name;
}

size_t smp_message_size(const struct smp_message *message)
{
    return message->size;
}

size_t smp_message_fields(const struct smp_message *message)
{
    return message->n_fields;
}

const struct smp_field *smp_message_field(const struct smp_message *message, size_t index)
{
    return index < message->n_fields ? &message->fields[index] : NULL;
}

const struct smp_field *smp_message_find(const struct smp_message *message, const char *key)
{
    for (size_t i = 0; i < message->n_fields; i++)
        if (strcmp(message->fields[i].key, key) == 0)
            return &message->fields[i];
    return NULL;
}

int smp_message_encode(const struct smp_message *message, const void *record, uint8_t *cbor,
                       size_t capacity, size_t *len)
{
    return smpi_encode(message, record, NULL, cbor, capacity, len, NULL);
}

const char *smp_field_key(const struct smp_field *field)
{
    return field->key;
}

enum smp_kind smp_field_kind(const struct smp_field *field)
{
    return field->kind;
}

enum smp_kind smp_field_element_kind(const struct smp_field *field)
{
    return field->kind == SMP_KIND_LIST ? field->element : field->kind;
}

size_t smp_field_offset(const struct smp_field *field)
{
    return field->offset;
}

size_t smp_field_width(const struct smp_field *field)
{
    return field->width;
}

bool smp_field_optional(const struct smp_field *field)
{
    return field->flags & SMPI_OPTIONAL;
}

const struct smp_message *smp_field_message(const struct smp_field *field)
{
    return field->message;
}

/* ---- members ---- */

static bool is_scalar(const struct smp_field *field)
{
    return field->kind >= SMP_KIND_BOOL && field->kind <= SMP_KIND_VALUE;
}

bool smp_field_has(const struct smp_field *field, const void *record)
{
    return smpi_has(field, record);
}

int smp_field_get(const struct smp_field *field, const void *record, struct smp_value *value)
{
    if (!is_scalar(field))
        return SMP_ERR_INVALID;
    if (!smpi_has(field, record))
        return SMP_ERR_NOT_FOUND;
    smpi_value_load(field->kind, field->width, (const uint8_t *)record + field->offset, value);
    return SMP_OK;
}

int smp_field_set(const struct smp_field *field, void *record, const struct smp_value *value)
{
    uint8_t *bytes = record;

    if (!is_scalar(field) || smpi_is_past(record, field->offset, field->width) ||
        !smpi_value_store(field->kind, field->width, bytes + field->offset, value))
        return SMP_ERR_INVALID;
    if (field->has)
        *(bool *)(bytes + field->has) = true;
    return SMP_OK;
}

int smp_field_set_elements(const struct smp_field *field, void *record, const void *elements,
                           size_t count)
{
    uint8_t *bytes = record;
    bool is_record = field->kind == SMP_KIND_RECORD;

    if (is_scalar(field) || (!elements && count > 0) || (is_record && count > 1) ||
        smpi_is_past(record, field->offset, sizeof(void *)) ||
        (!is_record && smpi_is_past(record, field->count, sizeof(size_t))))
        return SMP_ERR_INVALID;
    smpi_store_pointer(bytes + field->offset, count > 0 ? elements : NULL);
    if (!is_record)
        *(size_t *)(void *)(bytes + field->count) = count;
    if (field->has && !smpi_is_past(record, field->has, 1))
        *(bool *)(bytes + field->has) = true;
    return SMP_OK;
}

size_t smp_field_count(const struct smp_field *field, const void *record)
{
    if (is_scalar(field) || !smpi_has(field, record))
        return 0;
    return field->kind == SMP_KIND_RECORD ? 1 : smpi_elements(field, record);
}

const void *smp_field_element(const struct smp_field *field, const void *record, size_t index)
{
    if (index >= smp_field_count(field, record) || field->element != SMP_KIND_RECORD)
        return NULL;
    const uint8_t *member = smpi_load_pointer((const uint8_t *)record + field->offset);
    return field->kind == SMP_KIND_RECORD ? member
                                          : smpi_load_pointer(member + index * sizeof(void *));
}

int smp_field_scalar(const struct smp_field *field, const void *record, size_t index,
                     struct smp_value *value)
{
    if (field->kind != SMP_KIND_LIST || field->element == SMP_KIND_RECORD)
        return SMP_ERR_INVALID;
    if (index >= smp_field_count(field, record))
        return SMP_ERR_NOT_FOUND;
    const uint8_t *array = smpi_load_pointer((const uint8_t *)record + field->offset);
    smpi_value_load(field->element, field->width, array + index * field->width, value);
    return SMP_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What encoder, decoder and reflection ask about table rows, and the table of `err`. */
#ifndef SMPI_CODEC_FIELDS_H
#define SMPI_CODEC_FIELDS_H

#include "codec/table.h"

#include <string.h>

/* `err`, and `ret` of Zephyr 3.4: which group refused, and its code. */
struct smpi_device_error {
    size_t size;
    uint16_t group;
    int64_t rc;
};
extern const struct smp_message smpi_device_error;

/* A row that says nothing about a key in its own map: a key, or a map that is the root. */
static inline bool smpi_is_keyless(const struct smp_field *field)
{
    return field->key_len == 0;
}

/* A map whose elements may stand in the map around it. */
static inline bool smpi_is_flat(const struct smp_field *field)
{
    return field->kind == SMP_KIND_MAP && (smpi_is_keyless(field) || field->flags & SMPI_FLAT);
}

/* The one field that is an element's whole value ({"a": 1}), or NULL when that is a map. */
static inline const struct smp_field *smpi_bare_value(const struct smp_message *element)
{
    return element->n_fields == 2 && smpi_is_keyless(&element->fields[1]) ? &element->fields[1]
                                                                          : NULL;
}

/* Pointer members, whatever they point to. */
static inline const void *smpi_load_pointer(const void *member)
{
    const void *pointer;
    memcpy(&pointer, member, sizeof(pointer));
    return pointer;
}

static inline void smpi_store_pointer(void *member, const void *pointer)
{
    memcpy(member, &pointer, sizeof(pointer));
}

/* Whether a member is absent because the struct its filler knew ends before it. */
static inline bool smpi_is_past(const void *record, size_t offset, size_t width)
{
    return offset + width > *(const size_t *)record;
}

/* Elements of a list or map. */
static inline size_t smpi_elements(const struct smp_field *field, const void *record)
{
    return *(const size_t *)(const void *)((const uint8_t *)record + field->count);
}

/* The same for a field whose member is a pointer. */
static inline bool smpi_has_pointer(const struct smp_field *field, const void *record)
{
    const uint8_t *bytes = record;

    if (smpi_is_past(record, field->offset, sizeof(void *)))
        return false;
    if (field->kind == SMP_KIND_RECORD)
        return smpi_load_pointer(bytes + field->offset) != NULL;
    if (smpi_is_past(record, field->count, sizeof(size_t)))
        return false;
    if (!(field->flags & SMPI_OPTIONAL) || smpi_elements(field, record) > 0)
        return true;
    return field->has && !smpi_is_past(record, field->has, 1) &&
           *(const bool *)(bytes + field->has);
}

/* Whether the record has the field; a required list is there even when it is empty. */
static inline bool smpi_has(const struct smp_field *field, const void *record)
{
    if (field->kind > SMP_KIND_VALUE)
        return smpi_has_pointer(field, record);
    return !smpi_is_past(record, field->offset, field->width) &&
           (field->has == 0 || *((const bool *)record + field->has));
}

#endif

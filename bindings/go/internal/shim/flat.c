/* SPDX-License-Identifier: Apache-2.0 */
/* Records in the flat form: see README.md. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *room(struct bytes *out, size_t len)
{
    if (out->failed)
        return NULL;
    if (len > out->capacity - out->len) {
        size_t capacity = (out->len + len) * 2 + 256;
        uint8_t *data = realloc(out->data, capacity);
        out->failed = !data;
        if (!data)
            return NULL;
        out->data = data;
        out->capacity = capacity;
    }
    out->len += len;
    return out->data + out->len - len;
}

static void write_number(uint8_t *at, uint64_t number, size_t width)
{
    for (size_t i = 0; i < width; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

static void put_number(struct bytes *out, uint64_t number, size_t width)
{
    uint8_t *at = room(out, width);

    if (at)
        write_number(at, number, width);
}

static void put_bytes(struct bytes *out, const void *data, size_t len)
{
    put_number(out, len, 4);
    uint8_t *at = room(out, len);
    if (at && len > 0)
        memcpy(at, data, len);
}

static void put_value(struct bytes *out, const struct smp_value *value)
{
    put_number(out, (uint64_t)value->kind, 1);
    switch (value->kind) {
    case SMP_KIND_BOOL:
        put_number(out, value->as.boolean, 1);
        break;
    case SMP_KIND_UINT:
        put_number(out, value->as.uint, 8);
        break;
    case SMP_KIND_INT:
        put_number(out, (uint64_t)value->as.sint, 8);
        break;
    case SMP_KIND_STR:
        put_bytes(out, value->as.str.data, value->as.str.len);
        break;
    case SMP_KIND_BYTES:
    case SMP_KIND_CBOR:
        put_bytes(out, value->as.bytes.data, value->as.bytes.len);
        break;
    default: /* NONE */
        break;
    }
}

static void put_elements(struct bytes *out, const struct smp_field *field, const void *record)
{
    size_t count = smp_field_count(field, record);
    struct smp_value value;

    put_number(out, (uint64_t)smp_field_kind(field), 1);
    put_number(out, count, 4);
    for (size_t i = 0; i < count; i++) {
        if (smp_field_message(field))
            shimi_flatten(out, smp_field_message(field), smp_field_element(field, record, i));
        else if (smp_field_scalar(field, record, i, &value) == SMP_OK)
            put_value(out, &value);
    }
}

static void put_field(struct bytes *out, const struct smp_field *field, const void *record)
{
    struct smp_value value;

    if (smp_field_kind(field) == SMP_KIND_RECORD)
        shimi_flatten(out, smp_field_message(field), smp_field_element(field, record, 0));
    else if (smp_field_kind(field) == SMP_KIND_LIST || smp_field_kind(field) == SMP_KIND_MAP)
        put_elements(out, field, record);
    else if (smp_field_get(field, record, &value) == SMP_OK)
        put_value(out, &value);
}

void shimi_flatten(struct bytes *out, const struct smp_message *message, const void *record)
{
    size_t n = 0;

    put_number(out, SMP_KIND_RECORD, 1);
    size_t count = out->len;
    put_number(out, 0, 2);
    for (size_t row = 0; record && row < smp_message_fields(message); row++) {
        const struct smp_field *field = smp_message_field(message, row);
        if (!smp_field_has(field, record) && smp_field_count(field, record) == 0)
            continue;
        n++;
        put_number(out, row, 2);
        put_field(out, field, record);
    }
    if (!out->failed)
        write_number(out->data + count, n, 2);
}

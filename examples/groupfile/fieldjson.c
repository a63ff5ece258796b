/* SPDX-License-Identifier: Apache-2.0 */
#include "fieldjson.h"

#include "hex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers, within what the field's width holds ---- */

static bool fits_uint(const struct smp_field *field, uint64_t number)
{
    size_t width = smp_field_width(field);
    return width >= 8 || number >> 8 * width == 0;
}

static bool fits_int(const struct smp_field *field, int64_t number)
{
    unsigned bits = 8 * (unsigned)smp_field_width(field) - 1;
    return bits >= 63 || (number >= -(INT64_C(1) << bits) && number < INT64_C(1) << bits);
}

const char *fieldjson_number(struct cbor *cbor, const struct smp_field *field, enum smp_kind kind,
                             const char *text)
{
    char *end;
    errno = 0;
    if (kind == SMP_KIND_UINT) {
        uint64_t number = strtoull(text, &end, 0);
        if (errno || end == text || *end || strchr(text, '-') || !fits_uint(field, number)) {
            return "not a number that fits";
        }
        cbor_uint(cbor, number);
        return NULL;
    }
    int64_t number = strtoll(text, &end, 0);
    if (errno || end == text || *end || !fits_int(field, number)) {
        return "not a number that fits";
    }
    cbor_int(cbor, number);
    return NULL;
}

/* ---- other scalars ---- */

const char *fieldjson_bytes(struct cbor *cbor, const char *text)
{
    size_t room = strlen(text) / 2 + 1;
    uint8_t *data = malloc(room);
    size_t len = 0;
    bool good = data && hex_read(text, data, room, &len);
    if (good) {
        cbor_bytes(cbor, data, len);
    }
    free(data);
    return good ? NULL : "not in hexadecimal, two digits a byte";
}

static const char *put_scalar_json(struct cbor *cbor, const struct smp_field *field,
                                   enum smp_kind kind, const json_t *json)
{
    if (kind == SMP_KIND_VALUE) {
        return cbor_json(cbor, json);
    }
    if (kind == SMP_KIND_BOOL && json_is_boolean(json)) {
        cbor_bool(cbor, json_is_true(json));
        return NULL;
    }
    bool number = kind == SMP_KIND_UINT || kind == SMP_KIND_INT;
    if (number && json_is_integer(json)) {
        char text[24];
        snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return fieldjson_number(cbor, field, kind, text);
    }
    if (kind == SMP_KIND_STR && json_is_string(json)) {
        cbor_text(cbor, json_string_value(json), json_string_length(json));
        return NULL;
    }
    if (kind == SMP_KIND_BYTES && json_is_string(json)) {
        return fieldjson_bytes(cbor, json_string_value(json));
    }
    return "a value of the wrong type";
}

/* ---- what has others inside ---- */

static const char *put_record_json(struct cbor *cbor, const struct smp_message *message,
                                   json_t *json)
{
    const char *key;
    json_t *value;
    if (!json_is_object(json)) {
        return "not a JSON object";
    }
    cbor_map(cbor, json_object_size(json));
    json_object_foreach(json, key, value)
    {
        const struct smp_field *field = *key ? smp_message_find(message, key) : NULL;
        if (!field) {
            return "a key that is not known there";
        }
        cbor_text(cbor, key, strlen(key));
        const char *wrong = fieldjson_put(cbor, field, value);
        if (wrong) {
            return wrong;
        }
    }
    return NULL;
}

/* A map's entries are records, or scalars when their table says so. */
static const char *put_map_json(struct cbor *cbor, const struct smp_field *field, json_t *json)
{
    const struct smp_message *entry = smp_field_message(field);
    const struct smp_field *scalar = smp_message_field(entry, 1);
    const char *key;
    json_t *value;
    bool is_scalar = smp_message_fields(entry) == 2 && !*smp_field_key(scalar);
    if (!json_is_object(json)) {
        return "not a JSON object";
    }
    cbor_map(cbor, json_object_size(json));
    json_object_foreach(json, key, value)
    {
        cbor_text(cbor, key, strlen(key));
        const char *wrong =
            is_scalar ? fieldjson_put(cbor, scalar, value) : put_record_json(cbor, entry, value);
        if (wrong) {
            return wrong;
        }
    }
    return NULL;
}

static const char *put_list_json(struct cbor *cbor, const struct smp_field *field, json_t *json)
{
    const struct smp_message *message = smp_field_message(field);
    const char *wrong = NULL;
    if (!json_is_array(json)) {
        return "not a JSON array";
    }
    cbor_array(cbor, json_array_size(json));
    for (size_t i = 0; !wrong && i < json_array_size(json); i++) {
        json_t *element = json_array_get(json, i);
        wrong = message ? put_record_json(cbor, message, element)
                        : put_scalar_json(cbor, field, smp_field_element_kind(field), element);
    }
    return wrong;
}

const char *fieldjson_put(struct cbor *cbor, const struct smp_field *field, json_t *json)
{
    switch (smp_field_kind(field)) {
    case SMP_KIND_RECORD:
        return put_record_json(cbor, smp_field_message(field), json);
    case SMP_KIND_LIST:
        return put_list_json(cbor, field, json);
    case SMP_KIND_MAP:
        return put_map_json(cbor, field, json);
    default:
        return put_scalar_json(cbor, field, smp_field_kind(field), json);
    }
}

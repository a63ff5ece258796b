/* SPDX-License-Identifier: Apache-2.0 */
#include "support/record.h"

#include "support/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- to JSON ---- */

static json_t *hex_object(const char *kind, const struct smp_bytes *bytes)
{
    char *hex = malloc(2 * bytes->len + 1);
    hex_write(bytes->data, bytes->len, hex, 2 * bytes->len + 1);
    json_t *object = json_pack("{s:s}", kind, hex);
    free(hex);
    return object;
}

static json_t *value_to_json(const struct smp_value *value)
{
    char digits[24];
    switch (value->kind) {
    case SMP_KIND_BOOL:
        return json_boolean(value->as.boolean);
    case SMP_KIND_INT:
        return json_integer(value->as.sint);
    case SMP_KIND_UINT:
        if (value->as.uint <= INT64_MAX) {
            return json_integer((json_int_t)value->as.uint);
        }
        snprintf(digits, sizeof(digits), "%" PRIu64, value->as.uint);
        return json_pack("{s:s}", "number", digits);
    case SMP_KIND_STR:
        return json_stringn(value->as.str.data == NULL ? "" : value->as.str.data,
                            value->as.str.len);
    case SMP_KIND_BYTES:
        return hex_object("bytes", &value->as.bytes);
    case SMP_KIND_CBOR:
        return hex_object("cbor", &value->as.bytes);
    default:
        return json_null();
    }
}

/* The field that is an entry's whole value, or NULL. */
static const struct smp_field *bare_value(const struct smp_message *entry)
{
    const struct smp_field *second = smp_message_field(entry, 1);
    return second != NULL && smp_field_key(second)[0] == '\0' ? second : NULL;
}

static void add_entry(json_t *map, const struct smp_message *message, const void *entry)
{
    const struct smp_field *bare = bare_value(message);
    struct smp_value key;
    struct smp_value value;
    if (smp_field_get(smp_message_field(message, 0), entry, &key) != SMP_OK ||
        (bare != NULL && smp_field_get(bare, entry, &value) != SMP_OK)) {
        abort(); /* both are always there */
    }
    json_object_setn_new(map, key.as.str.data, key.as.str.len,
                         bare != NULL ? value_to_json(&value) : record_to_json(message, entry));
}

static json_t *elements_to_json(const struct smp_field *field, const void *record)
{
    json_t *list = json_array();
    struct smp_value value;
    for (size_t i = 0; i < smp_field_count(field, record); i++) {
        const void *element = smp_field_element(field, record, i);
        if (element != NULL) {
            json_array_append_new(list, record_to_json(smp_field_message(field), element));
        } else if (smp_field_scalar(field, record, i, &value) == SMP_OK) {
            json_array_append_new(list, value_to_json(&value));
        }
    }
    return list;
}

static void add_field(json_t *object, const struct smp_field *field, const void *record)
{
    const char *key = smp_field_key(field);
    struct smp_value value;
    if (smp_field_kind(field) == SMP_KIND_MAP) {
        json_t *map = key[0] == '\0' ? object : json_object();
        for (size_t i = 0; i < smp_field_count(field, record); i++) {
            add_entry(map, smp_field_message(field), smp_field_element(field, record, i));
        }
        if (map != object) {
            json_object_set_new(object, key, map);
        }
    } else if (smp_field_kind(field) == SMP_KIND_LIST) {
        json_object_set_new(object, key, elements_to_json(field, record));
    } else if (smp_field_kind(field) == SMP_KIND_RECORD) {
        json_object_set_new(
            object, key,
            record_to_json(smp_field_message(field), smp_field_element(field, record, 0)));
    } else if (key[0] != '\0' && smp_field_get(field, record, &value) == SMP_OK) {
        json_object_set_new(object, key, value_to_json(&value));
    }
}

json_t *record_to_json(const struct smp_message *message, const void *record)
{
    json_t *object = json_object();
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        if (smp_field_has(field, record)) {
            add_field(object, field, record);
        }
    }
    return object;
}

/* ---- from JSON ---- */

static void *kept[4096];
static size_t n_kept;

static void *keep(size_t bytes)
{
    void *memory = calloc(1, bytes + 1);
    if (memory == NULL || n_kept == sizeof(kept) / sizeof(kept[0])) {
        abort();
    }
    kept[n_kept++] = memory;
    return memory;
}

void record_free(void)
{
    while (n_kept > 0) {
        free(kept[--n_kept]);
    }
}

static struct smp_bytes bytes_of(const json_t *hex)
{
    size_t len = json_string_length(hex) / 2;
    uint8_t *data = keep(len);
    return (struct smp_bytes){.data = data, .len = hex_read(json_string_value(hex), data, len + 1)};
}

static bool value_of(const json_t *json, struct smp_value *value)
{
    *value = (struct smp_value){.kind = SMP_KIND_NONE};
    if (json_is_boolean(json)) {
        value->kind = SMP_KIND_BOOL;
        value->as.boolean = json_is_true(json);
    } else if (json_is_integer(json)) {
        value->kind = json_integer_value(json) < 0 ? SMP_KIND_INT : SMP_KIND_UINT;
        value->as.sint = json_integer_value(json);
    } else if (json_is_string(json)) {
        value->kind = SMP_KIND_STR;
        value->as.str = (struct smp_str){json_string_value(json), json_string_length(json)};
    } else if (json_object_get(json, "number") != NULL) {
        value->kind = SMP_KIND_UINT;
        value->as.uint = strtoull(json_string_value(json_object_get(json, "number")), NULL, 10);
    } else if (json_object_get(json, "bytes") != NULL) {
        value->kind = SMP_KIND_BYTES;
        value->as.bytes = bytes_of(json_object_get(json, "bytes"));
    } else if (json_object_get(json, "cbor") != NULL) {
        value->kind = SMP_KIND_CBOR;
        value->as.bytes = bytes_of(json_object_get(json, "cbor"));
    }
    return value->kind != SMP_KIND_NONE;
}

static bool set_value(const struct smp_field *field, void *record, const json_t *json)
{
    struct smp_value value;
    return value_of(json, &value) && smp_field_set(field, record, &value) == SMP_OK;
}

/* One scalar of a list: a number of any width, text or bytes. */
static bool set_scalar(const struct smp_field *field, uint8_t *at, const json_t *json)
{
    size_t width = smp_field_width(field);
    struct smp_value value;
    if (!value_of(json, &value)) {
        return false;
    }
    switch (smp_field_element_kind(field)) {
    case SMP_KIND_STR:
        memcpy(at, &value.as.str, width);
        return value.kind == SMP_KIND_STR;
    case SMP_KIND_BYTES:
        memcpy(at, &value.as.bytes, width);
        return value.kind == SMP_KIND_BYTES;
    case SMP_KIND_VALUE:
        memcpy(at, &value, width);
        return true;
    default:
        for (size_t i = 0; i < width; i++) { /* the low bytes, in this machine's order */
            const uint16_t one = 1;
            bool little = *(const uint8_t *)&one == 1;
            at[little ? i : width - 1 - i] = (uint8_t)(value.as.uint >> 8 * i);
        }
        return value.kind == SMP_KIND_UINT || value.kind == SMP_KIND_INT;
    }
}

static bool set_list(const struct smp_field *field, void *record, const json_t *json)
{
    const struct smp_message *message = smp_field_message(field);
    size_t count = json_array_size(json);
    size_t width = smp_field_width(field);
    uint8_t *array = keep(count * width);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(json, i);
        if (message == NULL) {
            if (!set_scalar(field, array + i * width, item)) {
                return false;
            }
            continue;
        }
        ((const void **)(void *)array)[i] = record_from_json(message, item);
        if (((const void **)(void *)array)[i] == NULL) {
            return false;
        }
    }
    return json_is_array(json) && smp_field_set_elements(field, record, array, count) == SMP_OK;
}

static const void *entry_from_json(const struct smp_message *message, const char *name,
                                   const json_t *json)
{
    const struct smp_field *bare = bare_value(message);
    struct smp_value key = {.kind = SMP_KIND_STR, .as.str = {name, strlen(name)}};
    size_t *entry;
    if (bare != NULL) {
        entry = keep(smp_message_size(message));
        *entry = smp_message_size(message);
        if (!set_value(bare, entry, json)) {
            return NULL;
        }
    } else {
        entry = (size_t *)(uintptr_t)record_from_json(message, json);
    }
    return entry != NULL && smp_field_set(smp_message_field(message, 0), entry, &key) == SMP_OK
               ? entry
               : NULL;
}

/* All entries of an object, or only those that no field of `others` takes. */
static bool set_map(const struct smp_field *field, void *record, const json_t *json,
                    const struct smp_message *others)
{
    const void **entries = keep(json_object_size(json) * sizeof(void *));
    size_t count = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (others != NULL && smp_message_find(others, key) != NULL) {
            continue;
        }
        entries[count] = entry_from_json(smp_field_message(field), key, value);
        if (entries[count++] == NULL) {
            return false;
        }
    }
    return json_is_object(json) && smp_field_set_elements(field, record, entries, count) == SMP_OK;
}

static bool set_field(const struct smp_field *field, void *record, const json_t *json)
{
    const void *nested;
    switch (smp_field_kind(field)) {
    case SMP_KIND_LIST:
        return set_list(field, record, json);
    case SMP_KIND_MAP:
        return set_map(field, record, json, NULL);
    case SMP_KIND_RECORD:
        nested = record_from_json(smp_field_message(field), json);
        return nested != NULL && smp_field_set_elements(field, record, nested, 1) == SMP_OK;
    default:
        return set_value(field, record, json);
    }
}

const void *record_from_json(const struct smp_message *message, const json_t *json)
{
    size_t *record = keep(smp_message_size(message));
    const struct smp_field *rest = NULL;
    const char *key;
    json_t *value;

    *record = smp_message_size(message);
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        if (smp_field_kind(field) == SMP_KIND_MAP && smp_field_key(field)[0] == '\0') {
            rest = field;
        }
    }
    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        const struct smp_field *field = smp_message_find(message, key);
        if (field == NULL ? rest == NULL : !set_field(field, record, value)) {
            return NULL;
        }
    }
    return rest == NULL || set_map(rest, record, json, message) ? record : NULL;
}

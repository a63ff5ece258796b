/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include "utf8.h"

#include <stdlib.h>
#include <string.h>

json_t *json_text(struct smp_str text)
{
    json_t *json = json_stringn(text.len ? text.data : "", text.len);
    if (json) {
        return json;
    }
    /* Some of it is not UTF-8: each bad byte becomes three. */
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = malloc(text.len * 3 + 1);
    size_t n = 0;
    for (size_t i = 0; copy && i < text.len;) {
        uint32_t code;
        size_t width = utf8_next(text.data + i, text.len - i, &code);
        memcpy(copy + n, width ? text.data + i : replacement, width ? width : 3);
        n += width ? width : 3;
        i += width ? width : 1;
    }
    json = copy ? json_stringn(copy, n) : NULL;
    free(copy);
    return json;
}

json_t *json_hex(const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(len * 2 + 1);
    if (!text) {
        return NULL;
    }
    for (size_t i = 0; i < len; i++) {
        text[2 * i] = digits[data[i] >> 4];
        text[2 * i + 1] = digits[data[i] & 15];
    }
    json_t *json = json_stringn(text, len * 2);
    free(text);
    return json;
}

static json_t *json_value(const struct smp_value *value)
{
    switch (value->kind) {
    case SMP_KIND_BOOL:
        return json_boolean(value->as.boolean);
    case SMP_KIND_UINT: /* JSON's integers here have 64 bits with sign; larger lose digits */
        return value->as.uint <= INT64_MAX ? json_integer((json_int_t)value->as.uint)
                                           : json_real((double)value->as.uint);
    case SMP_KIND_INT:
        return json_integer(value->as.sint);
    case SMP_KIND_STR:
        return json_text(value->as.str);
    case SMP_KIND_BYTES:
    case SMP_KIND_CBOR:
        return json_hex(value->as.bytes.data, value->as.bytes.len);
    default:
        return json_null();
    }
}

static json_t *json_list(const struct smp_field *field, const void *record)
{
    const struct smp_message *message = smp_field_message(field);
    size_t n = smp_field_count(field, record);
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        struct smp_value value;
        if (message) {
            json_array_append_new(list, json_record(message, smp_field_element(field, record, i)));
        } else if (smp_field_scalar(field, record, i, &value) == SMP_OK) {
            json_array_append_new(list, json_value(&value));
        }
    }
    return list;
}

/* What stands at a key of a map: a record, or the one value that its table gives no key. */
static json_t *json_entry(const struct smp_message *message, const void *element)
{
    const struct smp_field *field = smp_message_field(message, 1);
    struct smp_value value;
    if (smp_message_fields(message) == 2 && !*smp_field_key(field)) {
        return smp_field_get(field, element, &value) == SMP_OK ? json_value(&value) : json_null();
    }
    return json_record(message, element);
}

/* A map: the first member of each element is its key. */
static json_t *json_map(const struct smp_field *field, const void *record)
{
    const struct smp_message *message = smp_field_message(field);
    const struct smp_field *key_field = smp_message_field(message, 0);
    size_t n = smp_field_count(field, record);
    json_t *map = json_object();
    for (size_t i = 0; i < n; i++) {
        const void *element = smp_field_element(field, record, i);
        struct smp_value key;
        if (smp_field_get(key_field, element, &key) == SMP_OK && key.kind == SMP_KIND_STR) {
            json_t *name = json_text(key.as.str);
            json_object_setn_new(map, json_string_value(name), json_string_length(name),
                                 json_entry(message, element));
            json_decref(name);
        }
    }
    return map;
}

static json_t *json_field(const struct smp_field *field, const void *record)
{
    struct smp_value value;
    switch (smp_field_kind(field)) {
    case SMP_KIND_RECORD:
        return json_record(smp_field_message(field), smp_field_element(field, record, 0));
    case SMP_KIND_LIST:
        return json_list(field, record);
    case SMP_KIND_MAP:
        return json_map(field, record);
    default:
        return smp_field_get(field, record, &value) == SMP_OK ? json_value(&value) : NULL;
    }
}

json_t *json_record(const struct smp_message *message, const void *record)
{
    json_t *object = json_object();
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        const char *key = smp_field_key(field);
        if (!smp_field_has(field, record)) {
            continue;
        }
        if (*key) {
            json_object_set_new(object, key, json_field(field, record));
        } else if (smp_field_kind(field) == SMP_KIND_MAP) { /* the root is the map */
            json_object_update_new(object, json_field(field, record));
        } /* else it is the key of an element, which stands outside it */
    }
    return object;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/random.h"

#include <stdio.h>
#include <string.h>

enum { MOST_ELEMENTS = 6 };

static uint64_t state;

void random_seed(uint64_t seed)
{
    state = seed;
}

/* splitmix64 */
uint64_t random_next(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t random_below(uint64_t limit)
{
    return random_next() % limit;
}

/* Numbers of all lengths, the edges of each CBOR head among them. */
static uint64_t draw_number(unsigned bits)
{
    static const uint64_t edges[] = {0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, UINT64_MAX};
    uint64_t number = random_below(3) == 0 ? edges[random_below(sizeof(edges) / sizeof(edges[0]))]
                                           : random_next() >> random_below(64);
    return bits == 64 ? number : number & ((UINT64_C(1) << bits) - 1);
}

static json_t *number_json(uint64_t number)
{
    char digits[24];
    if (number <= INT64_MAX)
        return json_integer((json_int_t)number);
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    return json_pack("{s:s}", "number", digits);
}

static json_t *text_json(void)
{
    static const char *const parts[] = {"a",        "rc",
                                        "err",      "ret",
                                        "\xc3\xa9", "\xf0\x9f\x98\x80",
                                        "/",        "\"",
                                        "\n",       "0123456789abcdef"};
    char text[512] = "";
    for (uint64_t n = random_below(20); n > 0; n--)
        strcat(text, parts[random_below(sizeof(parts) / sizeof(parts[0]))]);
    return json_string(text);
}

static json_t *bytes_json(void)
{
    static const char digits[] = "0123456789abcdef";
    char hex[601];
    size_t len = 2 * (size_t)random_below(random_below(4) == 0 ? 300 : 40);
    for (size_t i = 0; i < len; i++)
        hex[i] = digits[random_below(16)];
    hex[len] = '\0';
    return json_pack("{s:s}", "bytes", hex);
}

static json_t *scalar_json(enum smp_kind kind, size_t width)
{
    /* Not null: where a field may be missing, that is how some devices say so. */
    static const char *const others[] = {"80", "a0", "fb3ff8000000000000", "9f01ff", "a16161a0"};
    switch (kind) {
    case SMP_KIND_BOOL:
        return json_boolean(random_below(2));
    case SMP_KIND_UINT:
        return number_json(draw_number((unsigned)(8 * width)));
    case SMP_KIND_INT: {
        int64_t number = (int64_t)(draw_number((unsigned)(8 * width - 1)));
        return json_integer(random_below(2) ? -number - 1 : number);
    }
    case SMP_KIND_STR:
        return text_json();
    case SMP_KIND_BYTES:
        return bytes_json();
    default:
        if (random_below(6) == 0)
            return json_pack("{s:s}", "cbor", others[random_below(5)]);
        return scalar_json((enum smp_kind)(SMP_KIND_BOOL + random_below(5)), 8);
    }
}

static json_t *message_json(const struct smp_message *message, size_t first);

static const struct smp_field *bare_value(const struct smp_message *entry)
{
    const struct smp_field *second = smp_message_field(entry, 1);
    return second && smp_field_key(second)[0] == '\0' ? second : NULL;
}

/* Entries whose keys no field of the message around them has. */
static void add_entries(json_t *map, const struct smp_field *field)
{
    const struct smp_message *message = smp_field_message(field);
    const struct smp_field *bare = bare_value(message);
    char key[32];
    for (uint64_t n = random_below(MOST_ELEMENTS); n > 0; n--) {
        snprintf(key, sizeof(key), "%.*s%x", (int)random_below(20), "~~~~~~~~~~~~~~~~~~~~",
                 (unsigned)random_below(1000));
        json_object_set_new(map, key,
                            bare ? scalar_json(smp_field_kind(bare), smp_field_width(bare))
                                 : message_json(message, 1));
    }
}

static json_t *list_json(const struct smp_field *field)
{
    const struct smp_message *message = smp_field_message(field);
    json_t *list = json_array();
    for (uint64_t n = random_below(MOST_ELEMENTS); n > 0; n--)
        json_array_append_new(
            list, message ? message_json(message, 0)
                          : scalar_json(smp_field_element_kind(field), smp_field_width(field)));
    return list;
}

static void add_field(json_t *record, const struct smp_field *field)
{
    const char *key = smp_field_key(field);
    json_t *value;
    if (smp_field_kind(field) == SMP_KIND_MAP && key[0] == '\0') {
        add_entries(record, field);
        return;
    }
    if (smp_field_kind(field) == SMP_KIND_MAP) {
        value = json_object();
        add_entries(value, field);
    } else if (smp_field_kind(field) == SMP_KIND_LIST) {
        value = list_json(field);
    } else if (smp_field_kind(field) == SMP_KIND_RECORD) {
        value = message_json(smp_field_message(field), 0);
    } else {
        value = scalar_json(smp_field_kind(field), smp_field_width(field));
    }
    /* What may be missing and is empty is not sent, so it does not come back. */
    bool gone = smp_field_optional(field) && (json_is_array(value) || json_is_object(value)) &&
                smp_field_kind(field) > SMP_KIND_RECORD && json_array_size(value) == 0 &&
                json_object_size(value) == 0;
    if (gone)
        json_decref(value);
    else
        json_object_set_new(record, key, value);
}

static json_t *message_json(const struct smp_message *message, size_t first)
{
    json_t *record = json_object();
    for (size_t i = first; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        if (!smp_field_optional(field) || random_below(3) > 0)
            add_field(record, field);
    }
    return record;
}

json_t *random_record(const struct smp_message *message)
{
    return message_json(message, 0);
}

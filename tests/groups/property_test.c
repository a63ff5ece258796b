/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every table of every group, with random values: what is encoded and decoded
 * again is what it was.  The records are made by reflection alone, so that a
 * group added later is tested too.  A failure prints its seed.
 */
#include "support/record.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 1000, MOST_ELEMENTS = 6 };

static struct smp_loop *loop;
static uint64_t state;

static void set_up(void)
{
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_loop_free(loop);
}

TestSuite(property, .init = set_up, .fini = tear_down, .timeout = 100);

/* ---- random values ---- */

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t below(uint64_t limit)
{
    return draw() % limit;
}

/* Numbers of all lengths, the edges of each CBOR head among them. */
static uint64_t draw_number(unsigned bits)
{
    static const uint64_t edges[] = {0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, UINT64_MAX};
    uint64_t number =
        below(3) == 0 ? edges[below(sizeof(edges) / sizeof(edges[0]))] : draw() >> below(64);
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
    for (uint64_t n = below(20); n > 0; n--)
        strcat(text, parts[below(sizeof(parts) / sizeof(parts[0]))]);
    return json_string(text);
}

static json_t *bytes_json(void)
{
    static const char digits[] = "0123456789abcdef";
    char hex[601];
    size_t len = 2 * (size_t)below(below(4) == 0 ? 300 : 40);
    for (size_t i = 0; i < len; i++)
        hex[i] = digits[below(16)];
    hex[len] = '\0';
    return json_pack("{s:s}", "bytes", hex);
}

static json_t *scalar_json(enum smp_kind kind, size_t width)
{
    /* Not null: where a field may be missing, that is how some devices say so. */
    static const char *const others[] = {"80", "a0", "fb3ff8000000000000", "9f01ff", "a16161a0"};
    switch (kind) {
    case SMP_KIND_BOOL:
        return json_boolean(below(2));
    case SMP_KIND_UINT:
        return number_json(draw_number((unsigned)(8 * width)));
    case SMP_KIND_INT: {
        int64_t number = (int64_t)(draw_number((unsigned)(8 * width - 1)));
        return json_integer(below(2) ? -number - 1 : number);
    }
    case SMP_KIND_STR:
        return text_json();
    case SMP_KIND_BYTES:
        return bytes_json();
    default:
        if (below(6) == 0)
            return json_pack("{s:s}", "cbor", others[below(5)]);
        return scalar_json((enum smp_kind)(SMP_KIND_BOOL + below(5)), 8);
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
    for (uint64_t n = below(MOST_ELEMENTS); n > 0; n--) {
        snprintf(key, sizeof(key), "%.*s%x", (int)below(20), "~~~~~~~~~~~~~~~~~~~~",
                 (unsigned)below(1000));
        json_object_set_new(map, key,
                            bare ? scalar_json(smp_field_kind(bare), smp_field_width(bare))
                                 : message_json(message, 1));
    }
}

static json_t *list_json(const struct smp_field *field)
{
    const struct smp_message *message = smp_field_message(field);
    json_t *list = json_array();
    for (uint64_t n = below(MOST_ELEMENTS); n > 0; n--)
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
        if (!smp_field_optional(field) || below(3) > 0)
            add_field(record, field);
    }
    return record;
}

/* ---- there and back ---- */

struct table {
    const struct smp_command *command;
    const struct smp_message *message;
    uint8_t op;
};

static size_t encode(const struct table *table, const json_t *json, uint8_t *packet, size_t size)
{
    size_t len;
    const void *record = record_from_json(table->message, json);
    cr_assert_not_null(record);
    cr_assert_eq(smp_message_encode(table->message, record, packet + SMP_HEADER_SIZE,
                                    size - SMP_HEADER_SIZE, &len),
                 SMP_OK);
    const struct smp_header header = {.op = table->op,
                                      .version = SMP_PROTOCOL_V2,
                                      .id = smp_command_id(table->command),
                                      .group = smp_command_group(table->command),
                                      .length = (uint16_t)len};
    smp_header_encode(&header, packet);
    return SMP_HEADER_SIZE + len;
}

static void round_trip(const struct table *table, uint64_t seed)
{
    static uint8_t packet[65535];
    static uint8_t again[65535];
    struct smp_result result;
    char where[160];

    state = seed;
    snprintf(where, sizeof(where), "%s, seed %llu", smp_message_name(table->message),
             (unsigned long long)seed);
    json_t *json = message_json(table->message, 0);
    size_t len = encode(table, json, packet, sizeof(packet));
    cr_assert_eq(smp_packet_decode(loop, packet, len, &result), SMP_OK, "%s: key %s", where,
                 result.key);
    cr_assert_eq(result.error, SMP_OK, "%s", where);
    json_t *got = smp_message_fields(table->message) == 0
                      ? json_object()
                      : record_to_json(result.message, result.rsp);
    cr_assert(json_equal(json, got), "%s:\n%s\n%s", where, json_dumps(json, 0), json_dumps(got, 0));
    cr_assert_eq(encode(table, got, again, sizeof(again)), len, "%s", where);
    cr_assert_arr_eq(again, packet, len, "%s", where);
    json_decref(got);
    json_decref(json);
    record_free();
}

/* Calls `check` with each request and answer there is. */
static size_t for_each_table(void (*check)(const struct table *table))
{
    size_t tables = 0;
    for (const struct smp_group *g = smp_group_next(loop, NULL); g; g = smp_group_next(loop, g)) {
        for (size_t i = 0; i < smp_group_commands(g); i++) {
            const struct smp_command *command = smp_group_command(g, i);
            uint8_t op = smp_command_op(command);
            check(&(struct table){command, smp_command_request(command), op});
            check(&(struct table){command, smp_command_response(command), (uint8_t)(op + 1)});
            tables += 2;
        }
    }
    return tables;
}

static void check_round_trips(const struct table *table)
{
    for (uint64_t seed = 1; seed <= ROUNDS; seed++)
        round_trip(table, seed);
}

Test(property, what_goes_out_comes_back)
{
    size_t tables = for_each_table(check_round_trips);
    printf("%zu tables, %d records each\n", tables, ROUNDS);
    cr_assert_gt(tables, 100);
}

/* ---- damage ---- */

/* Whatever a byte becomes: an answer, or an error that names a key of some table.  No crash. */
static void check_damage(const struct table *table)
{
    static uint8_t packet[65535];
    struct smp_result result;
    char text[256];

    for (uint64_t seed = 1; seed <= 50; seed++) {
        state = seed;
        json_t *json = message_json(table->message, 0);
        size_t len = encode(table, json, packet, sizeof(packet));
        for (int i = 0; i < 50 && len > SMP_HEADER_SIZE; i++) {
            size_t at = SMP_HEADER_SIZE + (size_t)below(len - SMP_HEADER_SIZE);
            uint8_t was = packet[at];
            packet[at] = (uint8_t)draw();
            uint8_t *copy = malloc(len); /* exactly as large */
            memcpy(copy, packet, len);
            int error = smp_packet_decode(loop, copy, len, &result);
            cr_assert(error == SMP_OK || error == SMP_ERR_MALFORMED, "%s: %s",
                      smp_message_name(table->message), smp_error_name(error));
            smp_packet_dump(loop, copy, len, text, sizeof(text));
            if (result.rsp)
                json_decref(record_to_json(result.message, result.rsp));
            free(copy);
            packet[at] = was;
        }
        json_decref(json);
        record_free();
    }
}

Test(property, damaged_bytes_do_no_harm)
{
    for_each_table(check_damage);
}

/* ---- the tables themselves ---- */

/* Rows that overlap, or lie outside of their struct, would be found here. */
static void check_layout(const struct smp_message *message, int depth)
{
    uint8_t *owner = calloc(1, smp_message_size(message) + 1);
    cr_assert_lt(depth, 8);
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        bool is_pointer = smp_field_kind(field) > SMP_KIND_VALUE;
        size_t width = is_pointer ? sizeof(void *) : smp_field_width(field);
        size_t offset = smp_field_offset(field);
        cr_assert_geq(offset, sizeof(size_t), "%s", smp_message_name(message));
        cr_assert_leq(offset + width, smp_message_size(message), "%s", smp_message_name(message));
        for (size_t k = 0; k < width; k++)
            cr_assert_eq(owner[offset + k]++, 0, "%s, key %s", smp_message_name(message),
                         smp_field_key(field));
        for (size_t k = 0; k < i; k++)
            cr_assert(
                smp_field_key(field)[0] == '\0' ||
                    strcmp(smp_field_key(smp_message_field(message, k)), smp_field_key(field)) != 0,
                "%s has %s twice", smp_message_name(message), smp_field_key(field));
        if (smp_field_message(field))
            check_layout(smp_field_message(field), depth + 1);
    }
    free(owner);
}

static void check_table(const struct table *table)
{
    check_layout(table->message, 1);
}

Test(property, tables_are_sound)
{
    for_each_table(check_table);
}

/* Names as the C calls have them: a word each, and no two alike. */
Test(property, groups_and_codes_are_sound)
{
    for (const struct smp_group *g = smp_group_next(loop, NULL); g; g = smp_group_next(loop, g)) {
        for (size_t i = 0; i < smp_group_commands(g); i++) {
            const struct smp_command *command = smp_group_command(g, i);
            cr_assert_eq(smp_command_group(command), smp_group_number(g));
            cr_assert_eq(smp_command_find(loop, smp_group_number(g), smp_command_id(command),
                                          smp_command_op(command)),
                         command);
            for (size_t k = 0; k < i; k++)
                cr_assert_str_neq(smp_command_name(command),
                                  smp_command_name(smp_group_command(g, k)));
        }
        for (int64_t rc = 0; rc < 512; rc++) {
            const struct smp_code *code = smp_group_code(g, rc);
            if (!code)
                continue;
            cr_assert_eq(code->rc, rc);
            cr_assert(code->name && code->name[0] != '\0');
            cr_assert(code->text && code->text[0] != '\0' &&
                          code->text[strlen(code->text) - 1] != '.',
                      "%s %s", smp_group_name(g), code->name);
            cr_assert(!code->hint || code->hint[0] != '\0');
        }
    }
}

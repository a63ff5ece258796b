/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every table of every group, with random values: what is encoded and decoded
 * again is what it was.  The records are made by reflection alone, so that a
 * group added later is tested too.  A failure prints its seed.
 */
#include "support/random.h"
#include "support/record.h"
#include "support/report.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 1000 };

static struct smp_loop *loop;

static void set_up(void)
{
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_loop_free(loop);
}

TestSuite(property, .init = set_up, .fini = tear_down, .timeout = 100);

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

    random_seed(seed);
    snprintf(where, sizeof(where), "%s, seed %llu", smp_message_name(table->message),
             (unsigned long long)seed);
    json_t *json = random_record(table->message);
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
    report_tested("property", loop, table->command);
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
        random_seed(seed);
        json_t *json = random_record(table->message);
        size_t len = encode(table, json, packet, sizeof(packet));
        for (int i = 0; i < 50 && len > SMP_HEADER_SIZE; i++) {
            size_t at = SMP_HEADER_SIZE + (size_t)random_below(len - SMP_HEADER_SIZE);
            uint8_t was = packet[at];
            packet[at] = (uint8_t)random_next();
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

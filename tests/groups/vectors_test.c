/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vectors of tests/vectors: each says what bytes mean, and what bytes a
 * record becomes.  Their form is told in tests/vectors/README.md.
 */
#include "support/hex.h"
#include "support/record.h"
#include "support/report.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <glob.h>
#include <stdio.h>
#include <string.h>

static struct smp_loop *loop;

struct vector {
    const json_t *json;
    const char *name;
    char where[256]; /* file, line and name */
    uint8_t packet[4096];
    size_t len;
};

static const char *text_of(const json_t *json, const char *key)
{
    const char *text = json_string_value(json_object_get(json, key));
    return text == NULL ? "" : text;
}

static int number_of(const json_t *json, const char *key)
{
    return (int)json_integer_value(json_object_get(json, key));
}

static void read_vector(const json_t *json, const char *where, struct vector *vector)
{
    vector->json = json;
    vector->name = text_of(json, "name");
    snprintf(vector->where, sizeof(vector->where), "%s: %s", where, vector->name);
    size_t len = hex_read(text_of(json, "hex"), vector->packet + SMP_HEADER_SIZE,
                          sizeof(vector->packet) - SMP_HEADER_SIZE);
    const struct smp_header header = {.op = (uint8_t)number_of(json, "op"),
                                      .version = (uint8_t)(number_of(json, "version") - 1),
                                      .id = (uint8_t)number_of(json, "id"),
                                      .group = (uint16_t)number_of(json, "group"),
                                      .length = (uint16_t)len};
    smp_header_encode(&header, vector->packet);
    vector->len = SMP_HEADER_SIZE + len;
}

/* Calls `check` with each vector there is; returns how many. */
static size_t for_each(void (*check)(const struct vector *vector))
{
    static char line[1 << 16];
    static struct vector vector;
    char where[128];
    size_t count = 0;
    glob_t files;

    cr_assert_eq(glob(SMP_SOURCE_DIR "/tests/vectors/*.jsonl", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");
        cr_assert_not_null(file);
        for (int number = 1; fgets(line, sizeof(line), file) != NULL; number++) {
            json_error_t error;
            json_t *json = json_loads(line, 0, &error);
            snprintf(where, sizeof(where), "%s:%d", strrchr(files.gl_pathv[i], '/') + 1, number);
            cr_assert_not_null(json, "%s: %s", where, error.text);
            read_vector(json, where, &vector);
            check(&vector);
            count++;
            json_decref(json);
            record_free();
        }
        fclose(file);
    }
    globfree(&files);
    return count;
}

static void set_up(void)
{
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_loop_free(loop);
}

TestSuite(vectors, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- what bytes mean ---- */

static void expect_refusal(const struct vector *vector, const struct smp_result *result)
{
    const json_t *refusal = json_object_get(vector->json, "refusal");
    const char *reason = text_of(refusal, "reason");

    cr_expect_eq(result->rc, number_of(refusal, "rc"), "%s: rc %d", vector->where, (int)result->rc);
    cr_expect_eq(result->from_group, json_object_get(refusal, "group") != NULL, "%s",
                 vector->where);
    if (result->from_group)
        cr_expect_eq(result->group, number_of(refusal, "group"), "%s", vector->where);
    cr_expect(result->reason.len == strlen(reason) &&
                  strncmp(result->reason.data ? result->reason.data : "", reason,
                          result->reason.len) == 0,
              "%s: reason", vector->where);
}

static void expect_record(const struct vector *vector, const struct smp_result *result)
{
    const json_t *wanted = json_object_get(vector->json, "decoded");
    if (wanted == NULL)
        return;
    cr_assert_not_null(result->rsp, "%s", vector->where);
    json_t *got = record_to_json(result->message, result->rsp);
    json_t *full = json_deep_copy(wanted);
    /* A required list is always there, though empty. */
    json_object_update_missing(full, got);
    bool same = json_equal(got, full);
    for (size_t i = 0; i < smp_message_fields(result->message); i++) {
        const struct smp_field *field = smp_message_field(result->message, i);
        const char *key = smp_field_key(field);
        same = same && (json_object_get(wanted, key) != NULL || json_object_get(got, key) == NULL ||
                        smp_field_count(field, result->rsp) == 0);
        same =
            same && (smp_field_kind(field) >= SMP_KIND_RECORD ||
                     (json_object_get(wanted, key) == NULL) == (json_object_get(got, key) == NULL));
    }
    cr_expect(same, "%s: decoded as %s", vector->where, json_dumps(got, 0));
    json_decref(full);
    json_decref(got);
}

static void check_decoding(const struct vector *vector)
{
    struct smp_result result;
    const char *error = text_of(vector->json, "error");
    smp_packet_decode(loop, vector->packet, vector->len, &result);

    cr_assert_not_null(result.command, "%s: no such command", vector->where);
    cr_expect_str_eq(smp_error_name(result.error), error[0] == '\0' ? "SMP_OK" : error,
                     "%s: %s, key %s", vector->where, smp_error_name(result.error),
                     result.key == NULL ? "none" : result.key);
    if (json_object_get(vector->json, "key") != NULL)
        cr_expect_str_eq(result.key == NULL ? "none" : result.key, text_of(vector->json, "key"),
                         "%s: key %s", vector->where, result.key);
    if (result.error == SMP_ERR_DEVICE)
        expect_refusal(vector, &result);
    if (result.error != SMP_ERR_MALFORMED)
        expect_record(vector, &result);
    const json_t *code = json_object_get(vector->json, "exit_code");
    if (code != NULL)
        cr_expect_eq(smp_shell_exit_code(result.rsp), json_integer_value(code), "%s",
                     vector->where);
}

Test(vectors, bytes_mean_what_they_say)
{
    size_t count = for_each(check_decoding);
    printf("%zu vectors decoded\n", count);
    cr_assert_gt(count, 800);
}

/* ---- what a record becomes ---- */

static size_t encoded;

static void check_encoding(const struct vector *vector)
{
    uint8_t cbor[4096];
    char text[8193];
    char wanted[8193];
    size_t len;
    if (!json_is_true(json_object_get(vector->json, "encodes")))
        return;
    const struct smp_command *command = smp_command_find(
        loop, (uint16_t)number_of(vector->json, "group"), (uint8_t)number_of(vector->json, "id"),
        (uint8_t)number_of(vector->json, "op"));
    const struct smp_message *message = number_of(vector->json, "op") & 1
                                            ? smp_command_response(command)
                                            : smp_command_request(command);
    const void *record = record_from_json(message, json_object_get(vector->json, "decoded"));
    cr_assert_not_null(record, "%s: a key or value does not fit", vector->where);
    cr_assert_eq(smp_message_encode(message, record, cbor, sizeof(cbor), &len), SMP_OK, "%s",
                 vector->where);
    hex_write(cbor, len, text, sizeof(text));
    hex_write(vector->packet + SMP_HEADER_SIZE, vector->len - SMP_HEADER_SIZE, wanted,
              sizeof(wanted));
    cr_expect_str_eq(text, wanted, "%s: %s", vector->where, text);
    encoded++;
    for (size_t room = 0; room < len; room++)
        cr_expect_eq(smp_message_encode(message, record, cbor, room, &len), SMP_ERR_TOO_LARGE,
                     "%s: in %zu bytes", vector->where, room);
}

Test(vectors, records_become_these_bytes)
{
    encoded = 0;
    for_each(check_encoding);
    printf("%zu vectors encoded\n", encoded);
    cr_assert_gt(encoded, 100);
}

/* ---- dumps ---- */

static void check_dump(const struct vector *vector)
{
    char text[8192];
    smp_packet_dump(loop, vector->packet, vector->len, text, sizeof(text));
    const char *payload = strstr(text, ": ");
    cr_assert_not_null(payload, "%s: %s", vector->where, text);
    if (strstr(text, "bytes/") == NULL) /* long byte strings are cut */
        cr_expect_str_eq(payload + 2, text_of(vector->json, "diag"), "%s: %s", vector->where,
                         payload + 2);
}

Test(vectors, dumps_are_diagnostic_notation)
{
    for_each(check_dump);
}

/* ---- what was cut short is never an answer ---- */

static void check_prefixes(const struct vector *vector)
{
    struct smp_result result;
    uint8_t *packet = NULL;
    for (size_t len = SMP_HEADER_SIZE + 1; len < vector->len; len++) {
        packet = realloc(packet, len); /* exactly as large, so that a sanitizer sees more */
        memcpy(packet, vector->packet, len);
        packet[2] = (uint8_t)((len - SMP_HEADER_SIZE) >> 8);
        packet[3] = (uint8_t)(len - SMP_HEADER_SIZE);
        smp_packet_decode(loop, packet, len, &result);
        cr_expect_eq(result.error, SMP_ERR_MALFORMED, "%s: %zu bytes give %s", vector->where, len,
                     smp_error_name(result.error));
        memcpy(packet, vector->packet, SMP_HEADER_SIZE);
        cr_expect_eq(smp_packet_decode(loop, packet, len, &result), SMP_ERR_MALFORMED, "%s",
                     vector->where);
    }
    free(packet);
}

Test(vectors, cut_short)
{
    for_each(check_prefixes);
}

/* ---- no command without vectors ---- */

/* What each command's vectors cover, a bit each. */
enum cover {
    REQUEST_ENCODED = 1,
    REQUEST_INDEFINITE = 2,
    ANSWER_ENCODED = 4,
    ANSWER_INDEFINITE = 8,
    ANSWER_V1 = 16,
    REFUSAL_V1 = 32,
    REFUSAL_V2 = 64,
    EVERYTHING = 127,
};
static struct {
    const struct smp_command *command;
    unsigned covered;
    unsigned vectors;
} covers[256];
static size_t n_covers;

static unsigned cover_of(const struct vector *vector)
{
    bool is_answer = number_of(vector->json, "op") & 1;
    bool encodes = json_is_true(json_object_get(vector->json, "encodes"));
    bool indefinite = vector->packet[SMP_HEADER_SIZE] == 0xbf;
    bool v1 = number_of(vector->json, "version") == 1;
    const char *error = text_of(vector->json, "error");

    if (strcmp(error, "SMP_ERR_DEVICE") == 0)
        return v1 ? REFUSAL_V1 : REFUSAL_V2;
    if (error[0] != '\0')
        return 0;
    if (!is_answer)
        return (encodes ? REQUEST_ENCODED : 0u) | (indefinite ? REQUEST_INDEFINITE : 0u);
    return (encodes ? ANSWER_ENCODED : 0u) | (indefinite ? ANSWER_INDEFINITE : 0u) |
           (v1 ? ANSWER_V1 : 0u);
}

static void add_cover(const struct vector *vector)
{
    const struct smp_command *command = smp_command_find(
        loop, (uint16_t)number_of(vector->json, "group"), (uint8_t)number_of(vector->json, "id"),
        (uint8_t)number_of(vector->json, "op"));
    size_t i = 0;
    while (i < n_covers && covers[i].command != command)
        i++;
    cr_assert_lt(i, 256);
    n_covers = i == n_covers ? n_covers + 1 : n_covers;
    covers[i].command = command;
    covers[i].covered |= cover_of(vector);
    covers[i].vectors++;
}

Test(vectors, every_command_has_them)
{
    size_t commands = 0;
    n_covers = 0;
    for_each(add_cover);
    for (const struct smp_group *g = smp_group_next(loop, NULL); g; g = smp_group_next(loop, g)) {
        for (size_t i = 0; i < smp_group_commands(g); i++, commands++) {
            const struct smp_command *command = smp_group_command(g, i);
            unsigned covered = 0;
            for (size_t k = 0; k < n_covers; k++)
                covered |= covers[k].command == command ? covers[k].covered : 0;
            report_tested("vectors", loop, command);
            cr_expect_eq(covered, EVERYTHING, "%s %s: only %x", smp_group_name(g),
                         smp_command_name(command), covered);
        }
    }
    printf("%zu commands\n", commands);
    cr_assert_gt(commands, 50);
}

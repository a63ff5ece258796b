/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real devices said.  Answers of groups that have tables must give the
 * values the recording says, field by field; all others must be CBOR.  The
 * recordings are not part of this repository: SMP_SHARED, or ../shared.
 */
#include <smp/loop.h>
#include <smp/message.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct packet {
    uint8_t *data;
    size_t len;
};

static struct packet from_hex(const char *hex)
{
    struct packet packet = {.data = malloc(strlen(hex) / 2 + 1), .len = strlen(hex) / 2};

    cr_assert_not_null(packet.data);
    for (size_t i = 0; i < packet.len; i++) {
        unsigned byte;
        cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        packet.data[i] = (uint8_t)byte;
    }
    return packet;
}

static void expect_value(const char *key, const struct smp_value *value, const json_t *json)
{
    switch (value->kind) {
    case SMP_KIND_BOOL:
        cr_assert_eq(value->as.boolean, json_is_true(json), "%s", key);
        break;
    case SMP_KIND_UINT:
    case SMP_KIND_INT:
        cr_assert(json_is_integer(json), "%s", key);
        cr_assert_eq(value->as.sint, json_integer_value(json), "%s", key);
        break;
    case SMP_KIND_STR:
        cr_assert(json_is_string(json), "%s", key);
        cr_assert_eq(value->as.str.len, json_string_length(json), "%s", key);
        cr_assert_eq(memcmp(value->as.str.data, json_string_value(json), value->as.str.len), 0,
                     "%s", key);
        break;
    case SMP_KIND_BYTES: {
        const char *hex = json_string_value(json_object_get(json, "bytes"));
        cr_assert_not_null(hex, "%s", key);
        struct packet bytes = from_hex(hex);
        cr_assert_eq(value->as.bytes.len, bytes.len, "%s", key);
        cr_assert_eq(memcmp(value->as.bytes.data, bytes.data, bytes.len), 0, "%s", key);
        free(bytes.data);
        break;
    }
    default:
        cr_assert_fail("%s: kind %d", key, value->kind);
    }
}

static size_t expect_record(const struct smp_message *message, const void *record,
                            const json_t *json);

/* A keyed map's element is found by its key; returns how many values were compared. */
static size_t expect_elements(const struct smp_field *field, const void *record, const json_t *json)
{
    const struct smp_message *message = smp_field_message(field);
    struct smp_value scalar;
    size_t compared = 0;

    for (size_t i = 0; i < smp_field_count(field, record); i++) {
        if (!message) {
            cr_assert_eq(smp_field_scalar(field, record, i, &scalar), SMP_OK);
            expect_value(smp_field_key(field), &scalar, json_array_get(json, i));
            compared++;
            continue;
        }
        const void *element = smp_field_element(field, record, i);
        const json_t *entry = json_array_get(json, i);
        if (smp_field_kind(field) == SMP_KIND_MAP) {
            char name[256];
            cr_assert_eq(smp_field_get(smp_message_field(message, 0), element, &scalar), SMP_OK);
            snprintf(name, sizeof(name), "%.*s", (int)scalar.as.str.len, scalar.as.str.data);
            entry = json_object_get(json, name);
        }
        cr_assert_not_null(entry, "%s", smp_field_key(field));
        const struct smp_field *bare = smp_message_field(message, 1);
        if (smp_field_kind(field) == SMP_KIND_MAP && bare && smp_field_key(bare)[0] == '\0') {
            cr_assert_eq(smp_field_get(bare, element, &scalar), SMP_OK);
            expect_value(smp_field_key(field), &scalar, entry);
            compared++;
        } else {
            compared += expect_record(message, element, entry);
        }
    }
    return compared;
}

static size_t expect_record(const struct smp_message *message, const void *record,
                            const json_t *json)
{
    size_t compared = 0;

    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        const char *key = smp_field_key(field);
        const json_t *wanted = json_object_get(json, key);
        struct smp_value value;
        if (key[0] == '\0')
            continue;
        int error = smp_field_get(field, record, &value);
        if (error == SMP_ERR_INVALID) {
            cr_assert_eq(smp_field_count(field, record),
                         json_is_array(wanted) ? json_array_size(wanted) : json_object_size(wanted),
                         "%s", key);
            compared += expect_elements(field, record, wanted);
        } else if (wanted) {
            cr_assert_eq(error, SMP_OK, "%s is missing", key);
            expect_value(key, &value, wanted);
            compared++;
        } else if (smp_field_optional(field)) {
            cr_assert_eq(error, SMP_ERR_NOT_FOUND, "%s was never sent", key);
        }
    }
    return compared;
}

/* Whether the recording holds an error, and then that it is the result's. */
static bool expect_verdict(const struct smp_result *result, const json_t *json)
{
    const json_t *err = json_object_get(json, "err");

    if (!err && json_is_object(json_object_get(json, "ret")))
        err = json_object_get(json, "ret");
    json_int_t rc = json_integer_value(json_object_get(err ? err : json, "rc"));
    cr_assert_eq(result->error, rc != 0 ? SMP_ERR_DEVICE : SMP_OK, "%s, key %s",
                 smp_error_name(result->error), result->key);
    cr_assert_eq(result->rc, rc);
    cr_assert_eq(result->from_group, err != NULL && rc != 0);
    if (result->from_group)
        cr_assert_eq(result->group, json_integer_value(json_object_get(err, "group")));
    const char *reason = json_string_value(json_object_get(json, "rsn"));
    cr_assert_eq(result->reason.len, reason ? strlen(reason) : 0);
    return rc != 0;
}

static size_t check(struct smp_loop *loop, const json_t *capture)
{
    const json_t *decoded = json_object_get(capture, "decoded");
    const char *hex = json_string_value(json_object_get(capture, "response_hex"));
    struct smp_result result;
    char text[64];
    size_t compared = 0;

    if (!hex || !json_is_object(decoded))
        return 0;
    struct packet packet = from_hex(hex);
    cr_assert_eq(smp_packet_decode(loop, packet.data, packet.len, &result), SMP_OK, "%s: %s",
                 json_string_value(json_object_get(capture, "name")), hex);
    cr_assert_gt(smp_packet_dump(loop, packet.data, packet.len, text, sizeof(text)), 0);
    bool refused = expect_verdict(&result, decoded);
    if (result.message && !refused)
        compared = expect_record(result.message, result.rsp, decoded);
    free(packet.data);
    return compared;
}

Test(captures, real_answers_decode_to_what_they_say)
{
    const char *shared = getenv("SMP_SHARED");
    char pattern[512];
    struct smp_loop *loop;
    glob_t files;
    size_t compared = 0;

    snprintf(pattern, sizeof(pattern), "%s/captures/*.jsonl", shared ? shared : "../shared");
    if (glob(pattern, 0, NULL, &files) != 0) {
        fprintf(stderr, "SKIPPED: no recordings at %s\n", pattern);
        cr_skip_test("no recordings at %s", pattern);
    }
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        static char line[1 << 18];
        FILE *file = fopen(files.gl_pathv[i], "r");
        cr_assert_not_null(file);
        while (fgets(line, sizeof(line), file)) {
            json_t *capture = json_loads(line, 0, NULL);
            cr_assert_not_null(capture, "%s: a line is not JSON", files.gl_pathv[i]);
            compared += check(loop, capture);
            json_decref(capture);
        }
        fclose(file);
    }
    printf("%zu recorded values compared\n", compared);
    cr_assert_gt(compared, 500, "only %zu values: are these the recordings?", compared);
    smp_loop_free(loop);
    globfree(&files);
}

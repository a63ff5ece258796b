/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real devices were asked, and the answers that came in bursts or broken;
 * captures_test.c has the rest.  The recordings are not part of this repository:
 * SMP_SHARED, or ../shared.
 */
#include "support/hex.h"
#include "support/record.h"
#include "support/report.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct smp_loop *loop;
static uint8_t packet[65536];

static void set_up(void)
{
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_loop_free(loop);
}

TestSuite(captures_requests, .init = set_up, .fini = tear_down, .timeout = 60);

/* Calls `check` with each recording of whole packets. */
static void for_each(void (*check)(const json_t *capture))
{
    static char line[1 << 18];
    const char *shared = getenv("SMP_SHARED");
    char pattern[512];
    glob_t files;

    snprintf(pattern, sizeof(pattern), "%s/captures/*.jsonl", shared ? shared : "../shared");
    if (glob(pattern, 0, NULL, &files) != 0) {
        fprintf(stderr, "SKIPPED: no recordings at %s\n", pattern);
        cr_skip_test("no recordings at %s", pattern);
    }
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");
        cr_assert_not_null(file);
        while (fgets(line, sizeof(line), file)) {
            json_t *capture = json_loads(line, 0, NULL);
            cr_assert_not_null(capture);
            if (!json_object_get(capture, "packets")) /* those are lines of a console */
                check(capture);
            json_decref(capture);
        }
        fclose(file);
    }
    globfree(&files);
}

static const char *name_of(const json_t *capture)
{
    return json_string_value(json_object_get(capture, "name"));
}

/* ---- requests ---- */

static size_t decoded, identical, refused;
static bool groups[64];

/* Decoded, encoded and decoded again, a request says the same. */
static void check_request(const json_t *capture)
{
    const char *hex = json_string_value(json_object_get(capture, "request_hex"));
    struct smp_result result;
    size_t len;

    if (!hex || hex_read(hex, packet, sizeof(packet)) < SMP_HEADER_SIZE)
        return;
    size_t packet_len = strlen(hex) / 2;
    smp_packet_decode(loop, packet, packet_len, &result);
    if (!result.command || result.header.op & 1 || result.header.length == 0)
        return;
    if (result.error != SMP_OK) {
        refused++;
        return;
    }
    const struct smp_message *message = smp_command_request(result.command);
    if (smp_message_fields(message) == 0)
        return;
    static uint8_t cbor[65536];
    json_t *before = record_to_json(message, result.rsp);
    cr_assert_eq(smp_message_encode(message, result.rsp, cbor, sizeof(cbor), &len), SMP_OK, "%s",
                 name_of(capture));
    identical += len == result.payload.len && memcmp(cbor, result.payload.data, len) == 0;
    result.header.length = (uint16_t)len;
    smp_header_encode(&result.header, packet);
    memcpy(packet + SMP_HEADER_SIZE, cbor, len);
    groups[result.header.group % 64] = true;
    cr_assert_eq(smp_packet_decode(loop, packet, SMP_HEADER_SIZE + len, &result), SMP_OK, "%s",
                 name_of(capture));
    json_t *after = record_to_json(message, result.rsp);
    cr_assert(json_equal(before, after), "%s", name_of(capture));
    json_decref(before);
    json_decref(after);
    decoded++;
}

Test(captures_requests, decode_and_encode)
{
    static const uint16_t expected[] = {SMP_GROUP_OS,       SMP_GROUP_IMG, SMP_GROUP_STAT,
                                        SMP_GROUP_SETTINGS, SMP_GROUP_FS,  SMP_GROUP_SHELL,
                                        SMP_GROUP_ENUM};
    for_each(check_request);
    printf("%zu recorded requests decoded, %zu of them encoded to the same bytes, %zu malformed\n",
           decoded, identical, refused);
    cr_assert_gt(decoded, 500);
    cr_assert_gt(identical, 200);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        cr_expect(groups[expected[i]], "group %u", expected[i]);
}

/* ---- what the device said to requests that break the rules ---- */

static size_t broken;

/* Zephyr takes these as if they said nothing; our server answers `rc 3`. */
static bool is_known(const char *name, const char *key)
{
    static const char *const known[][2] = {
        {"os echo without d", "d"},       {"framing: length field too short", "d"},
        {"os reset force tstr", "force"}, {"os reset v1 boot_mode 300", "boot_mode"},
        {"settings write no val", "val"}, {"fs upload no data", "data"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(name, known[i][0], strlen(known[i][0])) == 0 && strcmp(key, known[i][1]) == 0)
            return true;
    return false;
}

/* What our tables refuse a real server refused too. */
static void check_refusal(const json_t *capture)
{
    const char *request = json_string_value(json_object_get(capture, "request_hex"));
    const char *response = json_string_value(json_object_get(capture, "response_hex"));
    struct smp_result result;

    if (!request || !response || hex_read(request, packet, sizeof(packet)) < SMP_HEADER_SIZE)
        return;
    smp_packet_decode(loop, packet, strlen(request) / 2, &result);
    if (!result.command || result.error != SMP_ERR_MALFORMED || !result.key)
        return;
    size_t len = hex_read(response, packet, sizeof(packet));
    const char *key = result.key;
    smp_packet_decode(loop, packet, len, &result);
    cr_expect(result.error != SMP_OK || is_known(name_of(capture), key),
              "we refuse \"%s\" of \"%s\", the device did not", key, name_of(capture));
    broken++;
}

Test(captures_requests, refused_here_and_there)
{
    for_each(check_refusal);
    printf("%zu requests that our tables refuse\n", broken);
    cr_assert_gt(broken, 100);
}

/* ---- answers ---- */

static size_t in_bursts, undecodable;

static void check_answers(const json_t *capture)
{
    const json_t *answers = json_object_get(capture, "response_hex");
    const json_t *said = json_object_get(capture, "decoded");
    struct smp_result result;

    if (json_is_object(said) && json_is_string(answers)) {
        size_t len = hex_read(json_string_value(answers), packet, sizeof(packet));
        if (smp_packet_decode(loop, packet, len, &result) == SMP_OK && result.command)
            report_tested(result.error == SMP_OK ? "recorded" : "refused", loop, result.command);
    }
    for (size_t i = 0; i < json_array_size(answers); i++) {
        size_t len =
            hex_read(json_string_value(json_array_get(answers, i)), packet, sizeof(packet));
        smp_packet_decode(loop, packet, len, &result);
        cr_assert(result.error == SMP_OK || result.error == SMP_ERR_DEVICE, "%s: %s",
                  name_of(capture), smp_error_name(result.error));
        in_bursts++;
    }
    if (json_is_string(said) && json_is_string(answers)) {
        size_t len = hex_read(json_string_value(answers), packet, sizeof(packet));
        cr_assert_eq(smp_packet_decode(loop, packet, len, &result), SMP_ERR_MALFORMED, "%s",
                     name_of(capture));
        undecodable++;
    }
}

Test(captures_requests, bursts_and_broken_answers)
{
    for_each(check_answers);
    printf("%zu answers in bursts, %zu that cannot be decoded\n", in_bursts, undecodable);
    cr_assert_gt(in_bursts, 100);
    /* Zephyr 3.4, statistics of an unknown section, SMP v1: a header without its payload */
    cr_assert_eq(undecodable, 2);
}

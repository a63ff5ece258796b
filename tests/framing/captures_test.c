/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of real devices: the same packets come out of them, and the requests recorded beside them
 * become the same lines again.  The recordings are not part of this repository: SMP_SHARED, or
 * ../shared.
 */
#include "framing/console.h"
#include "framing/stream.h"

#include <jansson.h>

#include <glob.h>

enum { PACKET_MAX = 4096 };

static glob_t find_recordings(void)
{
    const char *shared = getenv("SMP_SHARED");
    char pattern[1024];
    glob_t files = {0};
    snprintf(pattern, sizeof(pattern), "%s/captures/*.jsonl", shared ? shared : "../shared");
    if (glob(pattern, 0, NULL, &files) != 0) {
        cr_skip_test("SKIPPED, NOT TESTED: no recordings at %s; set SMP_SHARED", pattern);
    }
    return files;
}

static const char *text_of(const json_t *entry, const char *key)
{
    const char *text = json_string_value(json_object_get(entry, key));
    return text ? text : "";
}

/* How the answers should be reported: those that were whole. */
static void wanted_answers(const json_t *entry, struct stream *wanted)
{
    const json_t *packets = json_object_get(entry, "packets");
    const json_t *more = json_object_get(entry, "more_responses_hex");
    const json_t *one;
    size_t i;
    stream_events(wanted);
    if (packets) {
        json_array_foreach(packets, i, one)
        {
            const json_t *good = json_object_get(one, "crc_ok");
            if (!good || json_is_true(good)) {
                stream_add(wanted, "P", 1);
                stream_add(wanted, text_of(one, "hex"), strlen(text_of(one, "hex")));
                stream_add(wanted, ";", 1);
            }
        }
        return;
    }
    const char *hex = text_of(entry, "response_hex");
    if (*hex) {
        stream_add(wanted, "P", 1);
        stream_add(wanted, hex, strlen(hex));
        stream_add(wanted, ";", 1);
    }
    json_array_foreach(more, i, one)
    {
        stream_add(wanted, "P", 1);
        stream_add(wanted, json_string_value(one), strlen(json_string_value(one)));
        stream_add(wanted, ";", 1);
    }
}

static size_t from_hex(const char *hex, uint8_t *data, size_t room)
{
    size_t len = strlen(hex) / 2;
    cr_assert_leq(len, room);
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        data[i] = (uint8_t)byte;
    }
    return len;
}

/* What was on the line.  Where the packets are listed, it is the hexadecimal that is whole. */
static size_t line_bytes(const json_t *entry, uint8_t *data, size_t room)
{
    if (json_object_get(entry, "packets")) {
        return from_hex(text_of(entry, "response_hex"), data, room);
    }
    const char *text = text_of(entry, "response_text");
    cr_assert_leq(strlen(text), room);
    memcpy(data, text, strlen(text));
    return strlen(text);
}

static void expect_answers(const json_t *entry)
{
    static uint8_t buffer[PACKET_MAX * 2], bytes[1 << 16];
    struct smpi_console console;
    struct stream stream, wanted;
    struct smpi_framing_events events = stream_events(&stream);
    smpi_console_init(&console, &events, buffer, PACKET_MAX);
    smpi_console_feed(&console, bytes, line_bytes(entry, bytes, sizeof(bytes)));
    wanted_answers(entry, &wanted);
    cr_expect_str_eq(stream.log, wanted.log, "%s, %s", text_of(entry, "server"),
                     text_of(entry, "name"));
    free(stream.log);
    free(wanted.log);
}

/* The request as lines; only where the recording has the packet and not the bytes on the wire. */
static bool expect_request(const json_t *entry)
{
    uint8_t packet[PACKET_MAX], lines[PACKET_MAX * 2];
    struct smpi_console_encoder encoder;
    const char *hex = text_of(entry, "request_hex");
    size_t at = 0, got;
    if (!*hex || json_object_get(entry, "packets")) {
        return false;
    }
    size_t len = from_hex(hex, packet, sizeof(packet));
    smpi_console_begin(&encoder, packet, len, SMPI_CONSOLE_LINE);
    while ((got = smpi_console_next(&encoder, lines + at)) > 0) {
        at += got;
    }
    lines[at] = '\0';
    cr_expect_str_eq((char *)lines, text_of(entry, "request_text"), "%s, %s",
                     text_of(entry, "server"), text_of(entry, "name"));
    return true;
}

Test(captures, lines_on_the_wire)
{
    glob_t files = find_recordings();
    size_t answers = 0, requests = 0;
    for (size_t i = 0; i < files.gl_pathc; i++) {
        static char line[1 << 20];
        FILE *file = fopen(files.gl_pathv[i], "r");
        cr_assert_not_null(file);
        while (fgets(line, sizeof(line), file)) {
            json_t *entry = json_loads(line, JSON_ALLOW_NUL, NULL);
            cr_assert_not_null(entry);
            if (*text_of(entry, "response_text")) {
                expect_answers(entry);
                answers++;
            }
            if (*text_of(entry, "request_text")) {
                requests += expect_request(entry);
            }
            json_decref(entry);
        }
        fclose(file);
    }
    printf("%zu answers, %zu requests\n", answers, requests);
    cr_assert_gt(answers, 800u, "only %zu answers: are these the recordings?", answers);
    cr_assert_gt(requests, 600u, "only %zu requests: are these the recordings?", requests);
    globfree(&files);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <criterion/criterion.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FIRST "{\"smp_recording\":1,\"device\":\"x\"}\n"

static struct recording recording;
static char error[256];

static bool parse(const char *text)
{
    return recording_parse("file", text, strlen(text), &recording, error, sizeof error);
}

Test(recording, packets_are_read)
{
    cr_assert(parse(FIRST "{\"time\":1.5,\"to\":\"device\",\"bytes\":\"0aFf\"}\r\n"
                          "\n"
                          "{\"to\":\"host\",\"bytes\":\"00\",\"time\":2,\"remark\":[]}"),
              "%s", error);
    cr_assert_eq(recording.n, 2);
    cr_assert(recording.packets[0].to_device);
    cr_assert_eq(recording.packets[0].time, 1.5);
    cr_assert_eq(recording.packets[0].len, 2);
    cr_assert_arr_eq(recording.packets[0].packet, "\x0a\xff", 2);
    cr_assert(!recording.packets[1].to_device);
    cr_assert_eq(recording.packets[1].len, 1);
    cr_assert_eq(recording.packets[1].packet[0], 0);
    recording_free(&recording);
    cr_assert(parse("{\"smp_recording\":1}"), "%s", error);
    cr_assert_eq(recording.n, 0);
    recording_free(&recording);
}

Test(recording, errors_tell_file_line_and_reason)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", "file, line 1: column"},
        {"0a0b\n", "file, line 1: "},
        {"{}", "file, line 1: not a recording"},
        {"[]", "file, line 1: an object"},
        {"{\"smp_recording\":2}", "file, line 1: a recording of another version"},
        {"{\"smp_recording\":1}{}", "file, line 1: column"},
        {FIRST "{\"time\":1,\"to\":\"device\",\"bytes\":\"0\"}", "file, line 2: `bytes`"},
        {FIRST "{\"time\":1,\"to\":\"device\",\"bytes\":\"\"}", "file, line 2: `bytes`"},
        {FIRST "{\"time\":1,\"to\":\"device\",\"bytes\":\"0g\"}", "file, line 2: `bytes`"},
        {FIRST "{\"time\":1,\"to\":\"device\",\"bytes\":7}", "file, line 2: `bytes`"},
        {FIRST "{\"time\":1,\"to\":\"me\",\"bytes\":\"00\"}", "file, line 2: `to`"},
        {FIRST "{\"time\":1,\"bytes\":\"00\"}", "file, line 2: `to`"},
        {FIRST "\n{\"time\":\"1\",\"to\":\"host\",\"bytes\":\"00\"}", "file, line 3: `time`"},
        {FIRST "{\"time\":-1,\"to\":\"host\",\"bytes\":\"00\"}", "file, line 2: `time`"},
        {FIRST "{\"time\":1,\"time\":1,\"to\":\"host\",\"bytes\":\"00\"}", "file, line 2: column"},
        {FIRST "7", "file, line 2: "},
        {FIRST "{\"time\":1,\"to\":\"host\",\"bytes\":\"00", "file, line 2: column"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(!parse(cases[i].text), "%s", cases[i].text);
        cr_expect_eq(strncmp(error, cases[i].says, strlen(cases[i].says)), 0, "%s: %s",
                     cases[i].text, error);
    }
    cr_expect(!recording_parse("file", FIRST "\0", sizeof FIRST, &recording, error, sizeof error));
}

Test(recording, a_packet_larger_than_any_is_refused)
{
    static char text[200000];
    const size_t digits = 2 * (size_t)65544;
    int n = snprintf(text, sizeof text, FIRST "{\"time\":1,\"to\":\"host\",\"bytes\":\"");
    memset(text + n, '0', digits);
    strcpy(text + (size_t)n + digits, "\"}");
    cr_assert(!parse(text));
    cr_assert_str_eq(error, "file, line 2: a packet has 65543 bytes at most");
}

Test(recording, missing_files_and_folders)
{
    cr_assert(!recording_read("/nowhere/at/all", &recording, error, sizeof error));
    cr_assert_str_eq(error, "/nowhere/at/all: No such file or directory");
    cr_assert(!recording_read("/", &recording, error, sizeof error));
    cr_assert_str_eq(error, "/: Is a directory");
}

Test(recording, what_is_written_can_be_read)
{
    char path[] = "/tmp/recording-XXXXXX";
    close(mkstemp(path));
    uint8_t packet[300];
    for (size_t i = 0; i < sizeof packet; i++) {
        packet[i] = (uint8_t)i;
    }
    struct recorder *recorder = recorder_new(path, "a \"name\"\\\n\xff", "me");
    cr_assert_not_null(recorder);
    cr_assert_eq(recorder_add(recorder, true, packet, sizeof packet), 0);
    cr_assert(recording_read(path, &recording, error, sizeof error), "at any time: %s", error);
    recording_free(&recording);
    cr_assert_eq(recorder_add(recorder, false, packet, 8), 0);
    cr_assert_eq(recorder_close(recorder), 0);
    cr_assert(recording_read(path, &recording, error, sizeof error), "%s", error);
    cr_assert_eq(recording.n, 2);
    cr_assert(recording.packets[0].to_device);
    cr_assert_eq(recording.packets[0].len, sizeof packet);
    cr_assert_arr_eq(recording.packets[0].packet, packet, sizeof packet);
    cr_assert(!recording.packets[1].to_device);
    cr_assert_gt(recording.packets[0].time, 1.7e9);
    cr_assert_geq(recording.packets[1].time, recording.packets[0].time);
    recording_free(&recording);
    unlink(path);
}

Test(recording, a_full_disk_is_told)
{
    struct recorder *recorder = recorder_new("/dev/full", "x", "me");
    cr_assert_not_null(recorder);
    cr_assert_eq(recorder_add(recorder, true, (const uint8_t *)"x", 1), ENOSPC);
    cr_assert_eq(recorder_add(recorder, true, (const uint8_t *)"x", 1), ENOSPC);
    cr_assert_eq(recorder_close(recorder), ENOSPC);
    cr_assert_eq(recorder_close(NULL), 0);
    cr_assert_null(recorder_new("/nowhere/at/all", "x", "me"));
    cr_assert_eq(errno, ENOENT);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "recording.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST (256u << 20)  /* bytes of a file; larger is no recording */
#define PACKET_MOST 65543u /* what SMP's header can tell, and the header */

static const char begin[] = "{\"smp_recording\":";

/* What is being read. */
struct reader {
    const char *name;
    unsigned line;
    struct recording *recording;
    size_t room;   /* packets there is memory for */
    uint8_t *next; /* where the next bytes go: there is room for all the text can hold */
    char *error;
    size_t error_size;
};

static bool wrong(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool wrong(struct reader *reader, const char *format, ...)
{
    va_list args;
    int n =
        snprintf(reader->error, reader->error_size, "%s, line %u: ", reader->name, reader->line);
    if (n > 0 && (size_t)n < reader->error_size) {
        va_start(args, format);
        vsnprintf(reader->error + n, reader->error_size - (size_t)n, format, args);
        va_end(args);
    }
    return false;
}

/* ---- one line ---- */

static bool read_first(struct reader *reader, const json_t *json)
{
    json_t *version = json_object_get(json, "smp_recording");
    if (!version) {
        return wrong(reader, "not a recording: `smp_recording` is missing");
    }
    if (!json_is_integer(version) || json_integer_value(version) != 1) {
        return wrong(reader, "a recording of another version than 1, which is all that is known");
    }
    return true;
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Returns whether it was hexadecimal; the bytes stand at reader->next then. */
static bool read_hex(struct reader *reader, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i += 2) {
        int high = digit(text[i]);
        int low = i + 1 < len ? digit(text[i + 1]) : -1;
        if (high < 0 || low < 0) {
            return false;
        }
        reader->next[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static bool read_packet(struct reader *reader, const json_t *json, struct recorded *packet)
{
    json_t *time = json_object_get(json, "time");
    json_t *bytes = json_object_get(json, "bytes");
    const char *to = json_string_value(json_object_get(json, "to"));
    size_t len = json_string_length(bytes);
    if (!json_is_number(time) || !(json_number_value(time) >= 0)) {
        return wrong(reader, "`time` is a number of seconds");
    }
    if (!to || (strcmp(to, "device") != 0 && strcmp(to, "host") != 0)) {
        return wrong(reader, "`to` is \"device\" or \"host\"");
    }
    if (!json_is_string(bytes) || len == 0 || !read_hex(reader, json_string_value(bytes), len)) {
        return wrong(reader, "`bytes` is a packet in hexadecimal, two digits a byte");
    }
    if (len / 2 > PACKET_MOST) {
        return wrong(reader, "a packet has %u bytes at most", PACKET_MOST);
    }
    *packet = (struct recorded){
        .time = json_number_value(time),
        .to_device = *to == 'd',
        .packet = reader->next,
        .len = len / 2,
    };
    reader->next += len / 2;
    return true;
}

static bool add_packet(struct reader *reader, const json_t *json)
{
    struct recording *recording = reader->recording;
    if (recording->n == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 256;
        struct recorded *larger = realloc(recording->packets, room * sizeof *larger);
        if (!larger) {
            return wrong(reader, "no memory for more packets");
        }
        recording->packets = larger;
        reader->room = room;
    }
    if (!read_packet(reader, json, &recording->packets[recording->n])) {
        return false;
    }
    recording->n++;
    return true;
}

static bool read_line(struct reader *reader, const char *line, size_t len)
{
    json_error_t error;
    bool first = reader->line++ == 0;
    if (len > 0 && line[len - 1] == '\r') {
        len--;
    }
    if (len == 0 && !first) {
        return true;
    }
    json_t *json = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
    bool good = json_is_object(json);
    if (!json) {
        wrong(reader, "column %d: %s", error.column, error.text);
    } else if (!good) {
        wrong(reader, "an object in braces belongs here");
    } else {
        good = first ? read_first(reader, json) : add_packet(reader, json);
    }
    json_decref(json);
    return good;
}

/* ---- all of it ---- */

bool recording_is(const char *text, size_t len)
{
    return len >= sizeof begin - 1 && memcmp(text, begin, sizeof begin - 1) == 0;
}

bool recording_parse(const char *name, const char *text, size_t len, struct recording *recording,
                     char *error, size_t size)
{
    struct reader reader = {
        .name = name, .recording = recording, .error = error, .error_size = size};
    const char *end = text + len;
    *recording = (struct recording){.bytes = malloc(len / 2 + 1)};
    reader.next = recording->bytes;
    bool good = recording->bytes != NULL;
    if (!good) {
        snprintf(error, size, "%s: no memory", name);
    }
    do {
        const char *stop = good ? memchr(text, '\n', (size_t)(end - text)) : NULL;
        stop = stop ? stop : end;
        good = good && read_line(&reader, text, (size_t)(stop - text));
        text = stop < end ? stop + 1 : end;
    } while (good && text < end);
    if (!good) {
        recording_free(recording);
    }
    return good;
}

static char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "re");
    int error = file ? 0 : errno;
    char *text = NULL;
    size_t room = 0;
    errno = 0;
    *len = 0;
    while (file && *len == room && room <= MOST) {
        size_t more = room ? 2 * room : 65536;
        char *larger = realloc(text, more);
        if (!larger) {
            break; /* *len == room: said below */
        }
        text = larger;
        room = more;
        *len += fread(text + *len, 1, room - *len, file);
    }
    if (file) {
        error = ferror(file)   ? (errno ? errno : EIO)
                : *len == room ? (room > MOST ? EFBIG : ENOMEM)
                               : 0;
        fclose(file);
    }
    if (error) {
        free(text);
        text = NULL;
    }
    errno = error;
    return text;
}

bool recording_read(const char *path, struct recording *recording, char *error, size_t size)
{
    size_t len;
    char *text = read_file(path, &len);
    if (!text) {
        snprintf(error, size, "%s: %s", path, strerror(errno));
        return false;
    }
    bool good = recording_parse(path, text, len, recording, error, size);
    free(text);
    return good;
}

void recording_free(struct recording *recording)
{
    free(recording->packets);
    free(recording->bytes);
    *recording = (struct recording){0};
}

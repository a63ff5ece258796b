/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/console.h"

#include "framing/base64.h"
#include "framing/crc16.h"

#include <string.h>

/* Markers: none of their bytes is base64, and none of the first ones is in usual text. */
enum { FIRST_1 = 0x06, FIRST_2 = 0x09, NEXT_1 = 0x04, NEXT_2 = 0x14 };

/* Blanks that may stand behind the longest line. */
enum { SLACK = 8 };

/* ---- packet to lines ---- */

static size_t bytes_per_line(size_t line)
{
    return (line - 3) / 4 * 3; /* marker and newline are 3 */
}

void smpi_console_begin(struct smpi_console_encoder *encoder, const uint8_t *packet, size_t len,
                        size_t line)
{
    *encoder = (struct smpi_console_encoder){
        .packet = packet,
        .len = len,
        .per_line = bytes_per_line(line),
        .crc = smpi_crc16(0, packet, len),
    };
}

/* Byte `i` of the message: L, packet, CRC. */
static uint8_t message_byte(const struct smpi_console_encoder *encoder, size_t i)
{
    size_t said = encoder->len + 2;
    if (i < 2) {
        return (uint8_t)(i == 0 ? said >> 8 : said);
    }
    if (i < said) {
        return encoder->packet[i - 2];
    }
    return (uint8_t)(i == said ? encoder->crc >> 8 : encoder->crc);
}

size_t smpi_console_next(struct smpi_console_encoder *encoder, uint8_t *line)
{
    size_t rest = encoder->len + SMPI_CONSOLE_OVERHEAD - encoder->at;
    size_t count = rest < encoder->per_line ? rest : encoder->per_line;
    if (count == 0) {
        return 0;
    }
    uint8_t *out = line;
    *out++ = encoder->at == 0 ? FIRST_1 : NEXT_1;
    *out++ = encoder->at == 0 ? FIRST_2 : NEXT_2;
    while (count > 0) {
        uint8_t group[3];
        size_t n = 0;
        while (n < 3 && n < count) {
            group[n++] = message_byte(encoder, encoder->at++);
        }
        smpi_base64_encode(group, n, (char *)out);
        out += 4;
        count -= n;
    }
    *out++ = '\n';
    return (size_t)(out - line);
}

size_t smpi_console_lines(size_t len, size_t line)
{
    size_t per_line = bytes_per_line(line);
    return (len + SMPI_CONSOLE_OVERHEAD + per_line - 1) / per_line;
}

/* ---- bytes to packets and text ---- */

size_t smpi_console_room(size_t max_packet)
{
    return smpi_base64_size(max_packet + SMPI_CONSOLE_OVERHEAD) + SLACK;
}

void smpi_console_init(struct smpi_console *console, const struct smpi_framing_events *events,
                       uint8_t *buffer, size_t max_packet)
{
    *console = (struct smpi_console){
        .events = *events,
        .buffer = buffer,
        .capacity = smpi_console_room(max_packet),
        .max_packet = max_packet,
    };
}

void smpi_console_reset(struct smpi_console *console)
{
    console->open = false;
    console->state = SMPI_CONSOLE_TEXT;
}

/* Ends the frame without a packet, if there is one. */
static void drop(struct smpi_console *console, uint64_t *reason)
{
    if (console->open) {
        console->open = false;
        (*reason)++;
    }
}

static void begin_line(struct smpi_console *console, bool first)
{
    if (first) {
        drop(console, &console->stats.bad_length); /* the one before never ended */
        console->open = true;
        console->decoded = 0;
    } else if (console->before != SMPI_CONSOLE_TEXT) {
        drop(console, &console->stats.bad_length); /* the line before never ended */
    }
    console->stats.orphans += !console->open;
    console->filled = console->decoded;
    console->state = console->open ? SMPI_CONSOLE_IN : SMPI_CONSOLE_SKIP;
}

/* All of a message is there. */
static void end_message(struct smpi_console *console, size_t said)
{
    console->open = false;
    if (smpi_crc16(0, console->buffer + 2, said) != 0) {
        console->stats.bad_crc++;
    } else {
        console->events.packet(console->events.user, console->buffer + 2, said - 2);
    }
}

static void end_line(struct smpi_console *console)
{
    uint8_t *line = console->buffer + console->decoded;
    size_t len = console->filled - console->decoded;
    console->state = SMPI_CONSOLE_TEXT;
    size_t got = smpi_base64_decode((const char *)line, len, console->strict, line);
    if (got == SMPI_BASE64_BAD) {
        drop(console, &console->stats.bad_encoding);
        return;
    }
    console->decoded += got;
    size_t said = console->decoded < 2 ? 0 : (size_t)console->buffer[0] << 8 | console->buffer[1];
    if (said < 2 || said > console->max_packet + 2 || console->decoded > 2 + said) {
        drop(console, &console->stats.bad_length);
    } else if (console->decoded == 2 + said) {
        end_message(console, said);
    }
}

static void put_text(struct smpi_console *console, const uint8_t *text, size_t len)
{
    if (len > 0) {
        console->events.text(console->events.user, text, len);
    }
}

static bool may_be_marker(uint8_t c)
{
    return c == FIRST_1 || c == NEXT_1;
}

static void begin_marker(struct smpi_console *console, uint8_t c)
{
    console->before = console->state;
    console->mark = c;
    console->state = SMPI_CONSOLE_MARK;
}

/* The byte behind one that may begin a marker.  False: it was none; the byte is still to be read. */
static bool second_of_marker(struct smpi_console *console, uint8_t c)
{
    bool first = console->mark == FIRST_1;
    if (c == (first ? FIRST_2 : NEXT_2)) {
        begin_line(console, first);
        return true;
    }
    console->state = console->before;
    if (console->state == SMPI_CONSOLE_TEXT) {
        put_text(console, &console->mark, 1);
    } else {
        drop(console, &console->stats.bad_encoding);
        console->state = SMPI_CONSOLE_SKIP;
    }
    return false;
}

static void in_line(struct smpi_console *console, uint8_t c)
{
    if (c == '\n') {
        end_line(console);
    } else if (may_be_marker(c)) {
        begin_marker(console, c);
    } else if (console->filled == console->capacity) {
        drop(console, &console->stats.bad_length);
        console->state = SMPI_CONSOLE_SKIP;
    } else {
        console->buffer[console->filled++] = c;
    }
}

/* Text up to the next marker.  Returns how much of it was taken. */
static size_t pass_text(struct smpi_console *console, const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && !may_be_marker(data[n])) {
        n++;
    }
    put_text(console, data, n);
    if (n < len) {
        begin_marker(console, data[n++]);
    }
    return n;
}

void smpi_console_feed(struct smpi_console *console, const uint8_t *data, size_t len)
{
    size_t i = 0;
    while (i < len) {
        switch (console->state) {
        case SMPI_CONSOLE_TEXT:
            i += pass_text(console, data + i, len - i);
            break;
        case SMPI_CONSOLE_MARK:
            i += second_of_marker(console, data[i]);
            break;
        case SMPI_CONSOLE_IN:
            in_line(console, data[i++]);
            break;
        case SMPI_CONSOLE_SKIP:
            if (data[i] == '\n') {
                console->state = SMPI_CONSOLE_TEXT;
            } else if (may_be_marker(data[i])) {
                begin_marker(console, data[i]);
            }
            i++;
            break;
        }
    }
}

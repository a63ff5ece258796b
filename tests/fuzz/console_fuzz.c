/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a console line, in pieces that the bytes choose; what comes out goes in again. */
#include "framing/console.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKET_MAX = 512 };

struct sink {
    size_t packets, bytes, text, seen;
    uint8_t last[PACKET_MAX];
    size_t len;
};

static void on_packet(void *user, const uint8_t *packet, size_t len)
{
    struct sink *sink = user;
    if (len > PACKET_MAX) {
        abort();
    }
    sink->packets++;
    sink->bytes += len;
    sink->len = len;
    memcpy(sink->last, packet, len);
}

static void on_text(void *user, const uint8_t *text, size_t len)
{
    struct sink *sink = user;
    for (size_t i = 0; i < len; i++) {
        sink->seen ^= text[i]; /* so that a sanitizer sees each byte */
    }
    sink->text += len;
}

/* The last packet as lines, after whatever came before: it must come out once more. */
static void again(struct smpi_console *console, struct sink *sink, size_t line)
{
    struct smpi_console_encoder encoder;
    uint8_t packet[PACKET_MAX], text[300];
    size_t packets = sink->packets, len = sink->len, got;
    memcpy(packet, sink->last, len);
    smpi_console_begin(&encoder, packet, len, line);
    while ((got = smpi_console_next(&encoder, text)) > 0) {
        if (got > line) {
            abort();
        }
        smpi_console_feed(console, text, got);
    }
    if (sink->packets != packets + 1 || sink->len != len || memcmp(sink->last, packet, len) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct sink whole = {0}, split = {0};
    struct smpi_framing_events events = {on_packet, on_text, &whole};
    struct smpi_console console;
    uint8_t *buffer = malloc(smpi_console_room(PACKET_MAX));
    size_t piece = 1 + data[0] % 64, line = SMPI_CONSOLE_LINE_MIN + data[1] % 250;
    bool strict = data[1] & 1;
    data += 2;
    size -= 2;

    smpi_console_init(&console, &events, buffer, PACKET_MAX);
    console.strict = strict;
    smpi_console_feed(&console, data, size);
    again(&console, &whole, line);

    events.user = &split;
    smpi_console_init(&console, &events, buffer, PACKET_MAX);
    console.strict = strict;
    for (size_t at = 0; at < size; at += piece) {
        smpi_console_feed(&console, data + at, piece < size - at ? piece : size - at);
    }
    if (split.packets + 1 != whole.packets || split.bytes + whole.len != whole.bytes ||
        split.text > whole.text || whole.text - split.text > 1) { /* 1: half a marker at the end */
        abort();
    }
    free(buffer);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes on a raw line, as client and as server, in pieces that the bytes choose. */
#include "framing/raw.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKET_MAX = 128 };

struct sink {
    size_t packets, bytes, text, seen;
};

static void on_packet(void *user, const uint8_t *packet, size_t len)
{
    struct sink *sink = user;
    if (len < 8 || len > PACKET_MAX || len != 8u + ((size_t)packet[2] << 8 | packet[3])) {
        abort();
    }
    sink->packets++;
    sink->bytes += len;
}

static void on_text(void *user, const uint8_t *text, size_t len)
{
    struct sink *sink = user;
    for (size_t i = 0; i < len; i++) {
        sink->seen ^= text[i]; /* so that a sanitizer sees each byte */
    }
    sink->text += len;
}

static struct sink run(const uint8_t *data, size_t size, size_t piece, bool server)
{
    struct sink sink = {0};
    struct smpi_framing_events events = {on_packet, on_text, &sink};
    struct smpi_raw raw;
    static uint8_t buffer[PACKET_MAX];
    smpi_raw_init(&raw, &events, server, buffer, PACKET_MAX);
    for (size_t at = 0; at < size; at += piece) {
        smpi_raw_feed(&raw, data + at, piece < size - at ? piece : size - at);
    }
    if (!server && sink.bytes + sink.text + raw.filled != size) {
        abort(); /* a byte was lost */
    }
    smpi_raw_silence(&raw);
    if (smpi_raw_waits(&raw)) {
        abort();
    }
    return sink;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    bool server = data[0] & 1;
    size_t piece = 1 + (data[0] >> 1);
    struct sink whole = run(data + 1, size - 1, size - 1, server);
    struct sink split = run(data + 1, size - 1, piece, server);
    if (memcmp(&whole, &split, sizeof(whole)) != 0) {
        abort();
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/raw.h"

#include <string.h>

enum { HEADER = 8 };

void smpi_raw_init(struct smpi_raw *raw, const struct smpi_framing_events *events, bool server,
                   uint8_t *buffer, size_t max_packet)
{
    *raw = (struct smpi_raw){
        .events = *events,
        .buffer = buffer,
        .max_packet = max_packet,
        .server = server,
    };
}

bool smpi_raw_waits(const struct smpi_raw *raw)
{
    return raw->filled > 0 || raw->lost;
}

void smpi_raw_silence(struct smpi_raw *raw)
{
    raw->stats.bad_length += raw->filled > 0;
    raw->filled = 0;
    raw->lost = false;
}

/* Whether a packet may begin so: three reserved bits, two of version, three of op. */
static bool may_begin(const struct smpi_raw *raw, uint8_t c)
{
    return raw->server ? (c & 0x04) == 0 : (c & 0xe5) == 0x01;
}

/* Bytes of the packet in the buffer, as its header says. */
static size_t packet_size(const struct smpi_raw *raw)
{
    return HEADER + ((size_t)raw->buffer[2] << 8 | raw->buffer[3]);
}

/* A packet cannot begin where one was thought to. */
static void lose_step(struct smpi_raw *raw)
{
    raw->stats.bad_encoding++;
    if (raw->server) {
        raw->lost = true;
        raw->filled = 0;
        return;
    }
    size_t skip = 1;
    while (skip < raw->filled && !may_begin(raw, raw->buffer[skip])) {
        skip++;
    }
    raw->events.text(raw->events.user, raw->buffer, skip);
    raw->filled -= skip;
    memmove(raw->buffer, raw->buffer + skip, raw->filled);
}

/* Bytes before a packet.  Returns how many are none of one. */
static size_t pass_over(struct smpi_raw *raw, const uint8_t *data, size_t len)
{
    size_t n = 0;
    while (n < len && !may_begin(raw, data[n])) {
        n++;
    }
    if (n > 0 && raw->server) {
        raw->stats.bad_encoding++;
        raw->lost = true;
    } else if (n > 0) {
        raw->events.text(raw->events.user, data, n);
    }
    return n;
}

/* Fills the buffer up to `size` bytes.  Returns how many it took. */
static size_t fill(struct smpi_raw *raw, size_t size, const uint8_t *data, size_t len)
{
    size_t wanted = size - raw->filled;
    size_t n = wanted < len ? wanted : len;
    memcpy(raw->buffer + raw->filled, data, n);
    raw->filled += n;
    return n;
}

void smpi_raw_feed(struct smpi_raw *raw, const uint8_t *data, size_t len)
{
    size_t i = 0;
    while (i < len && !raw->lost) {
        if (raw->filled == 0) {
            i += pass_over(raw, data + i, len - i);
            if (i == len || raw->lost) {
                break;
            }
        }
        if (raw->filled < HEADER) {
            i += fill(raw, HEADER, data + i, len - i);
        }
        if (raw->filled < HEADER) {
            break;
        }
        size_t size = packet_size(raw);
        if (size > raw->max_packet) {
            lose_step(raw);
            continue;
        }
        i += fill(raw, size, data + i, len - i);
        if (raw->filled == size) {
            raw->filled = 0;
            raw->events.packet(raw->events.user, raw->buffer, size);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Writes down what a decoder reports: P<packet in hex>; and its text in between. */
#ifndef TESTS_FRAMING_STREAM_H
#define TESTS_FRAMING_STREAM_H

#include "framing/events.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stream {
    char *log;
    size_t len, room;
    size_t packets;
};

static inline void stream_add(struct stream *stream, const void *data, size_t len)
{
    while (stream->len + len + 1 > stream->room) {
        stream->room = stream->room * 2 + 256;
        stream->log = realloc(stream->log, stream->room);
        cr_assert_not_null(stream->log);
    }
    memcpy(stream->log + stream->len, data, len);
    stream->len += len;
    stream->log[stream->len] = '\0';
}

static inline void stream_packet(void *user, const uint8_t *packet, size_t len)
{
    struct stream *stream = user;
    char digits[3];
    stream->packets++;
    stream_add(stream, "P", 1);
    for (size_t i = 0; i < len; i++) {
        snprintf(digits, sizeof(digits), "%02x", packet[i]);
        stream_add(stream, digits, 2);
    }
    stream_add(stream, ";", 1);
}

static inline void stream_text(void *user, const uint8_t *text, size_t len)
{
    cr_assert_gt(len, 0u, "empty text was reported");
    stream_add(user, text, len);
}

static inline struct smpi_framing_events stream_events(struct stream *stream)
{
    *stream = (struct stream){0};
    stream_add(stream, "", 0);
    return (struct smpi_framing_events){stream_packet, stream_text, stream};
}

static inline void stream_expect(const struct stream *stream, const char *wanted)
{
    cr_expect(stream->len == strlen(wanted) && memcmp(stream->log, wanted, stream->len) == 0,
              "\n  %s\nis not\n  %s", stream->log, wanted);
}

/* A small generator of our own: the same numbers on every machine. */
static inline uint32_t stream_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

#endif

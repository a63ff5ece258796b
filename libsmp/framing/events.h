/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoder of a byte stream finds in it, in order. */
#ifndef SMPI_FRAMING_EVENTS_H
#define SMPI_FRAMING_EVENTS_H

#include <stddef.h>
#include <stdint.h>

struct smpi_framing_events {
    /* A whole packet; its bytes are the decoder's until this returns. */
    void (*packet)(void *user, const uint8_t *packet, size_t len);
    /* Bytes that belong to no packet, in pieces of any size. */
    void (*text)(void *user, const uint8_t *text, size_t len);
    void *user;
};

/* What a decoder has dropped. */
struct smpi_framing_stats {
    uint64_t bad_encoding; /* base64 or header that cannot be */
    uint64_t bad_crc;
    uint64_t bad_length; /* cut short, too long, or not as long as said */
    uint64_t orphans;    /* continuations of nothing */
};

#endif

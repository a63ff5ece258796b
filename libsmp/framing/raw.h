/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP packets back to back on a byte stream: the header says where each ends, and nothing says
 * where one begins.  Who has lost step finds it again in a silence.
 */
#ifndef SMPI_FRAMING_RAW_H
#define SMPI_FRAMING_RAW_H

#include "framing/events.h"

#include <stdbool.h>

struct smpi_raw {
    struct smpi_framing_events events;
    struct smpi_framing_stats stats;
    uint8_t *buffer;
    size_t max_packet;
    size_t filled;
    bool server; /* takes requests, otherwise answers */
    bool lost;   /* server: everything is dropped until the line is silent, as Zephyr does */
};

/* `buffer`: `max_packet` bytes, at least a header.  `events` is copied. */
void smpi_raw_init(struct smpi_raw *raw, const struct smpi_framing_events *events, bool server,
                   uint8_t *buffer, size_t max_packet);

/*
 * Takes the bytes in and reports what they complete.  A client passes over what cannot begin an
 * answer (it is text: a device may print before it is up) and tries again from the next byte.
 */
void smpi_raw_feed(struct smpi_raw *raw, const uint8_t *data, size_t len);

/* True: a silence would mean something, as part of a packet is there or step is lost. */
bool smpi_raw_waits(const struct smpi_raw *raw);

/* The line was silent: the next byte begins a packet. */
void smpi_raw_silence(struct smpi_raw *raw);

#endif

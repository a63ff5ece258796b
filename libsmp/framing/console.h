/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP packets as lines of text on a console that carries other text too.
 *
 * A packet becomes the message L, packet, CRC: L is 16 bits with the length of what follows, the
 * CRC is over the packet; both have the high byte first.  The message is cut into lines: a marker
 * (06 09 at first, 04 14 then), base64 of a piece, a newline.  Each line decodes by itself.
 * See Zephyr's "SMP transport specification", Console.
 */
#ifndef SMPI_FRAMING_CONSOLE_H
#define SMPI_FRAMING_CONSOLE_H

#include "framing/events.h"

#include <stdbool.h>

/* The longest line that every known device takes, marker and newline included. */
#define SMPI_CONSOLE_LINE 127u
/* The shortest that carries anything. */
#define SMPI_CONSOLE_LINE_MIN 7u
/* What framing adds to a packet in the device's buffer: L and CRC. */
#define SMPI_CONSOLE_OVERHEAD 4u
/* The largest packet whose length fits L. */
#define SMPI_CONSOLE_PACKET_MAX 65533u

/* ---- packet to lines ---- */

struct smpi_console_encoder {
    const uint8_t *packet; /* borrowed until the last line is made */
    size_t len;
    size_t at;       /* bytes of the message that are in lines already */
    size_t per_line; /* bytes of the message in a full line */
    uint16_t crc;
};

/* `line`: the longest line, marker and newline included; at least SMPI_CONSOLE_LINE_MIN. */
void smpi_console_begin(struct smpi_console_encoder *encoder, const uint8_t *packet, size_t len,
                        size_t line);

/* Writes the next line, at most as long as `line` was.  Returns its length, 0 after the last. */
size_t smpi_console_next(struct smpi_console_encoder *encoder, uint8_t *line);

/* Lines that a packet takes. */
size_t smpi_console_lines(size_t len, size_t line);

/* ---- bytes to packets and text ---- */

enum smpi_console_state {
    SMPI_CONSOLE_TEXT, /* outside of a frame's line */
    SMPI_CONSOLE_MARK, /* behind the first byte of what may be a marker */
    SMPI_CONSOLE_IN,   /* in a line of a frame */
    SMPI_CONSOLE_SKIP, /* in a line that is not wanted */
};

struct smpi_console {
    struct smpi_framing_events events;
    struct smpi_framing_stats stats;
    uint8_t *buffer; /* decoded bytes, then the characters of this line */
    size_t capacity;
    size_t max_packet;
    size_t decoded;
    size_t filled;
    enum smpi_console_state state;
    enum smpi_console_state before; /* MARK: where its first byte was found */
    uint8_t mark;                   /* MARK: that byte */
    bool open;                      /* a frame has begun and is not complete */
    bool strict;                    /* reads base64 as MCUboot does: see base64.h */
};

/* Bytes of buffer that packets up to `max_packet` need, on lines of any length. */
size_t smpi_console_room(size_t max_packet);

/* `buffer`: smpi_console_room(max_packet) bytes.  `events` is copied. */
void smpi_console_init(struct smpi_console *console, const struct smpi_framing_events *events,
                       uint8_t *buffer, size_t max_packet);

/* Takes the bytes in and reports what they complete. */
void smpi_console_feed(struct smpi_console *console, const uint8_t *data, size_t len);

/* Forgets a frame that is not complete, as after the line was down. */
void smpi_console_reset(struct smpi_console *console);

#endif

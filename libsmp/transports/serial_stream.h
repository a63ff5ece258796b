/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets on a byte stream, both roles: framing, what waits to leave, and when it may.  It knows
 * no descriptors: whoever owns one feeds what arrives and writes what leaves.
 */
#ifndef SMPI_TRANSPORTS_SERIAL_STREAM_H
#define SMPI_TRANSPORTS_SERIAL_STREAM_H

#include "core/transport.h"
#include "framing/console.h"
#include "framing/raw.h"
#include "transports/serial_pace.h"

#include <smp/serial.h>

/* Text that may wait. */
enum { SMPI_STREAM_TEXT_MAX = 4096 };

/* Requests whose answers are looked out for. */
enum { SMPI_STREAM_ASKED_MAX = 64 };

struct smpi_stream_options {
    bool raw;
    bool server;
    size_t line;         /* console: longest line to send */
    size_t max_packet;   /* largest packet to send */
    size_t max_received; /* larger ones vanish; 0: none does */
    size_t room;         /* bytes of packets that may wait, at least one packet and its length */
    uint32_t lines;      /* client, console: line buffers of the device */
    uint64_t gap_ns;     /* client, console: time in which it empties one */
    uint64_t byte_ns;    /* what a byte takes on the wire; 0: not known */
    uint32_t window;     /* client, raw: most requests with the device */
    uint64_t silence_ns; /* client, raw: kept when an answer is missing */
    smp_console_callback *console;
    void *console_user;
};

/* A request that has left. */
struct smpi_asked {
    uint8_t id[4]; /* group, sequence, command, as in the header */
    uint64_t line; /* pace.sent after its last line */
};

struct smpi_stream {
    struct smp_loop *loop;
    struct smp_transport *transport; /* NULL: not made yet */
    struct smpi_stream_options options;
    /*
     * Takes bytes to the line.  Returns how many; what it does not take it will ask for with
     * smpi_stream_flush().
     */
    size_t (*write)(void *self, const uint8_t *data, size_t len);
    void *self;

    union {
        struct smpi_console console;
        struct smpi_raw raw;
    } in;
    uint8_t *memory; /* for the decoder, then the line, then the packets that wait */

    uint8_t *line;
    uint8_t *waiting; /* packets: two bytes of length (less one packet's), then the bytes */
    size_t waiting_len;
    uint8_t text[SMPI_STREAM_TEXT_MAX];
    size_t text_len;

    const uint8_t *piece; /* what is being written: a line, text, or a raw packet */
    size_t piece_len;
    size_t piece_at;
    uint32_t piece_lines; /* newlines in it */
    enum { SMPI_PIECE_TEXT, SMPI_PIECE_LINE, SMPI_PIECE_LAST } piece_kind;
    struct smpi_console_encoder encoder;
    bool encoding;
    bool flushing;
    bool blocked; /* a send was refused: smp_transport_writable() is due */
    bool greeted; /* client, console: half a line in the device's buffer was ended */

    struct smpi_pace pace;
    struct smpi_asked asked[SMPI_STREAM_ASKED_MAX];
    size_t asked_first;
    size_t asked_count;
    bool heard;           /* a packet has come since the line is up */
    uint64_t quiet_until; /* nothing is sent before */
    uint64_t line_due;    /* when the next line may leave */
    uint64_t silence_due; /* raw: when a packet cut short is given up */
    struct smpi_timer timer;
    uint64_t lines_sent;
    uint64_t steps_lost;
};

/* SMP_ERR_NO_MEMORY; then nothing needs to be undone. */
int smpi_stream_make(struct smpi_stream *stream, struct smp_loop *loop,
                     const struct smpi_stream_options *options,
                     size_t (*write)(void *self, const uint8_t *data, size_t len), void *self);
void smpi_stream_unmake(struct smpi_stream *stream);

/* As the ops of the same names. */
int smpi_stream_send(struct smpi_stream *stream, const uint8_t *packet, size_t len);
size_t smpi_stream_step_down(size_t size);

/* Text between the packets. */
int smpi_stream_print(struct smpi_stream *stream, const char *text, size_t len);

/* Bytes arrived. */
void smpi_stream_feed(struct smpi_stream *stream, const uint8_t *data, size_t len);

/* Text that a line buffer has sorted out already. */
void smpi_stream_console(struct smpi_stream *stream, const uint8_t *text, size_t len);

/* The line takes bytes again, or may: writes what is due. */
void smpi_stream_flush(struct smpi_stream *stream);

/* The link went down: nothing waits, nothing is half received. */
void smpi_stream_reset(struct smpi_stream *stream);

void smpi_stream_stats(const struct smpi_stream *stream, struct smp_serial_stats *stats);

#endif

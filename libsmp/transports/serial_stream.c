/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_stream.h"

#include <smp/header.h>

#include <string.h>

/* The largest packet that can be received. */
#define PACKET_MAX(raw) ((raw) ? (size_t)SMP_PACKET_MAX : (size_t)SMPI_CONSOLE_PACKET_MAX)

/* A raw packet that stopped in the middle goes on no more: as Zephyr has it; clients wait less. */
#define SERVER_SILENCE (3000 * SMPI_MS)
#define CLIENT_SILENCE (1000 * SMPI_MS)

/* Requests without an answer that a raw line takes before anybody ever answered: it may be off. */
enum { UNHEARD_MAX = 8 };

/* Between the newline at first and the first line: Zephyr's shell must not read them at once. */
#define GREETING (15 * SMPI_MS)

/* Before each waiting packet: its length. */
enum { PREFIX = 4 };

/* ---- the timer ---- */

static void set_timer(struct smpi_stream *stream)
{
    uint64_t due = stream->line_due;
    if (stream->blocked && stream->quiet_until > stream->loop->now && stream->quiet_until < due) {
        due = stream->quiet_until;
    }
    due = stream->silence_due < due ? stream->silence_due : due;
    if (due == SMPI_NEVER) {
        smpi_timer_cancel(stream->loop, &stream->timer);
    } else {
        smpi_timer_set(stream->loop, &stream->timer, due);
    }
}

static void on_timer(struct smpi_timer *timer)
{
    struct smpi_stream *stream = SMPI_OF(timer, struct smpi_stream, timer);
    if (stream->silence_due <= stream->loop->now) {
        stream->silence_due = SMPI_NEVER;
        smpi_raw_silence(&stream->in.raw);
    }
    smpi_stream_flush(stream);
}

/* ---- receiving ---- */

/* Which request this answers; those before it will not be answered any more. */
static void match_answer(struct smpi_stream *stream, const uint8_t *packet)
{
    for (size_t i = 0; i < stream->asked_count; i++) {
        size_t at = (stream->asked_first + i) % SMPI_STREAM_ASKED_MAX;
        const struct smpi_asked *asked = &stream->asked[at];
        if (memcmp(asked->id, packet + 4, sizeof(asked->id)) != 0) {
            continue;
        }
        if (i > 0) {
            smpi_pace_lost(&stream->pace);
        }
        smpi_pace_answered(&stream->pace, stream->loop->now, asked->line);
        stream->asked_first = (at + 1) % SMPI_STREAM_ASKED_MAX;
        stream->asked_count -= i + 1;
        return;
    }
}

static void on_packet(void *user, const uint8_t *packet, size_t len)
{
    struct smpi_stream *stream = user;
    if (len >= SMP_HEADER_SIZE && !stream->options.server) {
        stream->heard = true;
        stream->quiet_until = stream->options.raw ? 0 : stream->quiet_until; /* it is in step */
        match_answer(stream, packet);
    }
    smp_transport_received(stream->transport, NULL, packet, len);
}

void smpi_stream_console(struct smpi_stream *stream, const uint8_t *text, size_t len)
{
    if (stream->options.console != NULL && stream->transport->is_up) {
        smpi_enter_user(stream->loop);
        stream->options.console(stream->transport, (const char *)text, len,
                                stream->options.console_user);
        smpi_leave_user(stream->loop);
    }
}

static void on_text(void *user, const uint8_t *text, size_t len)
{
    smpi_stream_console(user, text, len);
}

void smpi_stream_feed(struct smpi_stream *stream, const uint8_t *data, size_t len)
{
    if (!stream->options.raw) {
        smpi_console_feed(&stream->in.console, data, len);
    } else {
        uint64_t silence = stream->options.server ? SERVER_SILENCE : CLIENT_SILENCE;
        smpi_raw_feed(&stream->in.raw, data, len);
        stream->silence_due =
            smpi_raw_waits(&stream->in.raw) ? stream->loop->now + silence : SMPI_NEVER;
    }
    smpi_stream_flush(stream); /* an answer may have made room for a line */
}

/* ---- sending ---- */

static size_t first_len(const struct smpi_stream *stream)
{
    uint32_t len;
    memcpy(&len, stream->waiting, PREFIX);
    return len;
}

static void push(struct smpi_stream *stream, const uint8_t *packet, size_t len)
{
    uint32_t prefix = (uint32_t)len;
    memcpy(stream->waiting + stream->waiting_len, &prefix, PREFIX);
    memcpy(stream->waiting + stream->waiting_len + PREFIX, packet, len);
    stream->waiting_len += PREFIX + len;
}

static void pop(struct smpi_stream *stream)
{
    size_t len = PREFIX + first_len(stream);
    stream->waiting_len -= len;
    memmove(stream->waiting, stream->waiting + len, stream->waiting_len);
}

static void remember(struct smpi_stream *stream, const uint8_t *packet)
{
    if (stream->asked_count == SMPI_STREAM_ASKED_MAX) {
        stream->asked_first = (stream->asked_first + 1) % SMPI_STREAM_ASKED_MAX;
        stream->asked_count--;
    }
    size_t at = (stream->asked_first + stream->asked_count++) % SMPI_STREAM_ASKED_MAX;
    memcpy(stream->asked[at].id, packet + 4, sizeof(stream->asked[at].id));
    stream->asked[at].line = stream->pace.sent;
}

static void piece(struct smpi_stream *stream, const uint8_t *data, size_t len, int kind)
{
    stream->piece = data;
    stream->piece_len = len;
    stream->piece_at = 0;
    stream->piece_kind = kind;
    stream->piece_lines = 0;
    for (size_t i = 0; i < len && !stream->options.raw; i++) {
        stream->piece_lines += data[i] == '\n';
    }
}

/* The next line of the packet that waits longest. */
static void next_line(struct smpi_stream *stream)
{
    struct smpi_console_encoder *encoder = &stream->encoder;
    if (!stream->encoding) {
        smpi_console_begin(encoder, stream->waiting + PREFIX, first_len(stream),
                           stream->options.line);
        stream->encoding = true;
    }
    size_t len = smpi_console_next(encoder, stream->line);
    bool last = encoder->at == encoder->len + SMPI_CONSOLE_OVERHEAD;
    stream->encoding = !last;
    piece(stream, stream->line, len, last ? SMPI_PIECE_LAST : SMPI_PIECE_LINE);
}

/* Chooses what is written next.  False: nothing now. */
static bool next_piece(struct smpi_stream *stream)
{
    uint64_t now = stream->loop->now;
    stream->line_due = SMPI_NEVER;
    if (stream->text_len > 0) {
        piece(stream, stream->text, stream->text_len, SMPI_PIECE_TEXT);
        return true;
    }
    if (stream->waiting_len == 0) {
        return false;
    }
    uint64_t due = smpi_pace_due(&stream->pace, now);
    due = stream->quiet_until > due ? stream->quiet_until : due;
    if (due > now) {
        stream->line_due = due;
        return false;
    }
    if (stream->options.raw) {
        piece(stream, stream->waiting + PREFIX, first_len(stream), SMPI_PIECE_LAST);
    } else if (!stream->greeted && !stream->options.server) {
        piece(stream, (const uint8_t *)"\n", 1, SMPI_PIECE_LINE);
    } else {
        next_line(stream);
    }
    return true;
}

static void piece_left(struct smpi_stream *stream)
{
    smpi_pace_wrote(&stream->pace, stream->loop->now, stream->piece_len, stream->piece_lines);
    if (stream->piece_kind == SMPI_PIECE_TEXT) {
        stream->text_len -= stream->piece_len;
        memmove(stream->text, stream->text + stream->piece_len, stream->text_len);
        return;
    }
    stream->lines_sent += stream->piece_lines;
    if (!stream->greeted && !stream->options.raw && !stream->options.server) {
        stream->greeted = true;
        stream->quiet_until = stream->pace.idle_at + GREETING;
    } else if (stream->piece_kind == SMPI_PIECE_LAST) {
        if (!stream->options.server) {
            remember(stream, stream->waiting + PREFIX);
        }
        pop(stream);
    }
}

static bool takes(const struct smpi_stream *stream, size_t len)
{
    if (stream->options.server) {
        return stream->waiting_len + PREFIX + len <= stream->options.room;
    }
    bool quiet = stream->options.raw && stream->quiet_until > stream->loop->now;
    return stream->waiting_len == 0 && !quiet;
}

void smpi_stream_flush(struct smpi_stream *stream)
{
    if (stream->flushing) {
        return;
    }
    stream->flushing = true;
    while (stream->piece_at < stream->piece_len || next_piece(stream)) {
        stream->piece_at += stream->write(stream->self, stream->piece + stream->piece_at,
                                          stream->piece_len - stream->piece_at);
        if (stream->piece_at < stream->piece_len) {
            break;
        }
        piece_left(stream);
    }
    stream->flushing = false;
    if (stream->blocked && takes(stream, stream->options.max_packet) && stream->transport->is_up) {
        stream->blocked = false;
        smp_transport_writable(stream->transport);
    }
    set_timer(stream);
}

/* Raw: an answer that never came may mean that the device waits for the rest of something. */
static void check_step(struct smpi_stream *stream)
{
    size_t most = stream->heard ? stream->options.window : UNHEARD_MAX;
    if (stream->options.raw && !stream->options.server && stream->asked_count >= most) {
        stream->quiet_until = stream->pace.idle_at + stream->options.silence_ns;
        stream->asked_count = 0;
        stream->steps_lost++;
        smpi_log(stream->loop, SMP_LOG_INFO, "raw line: no answer, silent for a while");
    }
}

int smpi_stream_send(struct smpi_stream *stream, const uint8_t *packet, size_t len)
{
    if (len > stream->options.max_packet) {
        return SMP_ERR_TOO_LARGE;
    }
    if (len < SMP_HEADER_SIZE) {
        return SMP_ERR_INVALID;
    }
    check_step(stream);
    if (stream->blocked || !takes(stream, len)) {
        stream->blocked = true;
        set_timer(stream);
        return SMP_ERR_AGAIN;
    }
    push(stream, packet, len);
    smpi_stream_flush(stream);
    return SMP_OK;
}

size_t smpi_stream_step_down(size_t size)
{
    /* The last takes two lines: what that cannot carry is no use to any command. */
    static const size_t steps[] = {1020, 508, 252, 124};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (size > steps[i]) {
            return steps[i];
        }
    }
    return 0;
}

int smpi_stream_print(struct smpi_stream *stream, const char *text, size_t len)
{
    if (stream->options.raw) {
        return SMP_ERR_UNSUPPORTED;
    }
    if (len > SMPI_STREAM_TEXT_MAX - stream->text_len) {
        return SMP_ERR_AGAIN;
    }
    if (len > 0) {
        memcpy(stream->text + stream->text_len, text, len);
        stream->text_len += len;
        smpi_stream_flush(stream);
    }
    return SMP_OK;
}

/* ---- making, resetting ---- */

void smpi_stream_reset(struct smpi_stream *stream)
{
    const struct smpi_stream_options *options = &stream->options;
    if (options->raw) {
        smpi_raw_silence(&stream->in.raw);
    } else {
        smpi_console_reset(&stream->in.console);
    }
    smpi_pace_init(&stream->pace, options->lines, options->gap_ns, options->byte_ns);
    stream->waiting_len = 0;
    stream->text_len = 0;
    stream->piece_len = 0;
    stream->piece_at = 0;
    stream->encoding = false;
    stream->blocked = false;
    stream->greeted = false;
    stream->heard = false;
    stream->asked_count = 0;
    stream->quiet_until = 0;
    stream->line_due = SMPI_NEVER;
    stream->silence_due = SMPI_NEVER;
    set_timer(stream);
}

int smpi_stream_make(struct smpi_stream *stream, struct smp_loop *loop,
                     const struct smpi_stream_options *options,
                     size_t (*write)(void *self, const uint8_t *data, size_t len), void *self)
{
    size_t max = PACKET_MAX(options->raw);
    max = options->max_received != 0 && options->max_received < max ? options->max_received : max;
    size_t room = options->raw ? max : smpi_console_room(max);
    const struct smpi_framing_events events = {on_packet, on_text, stream};
    *stream = (struct smpi_stream){.loop = loop, .options = *options, .write = write, .self = self};
    stream->memory = smpi_alloc(loop, room + options->line + options->room);
    if (stream->memory == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    int error = smpi_timer_make(loop, &stream->timer, on_timer);
    if (error != SMP_OK) {
        smpi_free(loop, stream->memory);
        return error;
    }
    stream->line = stream->memory + room;
    stream->waiting = stream->line + options->line;
    if (options->raw) {
        smpi_raw_init(&stream->in.raw, &events, options->server, stream->memory, max);
    } else {
        smpi_console_init(&stream->in.console, &events, stream->memory, max);
    }
    smpi_stream_reset(stream);
    return SMP_OK;
}

void smpi_stream_unmake(struct smpi_stream *stream)
{
    smpi_timer_unmake(stream->loop, &stream->timer);
    smpi_free(stream->loop, stream->memory);
}

void smpi_stream_stats(const struct smpi_stream *stream, struct smp_serial_stats *stats)
{
    const struct smpi_framing_stats *in =
        stream->options.raw ? &stream->in.raw.stats : &stream->in.console.stats;
    stats->lines_sent = stream->lines_sent;
    stats->bad_encoding = in->bad_encoding;
    stats->bad_crc = in->bad_crc;
    stats->bad_length = in->bad_length;
    stats->orphans = in->orphans;
    stats->steps_lost = stream->steps_lost;
}

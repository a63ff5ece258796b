/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_uart.h"

#include <string.h>

/* A loop that comes later than this has been stopped: time on the wire goes on from then. */
#define LATE_MAX (20 * SMPI_MS)

/* ---- bytes that take their time ---- */

size_t smpi_wire_room(const struct smpi_wire *wire)
{
    if (wire->byte_ns == 0) {
        return sizeof(wire->piece);
    }
    uint64_t room = SMPI_MS / wire->byte_ns;
    return room == 0 ? 1 : room < sizeof(wire->piece) ? (size_t)room : sizeof(wire->piece);
}

void smpi_wire_start(struct smpi_wire *wire, uint64_t now, size_t len)
{
    bool follows = wire->going && now < wire->idle_at + LATE_MAX;
    wire->idle_at = (follows ? wire->idle_at : now) + len * wire->byte_ns;
    wire->len = len;
    wire->going = true;
}

static size_t next_part(const struct smpi_wire *wire)
{
    const uint8_t *newline = memchr(wire->piece, '\n', wire->len);
    return newline == NULL ? wire->len : (size_t)(newline - wire->piece) + 1;
}

uint64_t smpi_wire_due(const struct smpi_wire *wire)
{
    return wire->len == 0 ? SMPI_NEVER
                          : wire->idle_at - (wire->len - next_part(wire)) * wire->byte_ns;
}

size_t smpi_wire_take(struct smpi_wire *wire, uint8_t *data)
{
    size_t len = next_part(wire);
    memcpy(data, wire->piece, len);
    wire->len -= len;
    memmove(wire->piece, wire->piece + len, wire->len);
    return len;
}

/* ---- line buffers ---- */

int smpi_lines_make(struct smpi_lines *lines, struct smp_loop *loop, size_t count, size_t room,
                    uint64_t stay_ns)
{
    *lines = (struct smpi_lines){.loop = loop, .count = count, .room = room, .stay_ns = stay_ns};
    if (count == 0) {
        return SMP_OK;
    }
    lines->memory = smpi_alloc(loop, count * room);
    lines->lines = smpi_alloc(loop, count * sizeof(*lines->lines));
    if (lines->memory == NULL || lines->lines == NULL) {
        smpi_lines_unmake(lines);
        return SMP_ERR_NO_MEMORY;
    }
    return SMP_OK;
}

void smpi_lines_unmake(struct smpi_lines *lines)
{
    if (lines->count > 0) {
        smpi_free(lines->loop, lines->memory);
        smpi_free(lines->loop, lines->lines);
        lines->count = 0;
    }
}

void smpi_lines_reset(struct smpi_lines *lines)
{
    lines->whole = 0;
    lines->arriving = false;
    lines->dropping = false;
}

static size_t place(const struct smpi_lines *lines, size_t n)
{
    return (lines->first + n) % lines->count;
}

/* The first byte of a line looks for a buffer. */
static void begin(struct smpi_lines *lines)
{
    if (lines->whole == lines->count) {
        lines->dropping = true;
        lines->vanished++;
    } else {
        lines->arriving = true;
        lines->lines[place(lines, lines->whole)].len = 0;
    }
}

static void put(struct smpi_lines *lines, uint64_t now, uint8_t c)
{
    size_t at = place(lines, lines->whole);
    struct smpi_line *line = &lines->lines[at];
    if (line->len == lines->room) {
        lines->vanished++;
        lines->arriving = false;
        lines->dropping = c != '\n';
        return;
    }
    lines->memory[at * lines->room + line->len++] = c;
    if (c == '\n') {
        line->due = now + lines->stay_ns;
        lines->arriving = false;
        lines->whole++;
    }
}

void smpi_lines_feed(struct smpi_lines *lines, uint64_t now, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!lines->dropping && !lines->arriving) {
            begin(lines);
        }
        if (lines->dropping) {
            lines->dropping = data[i] != '\n';
        } else {
            put(lines, now, data[i]);
        }
    }
}

uint64_t smpi_lines_due(const struct smpi_lines *lines)
{
    return lines->whole == 0 ? SMPI_NEVER : lines->lines[lines->first].due;
}

const uint8_t *smpi_lines_take(struct smpi_lines *lines, uint64_t now, size_t *len)
{
    if (smpi_lines_due(lines) > now) {
        return NULL;
    }
    const uint8_t *line = lines->memory + lines->first * lines->room;
    *len = lines->lines[lines->first].len;
    lines->first = place(lines, 1);
    lines->whole--;
    return line;
}

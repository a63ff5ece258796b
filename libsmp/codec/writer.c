/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/writer.h"

#include <cbor/encoding.h>

#include <string.h>

static size_t room(const struct smpi_writer *writer)
{
    return writer->full ? 0 : (size_t)(writer->end - writer->at);
}

/* Takes note of what libcbor wrote; 0 is its way to say that it does not fit. */
static void advance(struct smpi_writer *writer, size_t written)
{
    writer->at += written;
    if (written == 0)
        writer->full = true;
}

void smpi_write_uint(struct smpi_writer *writer, uint64_t number)
{
    advance(writer, cbor_encode_uint(number, writer->at, room(writer)));
}

void smpi_write_int(struct smpi_writer *writer, int64_t number)
{
    if (number >= 0)
        smpi_write_uint(writer, (uint64_t)number);
    else
        advance(writer, cbor_encode_negint((uint64_t)(-1 - number), writer->at, room(writer)));
}

void smpi_write_bool(struct smpi_writer *writer, bool boolean)
{
    advance(writer, cbor_encode_bool(boolean, writer->at, room(writer)));
}

void smpi_write_raw(struct smpi_writer *writer, const uint8_t *cbor, size_t len)
{
    if (len > room(writer)) {
        writer->full = true;
    } else if (len > 0) {
        memcpy(writer->at, cbor, len);
        writer->at += len;
    }
}

void smpi_write_text(struct smpi_writer *writer, const char *text, size_t len)
{
    /* A short cut for keys: their head is a single byte. */
    if (len > 0 && len < 24 && len < room(writer)) {
        *writer->at = (uint8_t)(0x60 + len);
        memcpy(writer->at + 1, text, len);
        writer->at += 1 + len;
        return;
    }
    advance(writer, cbor_encode_string_start(len, writer->at, room(writer)));
    smpi_write_raw(writer, (const uint8_t *)text, len);
}

void smpi_write_bytes(struct smpi_writer *writer, const uint8_t *bytes, size_t len)
{
    advance(writer, cbor_encode_bytestring_start(len, writer->at, room(writer)));
    smpi_write_raw(writer, bytes, len);
}

uint8_t *smpi_write_gap(struct smpi_writer *writer, size_t len)
{
    advance(writer, cbor_encode_bytestring_start(len, writer->at, room(writer)));
    if (len > room(writer))
        writer->full = true;
    if (writer->full)
        return NULL;
    writer->at += len;
    return writer->at - len;
}

void smpi_write_map(struct smpi_writer *writer, size_t count)
{
    advance(writer, cbor_encode_map_start(count, writer->at, room(writer)));
}

void smpi_write_array(struct smpi_writer *writer, size_t count)
{
    advance(writer, cbor_encode_array_start(count, writer->at, room(writer)));
}

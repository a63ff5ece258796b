/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbor's streaming decoder reads the heads.  What it is not asked: simple
 * values (it refuses the unassigned ones), breaks, whether chunks fit their
 * string, whether counts can be true, and its `required`.
 */
#include "codec/reader.h"

#include <cbor/streaming.h>

#include <string.h>

/* One head of a major type below 7, as libcbor reports it. */

static void set_number(void *context, enum smpi_item_kind kind, uint64_t number)
{
    struct smpi_item *item = context;
    item->kind = kind;
    item->number = number;
}

static void on_uint8(void *item, uint8_t number)
{
    set_number(item, SMPI_ITEM_UINT, number);
}

static void on_uint16(void *item, uint16_t number)
{
    set_number(item, SMPI_ITEM_UINT, number);
}

static void on_uint32(void *item, uint32_t number)
{
    set_number(item, SMPI_ITEM_UINT, number);
}

static void on_uint64(void *item, uint64_t number)
{
    set_number(item, SMPI_ITEM_UINT, number);
}

static void on_negint8(void *item, uint8_t number)
{
    set_number(item, SMPI_ITEM_NEGINT, number);
}

static void on_negint16(void *item, uint16_t number)
{
    set_number(item, SMPI_ITEM_NEGINT, number);
}

static void on_negint32(void *item, uint32_t number)
{
    set_number(item, SMPI_ITEM_NEGINT, number);
}

static void on_negint64(void *item, uint64_t number)
{
    set_number(item, SMPI_ITEM_NEGINT, number);
}

static void set_string(void *context, enum smpi_item_kind kind, const uint8_t *data, size_t len)
{
    struct smpi_item *item = context;
    item->kind = kind;
    item->data = data;
    item->number = len;
}

static void on_bytes(void *item, cbor_data data, size_t len)
{
    set_string(item, SMPI_ITEM_BYTES, data, len);
}

static void on_text(void *item, cbor_data data, size_t len)
{
    set_string(item, SMPI_ITEM_TEXT, data, len);
}

static void set_container(void *context, enum smpi_item_kind kind, size_t count, bool indefinite)
{
    struct smpi_item *item = context;
    item->kind = kind;
    item->indefinite = indefinite;
    item->number = count;
    item->data = NULL;
}

static void on_bytes_start(void *item)
{
    set_container(item, SMPI_ITEM_BYTES, 0, true);
}

static void on_text_start(void *item)
{
    set_container(item, SMPI_ITEM_TEXT, 0, true);
}

static void on_array(void *item, size_t count)
{
    set_container(item, SMPI_ITEM_ARRAY, count, false);
}

static void on_array_start(void *item)
{
    set_container(item, SMPI_ITEM_ARRAY, 0, true);
}

static void on_map(void *item, size_t count)
{
    set_container(item, SMPI_ITEM_MAP, count, false);
}

static void on_map_start(void *item)
{
    set_container(item, SMPI_ITEM_MAP, 0, true);
}

static void on_tag(void *item, uint64_t number)
{
    set_number(item, SMPI_ITEM_TAG, number);
}

static void set_real(void *context, double real)
{
    struct smpi_item *item = context;
    item->kind = SMPI_ITEM_FLOAT;
    item->real = real;
}

static void on_float(void *item, float real)
{
    set_real(item, (double)real);
}

/* Simple values and breaks never get to libcbor: no callbacks for them. */
static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string = on_bytes,
    .byte_string_start = on_bytes_start,
    .string = on_text,
    .string_start = on_text_start,
    .array_start = on_array,
    .indef_array_start = on_array_start,
    .map_start = on_map,
    .indef_map_start = on_map_start,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = set_real,
};

/* Major type 7 but floats, whose heads are 0xf9 to 0xfb. */
static int read_simple(struct smpi_reader *reader, struct smpi_item *item)
{
    uint8_t number = *reader->at++ & 31;

    if (number == 24) {
        if (reader->at == reader->end || *reader->at < 32)
            return SMP_ERR_MALFORMED;
        number = *reader->at++;
    } else if (number > 24) {
        return SMP_ERR_MALFORMED;
    }
    item->number = number;
    item->kind = SMPI_ITEM_SIMPLE;
    if (number == 20 || number == 21) {
        item->kind = SMPI_ITEM_BOOL;
        item->number = number == 21;
    } else if (number == 22 || number == 23) {
        item->kind = SMPI_ITEM_NULL;
    }
    return SMP_OK;
}

int smpi_reader_item(struct smpi_reader *reader, struct smpi_item *item)
{
    item->indefinite = false;
    do {
        if (reader->at == reader->end)
            return SMP_ERR_MALFORMED;
        uint8_t head = *reader->at;
        item->start = reader->at;
        if (head >= 0xe0 && (head < 0xf9 || head > 0xfb))
            return read_simple(reader, item);
        struct cbor_decoder_result result =
            cbor_stream_decode(reader->at, smpi_reader_left(reader), &callbacks, item);
        if (result.status != CBOR_DECODER_FINISHED)
            return SMP_ERR_MALFORMED;
        reader->at += result.read;
    } while (item->kind == SMPI_ITEM_TAG);

    /* An entry takes a byte at least, a pair two. */
    size_t left = smpi_reader_left(reader);
    if ((item->kind == SMPI_ITEM_ARRAY && item->number > left) ||
        (item->kind == SMPI_ITEM_MAP && item->number > left / 2))
        return SMP_ERR_MALFORMED;
    return SMP_OK;
}

/* The next chunk of a string of this kind: 1, 0 at the break, SMP_ERR_MALFORMED. */
static int next_chunk(struct smpi_reader *reader, enum smpi_item_kind kind, struct smpi_item *chunk)
{
    struct smpi_item string = {.indefinite = true};
    int more = smpi_reader_more(reader, &string);

    if (more != 1)
        return more;
    /* Only a bare string head: not even a tag may stand before a chunk. */
    if (*reader->at >> 5 != (kind == SMPI_ITEM_BYTES ? 2 : 3) ||
        smpi_reader_item(reader, chunk) != SMP_OK || chunk->indefinite)
        return SMP_ERR_MALFORMED;
    return 1;
}

static int skip_chunks(struct smpi_reader *reader, enum smpi_item_kind kind, size_t *total)
{
    struct smpi_item chunk;
    int more;

    *total = 0;
    while ((more = next_chunk(reader, kind, &chunk)) == 1)
        *total += (size_t)chunk.number;
    return more;
}

int smpi_reader_string(struct smpi_reader *reader, const struct smpi_item *item,
                       struct smpi_arena *arena, struct smp_bytes *string)
{
    if (!item->indefinite) {
        *string = (struct smp_bytes){.data = item->data, .len = (size_t)item->number};
        return SMP_OK;
    }
    struct smpi_reader again = *reader;
    struct smpi_item chunk;
    size_t total;
    int error = skip_chunks(reader, item->kind, &total);
    if (error != SMP_OK)
        return error;
    uint8_t *joined = smpi_arena_alloc(arena, total);
    if (!joined)
        return SMP_ERR_TOO_LARGE;
    *string = (struct smp_bytes){.data = joined, .len = total};
    while (next_chunk(&again, item->kind, &chunk) == 1) {
        memcpy(joined, chunk.data, (size_t)chunk.number);
        joined += chunk.number;
    }
    return SMP_OK;
}

/* A map's pairs counted as items; `odd` is whether the last one read was a key. */
struct open {
    struct smpi_item container;
    bool odd;
};

static void open_container(struct open *open, const struct smpi_item *item)
{
    *open = (struct open){.container = *item};
    if (item->kind == SMPI_ITEM_MAP)
        open->container.number *= 2;
}

int smpi_reader_skip(struct smpi_reader *reader, const struct smpi_item *head, int depth)
{
    struct open stack[SMPI_DEPTH_MAX];
    struct smpi_item item = *head;
    int open = 0;

    for (;;) {
        size_t ignored;
        if (item.kind == SMPI_ITEM_ARRAY || item.kind == SMPI_ITEM_MAP) {
            if (depth + open >= SMPI_DEPTH_MAX)
                return SMP_ERR_MALFORMED;
            open_container(&stack[open++], &item);
        } else if ((item.kind == SMPI_ITEM_BYTES || item.kind == SMPI_ITEM_TEXT) &&
                   item.indefinite && skip_chunks(reader, item.kind, &ignored) != SMP_OK) {
            return SMP_ERR_MALFORMED;
        }
        int more = 0;
        while (open > 0 && (more = smpi_reader_more(reader, &stack[open - 1].container)) == 0) {
            open--;
            if (stack[open].container.kind == SMPI_ITEM_MAP && stack[open].odd)
                return SMP_ERR_MALFORMED;
        }
        if (open == 0)
            return SMP_OK;
        if (more < 0 || smpi_reader_next(reader, &item) != SMP_OK)
            return SMP_ERR_MALFORMED;
        stack[open - 1].odd = !stack[open - 1].odd;
    }
}

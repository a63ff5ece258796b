/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads CBOR one item at a time (RFC 8949).
 *
 * Every count and length is checked against the bytes that remain before
 * anybody relies on it, so no loop and no allocation is longer than the input.
 * Tags are stepped over.  A break is never an item: smpi_reader_more() takes
 * it, anywhere else it is malformed.
 */
#ifndef SMPI_CODEC_READER_H
#define SMPI_CODEC_READER_H

#include "base/arena.h"
#include "codec/table.h"

#include <smp/error.h>

enum smpi_item_kind {
    SMPI_ITEM_UINT,   /* number */
    SMPI_ITEM_NEGINT, /* -1 - number */
    SMPI_ITEM_BYTES,  /* number bytes at data; data NULL when indefinite: chunks follow */
    SMPI_ITEM_TEXT,   /* the same */
    SMPI_ITEM_ARRAY,  /* number items follow, or any number and a break when indefinite */
    SMPI_ITEM_MAP,    /* number pairs, the same */
    SMPI_ITEM_TAG,    /* number; never returned */
    SMPI_ITEM_BOOL,   /* number is 0 or 1 */
    SMPI_ITEM_NULL,   /* null or undefined (number is 22 or 23) */
    SMPI_ITEM_SIMPLE, /* number */
    SMPI_ITEM_FLOAT,  /* real */
};

struct smpi_item {
    enum smpi_item_kind kind;
    bool indefinite;
    uint64_t number;
    const uint8_t *data;
    const uint8_t *start; /* of the head, tags left out */
    double real;
};

struct smpi_reader {
    const uint8_t *at;
    const uint8_t *end;
};

static inline size_t smpi_reader_left(const struct smpi_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/*
 * Reads one item; of maps, arrays and indefinite strings only the head.
 * SMP_OK or SMP_ERR_MALFORMED.
 */
int smpi_reader_item(struct smpi_reader *reader, struct smpi_item *item);

/* The same, with a short cut for booleans: half of what an image list holds. */
static inline int smpi_reader_next(struct smpi_reader *reader, struct smpi_item *item)
{
    if (reader->at == reader->end || (*reader->at & 0xfe) != 0xf4)
        return smpi_reader_item(reader, item);
    item->kind = SMPI_ITEM_BOOL;
    item->number = *reader->at & 1;
    item->start = reader->at++;
    return SMP_OK;
}

/*
 * Whether the map or array has another entry: 1, 0, or SMP_ERR_MALFORMED when
 * the input ends.  Counts `container` down; takes the break.
 */
static inline int smpi_reader_more(struct smpi_reader *reader, struct smpi_item *container)
{
    if (!container->indefinite)
        return container->number == 0 ? 0 : (container->number--, 1);
    if (reader->at == reader->end)
        return SMP_ERR_MALFORMED;
    if (*reader->at != 0xff)
        return 1;
    reader->at++;
    return 0;
}

/*
 * Takes a text shorter than 24 bytes, whose head is a single byte: almost every
 * key there is.  False, and nothing taken, when it is anything else.
 */
static inline bool smpi_reader_take_short_text(struct smpi_reader *reader, struct smp_bytes *text)
{
    size_t len = reader->at == reader->end ? SIZE_MAX : (size_t)*reader->at - 0x60;

    if (len >= 24 || smpi_reader_left(reader) <= len)
        return false;
    *text = (struct smp_bytes){.data = reader->at + 1, .len = len};
    reader->at += 1 + len;
    return true;
}

/*
 * The whole of a string item: a view into the input, or joined in the arena if
 * it came in chunks.  SMP_ERR_MALFORMED, SMP_ERR_TOO_LARGE (arena full).
 */
int smpi_reader_string(struct smpi_reader *reader, const struct smpi_item *item,
                       struct smpi_arena *arena, struct smp_bytes *string);

/*
 * Steps over what follows a head, checking that it is CBOR.  `depth`
 * is how many maps and arrays are open around the item; more than
 * SMPI_DEPTH_MAX is malformed.
 */
int smpi_reader_skip(struct smpi_reader *reader, const struct smpi_item *head, int depth);

#endif

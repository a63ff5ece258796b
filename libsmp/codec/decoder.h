/* SPDX-License-Identifier: Apache-2.0 */
/* The decoder's inside: maps and the device's verdict in decode.c, fields in decode_field.c. */
#ifndef SMPI_CODEC_DECODER_H
#define SMPI_CODEC_DECODER_H

#include "base/arena.h"
#include "codec/reader.h"
#include "codec/table.h"

struct smpi_decoder {
    struct smpi_reader reader;
    struct smpi_arena *arena;
    struct smp_result *result;
    const struct smp_field *missing; /* the first required field that was not there */
    int64_t data_rc;                 /* `rc` of a message that has it as data */
    unsigned verdicts;               /* a bit for each enum verdict seen */
};

/* A map that is being decoded into a record. */
struct smpi_level {
    const struct smp_message *message;
    uint8_t *record;
    uint64_t seen; /* a bit for each row */
    size_t next;   /* the row expected next */
    int depth;     /* of the map: 1 is the root */
    bool verdicts; /* the root of an answer: rc, err, ret, rsn are the device's verdict */
};

/* Decodes the entries of a map, in any order, into the level's record. */
int smpi_decode_map(struct smpi_decoder *d, struct smpi_level *level, struct smpi_item *map);

/* Opens a level for a map at this depth, with a new record. */
int smpi_open_level(struct smpi_decoder *d, const struct smp_message *message, int depth,
                    struct smpi_level *level);

/* A map's next key.  One that is not text has data NULL: no table knows it. */
int smpi_decode_key(struct smpi_decoder *d, int depth, struct smp_bytes *key);

int smpi_decode_text(struct smpi_decoder *d, const struct smpi_item *item, struct smp_str *text);

int smpi_decode_scalar(struct smpi_decoder *d, enum smp_kind kind, size_t width,
                       const struct smpi_item *item, int depth, void *member);

/* Decodes a map into a new record and stores the pointer to it. */
int smpi_decode_record(struct smpi_decoder *d, const struct smp_message *message,
                       struct smpi_item *item, int depth, void *member);

/* One entry of a keyed map: the key goes into the element's first member. */
int smpi_decode_element(struct smpi_decoder *d, const struct smp_field *field, struct smp_bytes key,
                        struct smpi_item *item, int depth, uint8_t *record);

/* The value of one field of the level's message. */
int smpi_decode_field(struct smpi_decoder *d, struct smpi_level *level,
                      const struct smp_field *field, struct smpi_item *item);

#endif

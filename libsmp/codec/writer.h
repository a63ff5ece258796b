/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes CBOR items, definite lengths only, shortest form.  What does not fit
 * sets `full` and nothing more is written: ask once at the end.
 */
#ifndef SMPI_CODEC_WRITER_H
#define SMPI_CODEC_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct smpi_writer {
    uint8_t *at;
    uint8_t *end;
    bool full;
};

void smpi_write_uint(struct smpi_writer *writer, uint64_t number);
void smpi_write_int(struct smpi_writer *writer, int64_t number);
void smpi_write_bool(struct smpi_writer *writer, bool boolean);
void smpi_write_text(struct smpi_writer *writer, const char *text, size_t len);
void smpi_write_bytes(struct smpi_writer *writer, const uint8_t *bytes, size_t len);

/* Heads: `count` entries are to follow. */
void smpi_write_map(struct smpi_writer *writer, size_t count);
void smpi_write_array(struct smpi_writer *writer, size_t count);

/* The head of a byte string, and room left for its bytes: where that is, or NULL. */
uint8_t *smpi_write_gap(struct smpi_writer *writer, size_t len);

/* Items that are CBOR already. */
void smpi_write_raw(struct smpi_writer *writer, const uint8_t *cbor, size_t len);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A bad link under the framing: what suffers are the bytes of a serial line, a line at a time. */
#ifndef SMPI_TRANSPORTS_BAD_LINE_H
#define SMPI_TRANSPORTS_BAD_LINE_H

#include "transports/faulty.h"

struct smpi_bad_line {
    struct smpi_bad bad;
    bool raw;
    /* Towards the client.  Returns how many it took; smpi_bad_line_writable() when it takes more. */
    size_t (*write)(void *self, const uint8_t *data, size_t len);
    void (*arrive)(void *self, const uint8_t *data, size_t len);
    void *self;
    size_t written; /* of the piece that is leaving */
    size_t len;     /* of the line that is coming in */
    uint8_t line[SMPI_PIECE_MAX];
};

/* `self`, `write`, `arrive` and `raw` are set already.  SMP_ERR_NO_MEMORY. */
int smpi_bad_line_make(struct smpi_bad_line *line, struct smp_loop *loop,
                       const struct smp_faults *faults);
void smpi_bad_line_unmake(struct smpi_bad_line *line);
/* The client is gone, with all that was under way. */
void smpi_bad_line_reset(struct smpi_bad_line *line);

/* Bytes to the client.  Returns how many it took. */
size_t smpi_bad_line_out(struct smpi_bad_line *line, const uint8_t *data, size_t len);
void smpi_bad_line_writable(struct smpi_bad_line *line);

/* Bytes from the client.  A console line waits here until it is whole, as it does in a device. */
void smpi_bad_line_in(struct smpi_bad_line *line, const uint8_t *data, size_t len);

#endif

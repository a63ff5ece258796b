/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/bad_line.h"

/* Pieces that a delay may keep under way: 64 KiB. */
enum { UNDER_WAY = 512 };

static int leave(void *user, const struct smp_peer *peer, const uint8_t *piece, size_t len)
{
    struct smpi_bad_line *line = user;
    (void)peer;
    line->written += line->write(line->self, piece + line->written, len - line->written);
    if (line->written < len) {
        return SMP_ERR_AGAIN;
    }
    line->written = 0;
    return SMP_OK;
}

static int arrive(void *user, const struct smp_peer *peer, const uint8_t *piece, size_t len)
{
    struct smpi_bad_line *line = user;
    (void)peer;
    line->arrive(line->self, piece, len);
    return SMP_OK;
}

static size_t piece_of(size_t len)
{
    return len < SMPI_PIECE_MAX ? len : SMPI_PIECE_MAX;
}

size_t smpi_bad_line_out(struct smpi_bad_line *line, const uint8_t *data, size_t len)
{
    struct smpi_link *link = &line->bad.out;
    size_t taken = 0;
    while (taken < len && !link->blocked) {
        size_t n = piece_of(len - taken);
        smpi_link_pass(link, NULL, data + taken, n);
        taken += n;
        if (smpi_queue_first(&link->queue) == NULL) {
            line->written = 0; /* what was half written found no room to wait */
        }
    }
    return taken;
}

void smpi_bad_line_writable(struct smpi_bad_line *line)
{
    smpi_link_unblock(&line->bad.out);
}

static void pass_line(struct smpi_bad_line *line)
{
    smpi_link_pass(&line->bad.in, NULL, line->line, line->len);
    line->len = 0;
}

void smpi_bad_line_in(struct smpi_bad_line *line, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        line->line[line->len++] = data[i];
        if (line->len == SMPI_PIECE_MAX || (data[i] == '\n' && !line->raw)) {
            pass_line(line);
        }
    }
    if (line->raw && line->len > 0) {
        pass_line(line);
    }
}

int smpi_bad_line_make(struct smpi_bad_line *line, struct smp_loop *loop,
                       const struct smp_faults *faults)
{
    int error = smpi_bad_make(&line->bad, loop, SMPI_PIECE_MAX, UNDER_WAY, leave, arrive, line);
    if (error == SMP_OK) {
        smpi_bad_set(&line->bad, faults);
    }
    return error;
}

void smpi_bad_line_unmake(struct smpi_bad_line *line)
{
    smpi_bad_unmake(&line->bad);
}

void smpi_bad_line_reset(struct smpi_bad_line *line)
{
    smpi_bad_clear(&line->bad);
    line->written = 0;
    line->len = 0;
}

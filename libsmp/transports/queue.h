/* SPDX-License-Identifier: Apache-2.0 */
/* Packets on their way inside the library, in blocks of the loop's pool. */
#ifndef SMPI_TRANSPORTS_QUEUE_H
#define SMPI_TRANSPORTS_QUEUE_H

#include "core/transport.h"

struct smpi_queued;

struct smpi_queue {
    struct smp_loop *loop;
    struct smpi_list packets;
    struct smpi_queued *lent; /* the last one taken: its bytes stay readable until the next */
};

struct smpi_queued {
    struct smpi_list node;
    uint64_t due;
    struct smp_peer peer;
    size_t len;
    uint8_t packet[];
};

void smpi_queue_init(struct smpi_queue *queue, struct smp_loop *loop);
/* Gives back everything. */
void smpi_queue_clear(struct smpi_queue *queue);

/* A copy that is in no queue yet, or NULL when the pool is empty.  `peer` may be NULL. */
struct smpi_queued *smpi_queue_copy(struct smpi_queue *queue, const struct smp_peer *peer,
                                    const uint8_t *packet, size_t len);
void smpi_queue_add(struct smpi_queue *queue, struct smpi_queued *queued);
void smpi_queue_drop(struct smpi_queue *queue, struct smpi_queued *queued);

/* The next one, or NULL. */
struct smpi_queued *smpi_queue_first(struct smpi_queue *queue);
/* Removes the first; the caller need not give it back. */
struct smpi_queued *smpi_queue_take(struct smpi_queue *queue);

#endif

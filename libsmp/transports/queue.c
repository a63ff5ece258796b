/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/queue.h"

#include <string.h>

void smpi_queue_init(struct smpi_queue *queue, struct smp_loop *loop)
{
    queue->loop = loop;
    queue->lent = NULL;
    smpi_list_init(&queue->packets);
}

void smpi_queue_clear(struct smpi_queue *queue)
{
    while (smpi_queue_first(queue) != NULL) {
        smpi_queue_take(queue);
    }
    smpi_pool_put(queue->loop, queue->lent);
    queue->lent = NULL;
}

struct smpi_queued *smpi_queue_copy(struct smpi_queue *queue, const struct smp_peer *peer,
                                    const uint8_t *packet, size_t len)
{
    struct smpi_queued *queued = smpi_pool_get(queue->loop, sizeof(*queued) + len);
    if (queued != NULL) {
        *queued = (struct smpi_queued){.len = len};
        smpi_list_init(&queued->node);
        if (peer != NULL) {
            queued->peer = *peer;
        }
        if (len > 0) {
            memcpy(queued->packet, packet, len);
        }
    }
    return queued;
}

void smpi_queue_add(struct smpi_queue *queue, struct smpi_queued *queued)
{
    smpi_list_add(&queue->packets, &queued->node);
}

void smpi_queue_drop(struct smpi_queue *queue, struct smpi_queued *queued)
{
    smpi_list_remove(&queued->node);
    smpi_pool_put(queue->loop, queued);
}

struct smpi_queued *smpi_queue_first(struct smpi_queue *queue)
{
    return smpi_list_empty(&queue->packets)
               ? NULL
               : SMPI_OF(queue->packets.next, struct smpi_queued, node);
}

struct smpi_queued *smpi_queue_take(struct smpi_queue *queue)
{
    struct smpi_queued *queued = smpi_queue_first(queue);
    if (queued != NULL) {
        smpi_list_remove(&queued->node);
        smpi_pool_put(queue->loop, queue->lent);
        queue->lent = queued;
    }
    return queued;
}

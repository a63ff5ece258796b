/* SPDX-License-Identifier: Apache-2.0 */
/* Two transports joined in memory. */
#include "transports/queue.h"
#include "transports/step.h"

#include <smp/header.h>
#include <smp/loopback.h>

/* Packets that may wait at one end. */
enum { QUEUE_MAX = 64 };

struct pair;

struct end {
    struct pair *pair;
    struct end *other; /* NULL: it was freed */
    struct smp_transport *transport;
    struct smpi_queue inbox;
    size_t waiting;     /* packets in it */
    bool other_blocked; /* the other was told SMP_ERR_AGAIN */
    struct smpi_task task;
};

struct pair {
    struct smp_loop *loop;
    size_t max_packet;
    struct end ends[2];
};

static int loopback_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct end *to = ((struct end *)self)->other;
    (void)peer;
    if (to == NULL) {
        return SMP_ERR_CLOSED;
    }
    if (len > to->pair->max_packet) {
        return SMP_ERR_TOO_LARGE;
    }
    struct smpi_queued *queued =
        to->waiting < QUEUE_MAX ? smpi_queue_copy(&to->inbox, NULL, packet, len) : NULL;
    if (queued == NULL && to->waiting > 0) {
        to->other_blocked = true;
        return SMP_ERR_AGAIN;
    }
    if (queued == NULL) {
        /* Others hold every buffer, and nothing would tell us when one is free again. */
        smpi_log(to->pair->loop, SMP_LOG_WARN, "packet of %zu bytes lost: no buffer free", len);
        return SMP_OK;
    }
    smpi_queue_add(&to->inbox, queued);
    to->waiting++;
    smpi_task_schedule(to->pair->loop, &to->task);
    return SMP_OK;
}

static size_t loopback_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct end *)self)->pair->max_packet;
}

static size_t loopback_step_down(void *self, size_t size)
{
    (void)self;
    return smpi_step_down(size, SMPI_STEP_IPV4);
}

/* Delivers what waits now; what the receiver causes to be sent waits for the next turn. */
static void deliver(struct smpi_task *task)
{
    struct end *end = SMPI_OF(task, struct end, task);
    struct smp_loop *loop = end->pair->loop;
    for (size_t n = end->waiting; n > 0 && !loop->wait.done; n--) {
        struct smpi_queued *queued = smpi_queue_take(&end->inbox);
        end->waiting--;
        smp_transport_received(end->transport, NULL, queued->packet, queued->len);
    }
    if (end->waiting > 0) {
        smpi_task_schedule(loop, &end->task);
    } else if (end->other == NULL) {
        smp_transport_down(end->transport, SMP_ERR_CLOSED, 0);
    }
    if (end->other_blocked && end->other != NULL && end->waiting < QUEUE_MAX) {
        end->other_blocked = false;
        smp_transport_writable(end->other->transport);
    }
}

/* ---- making and freeing ---- */

/* Room for some packets of the usual size, and a few of the largest. */
enum { USUAL = 16, LARGEST = 4 };

static size_t usual_size(size_t max_packet)
{
    size_t largest = max_packet + sizeof(struct smpi_queued);
    return largest < SMPI_BLOCK_PACKET ? largest : SMPI_BLOCK_PACKET;
}

static int reserve(struct smp_loop *loop, size_t max_packet)
{
    int error = smpi_pool_reserve(loop, usual_size(max_packet), USUAL);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_pool_reserve(loop, max_packet + sizeof(struct smpi_queued), LARGEST);
    if (error != SMP_OK) {
        smpi_pool_unreserve(loop, usual_size(max_packet), USUAL);
    }
    return error;
}

static void unreserve(struct smp_loop *loop, size_t max_packet)
{
    smpi_pool_unreserve(loop, usual_size(max_packet), USUAL);
    smpi_pool_unreserve(loop, max_packet + sizeof(struct smpi_queued), LARGEST);
}

static void loopback_free(void *self)
{
    struct end *end = self;
    struct smp_loop *loop = end->pair->loop;
    smpi_task_cancel(&end->task);
    smpi_queue_clear(&end->inbox);
    if (end->other == NULL) {
        unreserve(loop, end->pair->max_packet);
        smpi_free(loop, end->pair);
        return;
    }
    end->other->other = NULL;
    smpi_task_schedule(loop, &end->other->task);
}

static int make_end(struct pair *pair, size_t i)
{
    static const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_DATAGRAM,
        .send = loopback_send,
        .max_packet = loopback_max_packet,
        .step_down = loopback_step_down,
        .free = loopback_free,
    };
    struct end *end = &pair->ends[i];
    end->pair = pair;
    smpi_queue_init(&end->inbox, pair->loop);
    smpi_task_init(&end->task, deliver);
    return smp_transport_new(pair->loop, &ops, end, &end->transport);
}

int smp_loopback_new(struct smp_loop *loop, size_t max_packet, struct smp_transport **a,
                     struct smp_transport **b)
{
    if (loop == NULL || a == NULL || b == NULL || max_packet > SMP_PACKET_MAX) {
        return SMP_ERR_INVALID;
    }
    struct pair *pair = smpi_alloc(loop, sizeof(*pair));
    if (pair == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    pair->loop = loop;
    pair->max_packet = max_packet == 0 ? SMP_PACKET_MAX : max_packet;
    int error = reserve(loop, pair->max_packet);
    if (error != SMP_OK) {
        smpi_free(loop, pair);
        return error;
    }
    error = make_end(pair, 0);
    if (error != SMP_OK) {
        unreserve(loop, pair->max_packet);
        smpi_free(loop, pair);
        return error;
    }
    error = make_end(pair, 1);
    if (error != SMP_OK) {
        smp_transport_free(pair->ends[0].transport); /* the only one: takes the pair with it */
        return error;
    }
    pair->ends[0].other = &pair->ends[1];
    pair->ends[1].other = &pair->ends[0];
    *a = pair->ends[0].transport;
    *b = pair->ends[1].transport;
    return SMP_OK;
}

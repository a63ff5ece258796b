/* SPDX-License-Identifier: Apache-2.0 */
#include "core/transport.h"

#include <string.h>

/* A packet that came outside a turn, kept until the next. */
struct smpi_parcel {
    struct smpi_list node;
    struct smp_peer peer;
    size_t len;
    uint8_t packet[];
};

static void bury_transport(struct smp_loop *loop, void *memory)
{
    struct smp_transport *transport = memory;
    if (transport->ops.free != NULL) {
        transport->ops.free(transport->self);
    }
    smpi_free(loop, transport);
}

static void deliver_inbox(struct smpi_task *task)
{
    struct smp_transport *transport = SMPI_OF(task, struct smp_transport, task);
    struct smp_loop *loop = transport->loop;
    while (!smpi_list_empty(&transport->inbox)) {
        if (loop->wait.done) {
            smpi_task_schedule(loop, task); /* the rest comes at the next turn */
            return;
        }
        struct smpi_parcel *parcel = SMPI_OF(transport->inbox.next, struct smpi_parcel, node);
        smpi_list_remove(&parcel->node);
        if (transport->sink != NULL) {
            transport->sink->received(transport->sink_user, transport, &parcel->peer,
                                      parcel->packet, parcel->len);
        }
        smpi_pool_put(loop, parcel);
    }
}

int smp_transport_new(struct smp_loop *loop, const struct smp_transport_ops *ops, void *self,
                      struct smp_transport **transport)
{
    if (loop == NULL || ops == NULL || transport == NULL || ops->send == NULL ||
        ops->max_packet == NULL || ops->size < offsetof(struct smp_transport_ops, step_down)) {
        return SMP_ERR_INVALID;
    }
    struct smp_transport *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    memcpy(&made->ops, ops, ops->size < sizeof(*ops) ? ops->size : sizeof(*ops));
    made->self = self;
    made->is_up = true;
    smpi_list_init(&made->inbox);
    smpi_task_init(&made->task, deliver_inbox);
    *transport = made;
    return SMP_OK;
}

void smp_transport_free(struct smp_transport *transport)
{
    if (transport == NULL) {
        return;
    }
    smp_transport_down(transport, SMP_ERR_CLOSED, 0);
    transport->sink = NULL;
    smpi_task_cancel(&transport->task);
    while (!smpi_list_empty(&transport->inbox)) {
        struct smpi_parcel *parcel = SMPI_OF(transport->inbox.next, struct smpi_parcel, node);
        smpi_list_remove(&parcel->node);
        smpi_pool_put(transport->loop, parcel);
    }
    smpi_bury(transport->loop, &transport->corpse, bury_transport, transport);
}

struct smp_loop *smp_transport_loop(const struct smp_transport *transport)
{
    return transport->loop;
}

/* Keeps a copy for the next turn; a packet that finds no room is lost, as on any link. */
static void keep(struct smp_transport *transport, const struct smp_peer *peer,
                 const uint8_t *packet, size_t len)
{
    struct smp_loop *loop = transport->loop;
    struct smpi_parcel *parcel = smpi_pool_get(loop, sizeof(*parcel) + len);
    if (parcel == NULL) {
        smpi_log(loop, SMP_LOG_WARN, "received packet of %zu bytes lost: no buffer free", len);
        return;
    }
    memset(&parcel->peer, 0, sizeof(parcel->peer));
    if (peer != NULL) {
        parcel->peer = *peer;
    }
    parcel->len = len;
    memcpy(parcel->packet, packet, len);
    smpi_list_add(&transport->inbox, &parcel->node);
    smpi_task_schedule(loop, &transport->task);
}

void smp_transport_received(struct smp_transport *transport, const struct smp_peer *peer,
                            const uint8_t *packet, size_t len)
{
    struct smp_loop *loop = transport->loop;
    if (transport->sink == NULL || len > SMP_PACKET_MAX || smpi_loop_enter(loop) != SMP_OK) {
        return;
    }
    if (!loop->turning || loop->depth > 0 || loop->wait.done ||
        !smpi_list_empty(&transport->inbox)) {
        keep(transport, peer, packet, len);
    } else {
        transport->sink->received(transport->sink_user, transport, peer, packet, len);
    }
}

void smp_transport_writable(struct smp_transport *transport)
{
    if (transport->sink != NULL) {
        transport->sink->writable(transport->sink_user, transport);
    }
}

void smp_transport_up(struct smp_transport *transport)
{
    if (!transport->is_up) {
        transport->is_up = true;
        if (transport->sink != NULL) {
            transport->sink->up(transport->sink_user, transport);
        }
    }
}

void smp_transport_down(struct smp_transport *transport, int reason, int system_error)
{
    if (transport->is_up) {
        transport->is_up = false;
        if (transport->sink != NULL) {
            transport->sink->down(transport->sink_user, transport, reason, system_error);
        }
    }
}

int smpi_transport_attach(struct smp_transport *transport, const struct smpi_sink *sink,
                          void *user)
{
    if (transport->sink != NULL) {
        return SMP_ERR_BUSY;
    }
    transport->sink = sink;
    transport->sink_user = user;
    return SMP_OK;
}

void smpi_transport_detach(struct smp_transport *transport)
{
    transport->sink = NULL;
    transport->sink_user = NULL;
}

size_t smpi_transport_max_packet(struct smp_transport *transport, const struct smp_peer *peer)
{
    size_t size = transport->ops.max_packet(transport->self, peer);
    return size < SMP_PACKET_MAX ? size : SMP_PACKET_MAX;
}

size_t smpi_transport_step_down(struct smp_transport *transport, size_t size)
{
    size_t next =
        transport->ops.step_down == NULL ? 0 : transport->ops.step_down(transport->self, size);
    return next < size ? next : 0;
}

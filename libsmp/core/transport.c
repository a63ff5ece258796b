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

/* Hands over what came in.  False: smp_wait() has its answer, the rest has to wait. */
static bool deliver_inbox(struct smp_transport *transport)
{
    struct smp_loop *loop = transport->loop;
    while (!smpi_list_empty(&transport->inbox) && !loop->wait.done) {
        struct smpi_parcel *parcel = SMPI_OF(transport->inbox.next, struct smpi_parcel, node);
        smpi_list_remove(&parcel->node);
        if (transport->sink != NULL) {
            transport->sink->received(transport->sink_user, transport, &parcel->peer,
                                      parcel->packet, parcel->len);
        }
        smpi_pool_put(loop, parcel);
    }
    return !loop->wait.done;
}

/* Tells the sink how the link is, if it does not know. */
static void report_link(struct smp_transport *transport)
{
    if (transport->fell) {
        transport->fell = false;
        transport->told_up = false;
        if (transport->sink != NULL) {
            transport->sink->down(transport->sink_user, transport, transport->reason,
                                  transport->system_error);
        }
    }
    if (transport->is_up && !transport->told_up) {
        transport->told_up = true;
        if (transport->sink != NULL) {
            transport->sink->up(transport->sink_user, transport);
        }
    }
    if (transport->writable) {
        transport->writable = false;
        if (transport->sink != NULL) {
            transport->sink->writable(transport->sink_user, transport);
        }
    }
}

static void on_task(struct smpi_task *task)
{
    struct smp_transport *transport = SMPI_OF(task, struct smp_transport, task);
    if (deliver_inbox(transport)) {
        report_link(transport);
    } else {
        smpi_task_schedule(transport->loop, task);
    }
}

/* The sink may call the user, so it hears of anything from a turn only, and not in a callback. */
static bool may_tell(const struct smp_transport *transport)
{
    const struct smp_loop *loop = transport->loop;
    return loop->turning && loop->depth == 0 && !loop->wait.done &&
           smpi_list_empty(&transport->inbox);
}

static void tell_link(struct smp_transport *transport)
{
    if (smpi_loop_enter(transport->loop) != SMP_OK) {
        return;
    }
    if (may_tell(transport)) {
        report_link(transport);
    } else {
        smpi_task_schedule(transport->loop, &transport->task);
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
    made->told_up = true;
    smpi_list_init(&made->inbox);
    smpi_task_init(&made->task, on_task);
    *transport = made;
    return SMP_OK;
}

void smp_transport_free(struct smp_transport *transport)
{
    if (transport == NULL) {
        return;
    }
    if (transport->sink != NULL && transport->sink->gone != NULL) {
        transport->sink->gone(transport->sink_user, transport);
    }
    transport->is_up = false;
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
    if (len > 0) {
        memcpy(parcel->packet, packet, len);
    }
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
    if (transport->tap != NULL) {
        smpi_transport_show(transport, false, peer, packet, len);
    }
    if (may_tell(transport)) {
        transport->sink->received(transport->sink_user, transport, peer, packet, len);
    } else {
        keep(transport, peer, packet, len);
    }
}

void smp_transport_writable(struct smp_transport *transport)
{
    transport->writable = true;
    tell_link(transport);
}

void smp_transport_up(struct smp_transport *transport)
{
    if (!transport->is_up) {
        transport->is_up = true;
        tell_link(transport);
    }
}

void smp_transport_down(struct smp_transport *transport, int reason, int system_error)
{
    if (transport->is_up) {
        transport->is_up = false;
        transport->fell = true;
        transport->reason = reason;
        transport->system_error = system_error;
        tell_link(transport);
    }
}

int smp_transport_reopen(struct smp_transport *transport)
{
    if (transport == NULL) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(transport->loop);
    if (error != SMP_OK || transport->is_up) {
        return error;
    }
    return transport->ops.reopen == NULL ? SMP_ERR_UNSUPPORTED
                                         : transport->ops.reopen(transport->self);
}

void smp_transport_tap(struct smp_transport *transport, smp_tap_callback *tap, void *user)
{
    transport->tap = tap;
    transport->tap_user = user;
}

void smpi_transport_show(struct smp_transport *transport, bool sent, const struct smp_peer *peer,
                         const uint8_t *packet, size_t len)
{
    static const struct smp_peer only = {.len = 0};
    smpi_enter_user(transport->loop);
    transport->tap(transport, sent, peer != NULL ? peer : &only, packet, len, transport->tap_user);
    smpi_leave_user(transport->loop);
}

/* ---- without session or server ---- */

static void bare_received(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                          const uint8_t *packet, size_t len)
{
    static const struct smp_peer only = {.len = 0};
    (void)user;
    smpi_enter_user(transport->loop);
    transport->bare(transport, peer != NULL ? peer : &only, packet, len, transport->bare_user);
    smpi_leave_user(transport->loop);
}

static void bare_link(void *user, struct smp_transport *transport)
{
    (void)user;
    (void)transport;
}

static void bare_down(void *user, struct smp_transport *transport, int reason, int system_error)
{
    (void)user;
    (void)transport;
    (void)reason;
    (void)system_error;
}

int smp_transport_use(struct smp_transport *transport, smp_packet_callback *received, void *user)
{
    static const struct smpi_sink sink = {
        .received = bare_received, .writable = bare_link, .up = bare_link, .down = bare_down};
    if (transport == NULL || (received == NULL && transport->bare == NULL)) {
        return SMP_ERR_INVALID;
    }
    int error = SMP_OK;
    if (received == NULL) {
        smpi_transport_detach(transport);
    } else {
        error = smpi_transport_attach(transport, &sink, NULL);
    }
    if (error == SMP_OK) {
        transport->bare = received;
        transport->bare_user = user;
    }
    return error;
}

int smp_transport_send(struct smp_transport *transport, const struct smp_peer *peer,
                       const uint8_t *packet, size_t len)
{
    if (transport == NULL || transport->bare == NULL || packet == NULL || len == 0) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(transport->loop);
    if (error != SMP_OK) {
        return error;
    }
    if (!transport->is_up) {
        return SMP_ERR_CLOSED;
    }
    return len > smpi_transport_max_packet(transport, peer)
               ? SMP_ERR_TOO_LARGE
               : smpi_transport_send(transport, peer, packet, len);
}

/* ---- who uses it ---- */

int smpi_transport_attach(struct smp_transport *transport, const struct smpi_sink *sink, void *user)
{
    if (transport->sink != NULL) {
        return SMP_ERR_BUSY;
    }
    transport->sink = sink;
    transport->sink_user = user;
    transport->told_up = transport->is_up;
    transport->fell = false;
    transport->writable = false;
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

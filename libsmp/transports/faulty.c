/* SPDX-License-Identifier: Apache-2.0 */
/* A bad link in front of a transport: a transport itself, and the session of the other. */
#include "transports/faulty.h"

#include <string.h>

struct smpi_faulty {
    struct smp_loop *loop;
    struct smp_transport *outer;
    struct smp_transport *inner;
    struct smpi_bad bad;
};

/* ---- what has come through ---- */

static int to_inner(void *user, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    return smpi_transport_send(((struct smpi_faulty *)user)->inner, peer, packet, len);
}

static int to_outer(void *user, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    smp_transport_received(((struct smpi_faulty *)user)->outer, peer, packet, len);
    return SMP_OK;
}

/* ---- the transport in front ---- */

static int faulty_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct smpi_faulty *faulty = self;
    if (!faulty->inner->is_up) {
        return SMP_ERR_CLOSED;
    }
    if (len > smpi_transport_max_packet(faulty->inner, peer)) {
        return SMP_ERR_TOO_LARGE;
    }
    return smpi_link_pass(&faulty->bad.out, peer, packet, len);
}

static size_t faulty_max_packet(void *self, const struct smp_peer *peer)
{
    return smpi_transport_max_packet(((struct smpi_faulty *)self)->inner, peer);
}

static size_t faulty_step_down(void *self, size_t size)
{
    return smpi_transport_step_down(((struct smpi_faulty *)self)->inner, size);
}

static void faulty_reset(void *self)
{
    struct smp_transport *inner = ((struct smpi_faulty *)self)->inner;
    if (inner->ops.reset != NULL) {
        inner->ops.reset(inner->self);
    }
}

static int faulty_reopen(void *self)
{
    return smp_transport_reopen(((struct smpi_faulty *)self)->inner);
}

/* ---- the session of the transport behind ---- */

static void on_received(void *user, struct smp_transport *inner, const struct smp_peer *peer,
                        const uint8_t *packet, size_t len)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    smpi_link_pass(&faulty->bad.in, peer, packet, len);
}

static void on_writable(void *user, struct smp_transport *inner)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    smpi_link_unblock(&faulty->bad.out);
}

static void on_up(void *user, struct smp_transport *inner)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    faulty->bad.out.blocked = false;
    smp_transport_up(faulty->outer);
}

static void on_down(void *user, struct smp_transport *inner, int reason, int system_error)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    smp_transport_down(faulty->outer, reason, system_error);
}

/* ---- making and freeing ---- */

static void faulty_free(void *self)
{
    struct smpi_faulty *faulty = self;
    smpi_bad_unmake(&faulty->bad);
    smpi_transport_detach(faulty->inner);
    smp_transport_free(faulty->inner);
    smpi_free(faulty->loop, faulty);
}

static int fill(struct smpi_faulty *faulty)
{
    static const struct smpi_sink sink = {
        .received = on_received,
        .writable = on_writable,
        .up = on_up,
        .down = on_down,
    };
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = faulty->inner->ops.kind,
        .send = faulty_send,
        .max_packet = faulty_max_packet,
        .step_down = faulty_step_down,
        .reset = faulty_reset,
        .free = faulty_free,
        .overhead = faulty->inner->ops.overhead,
        .window = faulty->inner->ops.window,
        .reopen = faulty_reopen,
    };
    int error = smpi_transport_attach(faulty->inner, &sink, faulty);
    if (error != SMP_OK) {
        return error;
    }
    error = smp_transport_new(faulty->loop, &ops, faulty, &faulty->outer);
    if (error != SMP_OK) {
        smpi_transport_detach(faulty->inner);
    }
    return error;
}

int smp_faulty_new(struct smp_transport *inner, const struct smp_faults *faults,
                   struct smp_transport **transport)
{
    if (inner == NULL || faults == NULL || faults->size == 0 || transport == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = inner->loop;
    struct smpi_faulty *faulty = smpi_alloc(loop, sizeof(*faulty));
    if (faulty == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    faulty->loop = loop;
    faulty->inner = inner;
    int error = smpi_bad_make(&faulty->bad, loop, smpi_transport_max_packet(inner, NULL), 0,
                              to_inner, to_outer, faulty);
    if (error != SMP_OK) {
        smpi_free(loop, faulty);
        return error;
    }
    smpi_bad_set(&faulty->bad, faults);
    error = fill(faulty);
    if (error != SMP_OK) {
        smpi_bad_unmake(&faulty->bad);
        smpi_free(loop, faulty);
        return error;
    }
    if (!inner->is_up) {
        smp_transport_down(faulty->outer, SMP_ERR_CLOSED, 0);
    }
    *transport = faulty->outer;
    return SMP_OK;
}

int smp_faulty_set(struct smp_transport *transport, const struct smp_faults *faults)
{
    if (transport == NULL || transport->ops.free != faulty_free || faults == NULL ||
        faults->size == 0) {
        return SMP_ERR_INVALID;
    }
    smpi_bad_set(&((struct smpi_faulty *)transport->self)->bad, faults);
    return SMP_OK;
}

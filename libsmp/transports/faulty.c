/* SPDX-License-Identifier: Apache-2.0 */
/* A bad link in front of a transport: a transport itself, and the session of the other. */
#include "base/random.h"
#include "transports/faulty.h"

#include <string.h>

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
    return smpi_link_pass(&faulty->out, peer, packet, len);
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

/* ---- the session of the transport behind ---- */

static void on_received(void *user, struct smp_transport *inner, const struct smp_peer *peer,
                        const uint8_t *packet, size_t len)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    smpi_link_pass(&faulty->in, peer, packet, len);
}

static void on_writable(void *user, struct smp_transport *inner)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    faulty->out.blocked = false;
    smpi_link_flush(&faulty->out);
}

static void on_up(void *user, struct smp_transport *inner)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    faulty->out.blocked = false;
    smp_transport_up(faulty->outer);
}

static void on_down(void *user, struct smp_transport *inner, int reason, int system_error)
{
    struct smpi_faulty *faulty = user;
    (void)inner;
    smp_transport_down(faulty->outer, reason, system_error);
}

/* ---- making and freeing ---- */

static int make_links(struct smpi_faulty *faulty)
{
    int error = smpi_link_make(&faulty->out, faulty, true);
    if (error != SMP_OK) {
        return error;
    }
    error = smpi_link_make(&faulty->in, faulty, false);
    if (error != SMP_OK) {
        smpi_link_unmake(&faulty->out);
    }
    return error;
}

static void unmake_links(struct smpi_faulty *faulty)
{
    smpi_link_unmake(&faulty->out);
    smpi_link_unmake(&faulty->in);
}

/* What a slow link holds: some packets of each size that the inner transport takes. */
static const struct {
    size_t size;
    size_t count;
} room[] = {{SMPI_BLOCK_PACKET, 32}, {SMPI_BLOCK_LARGE, 16}, {SMPI_BLOCK_MAX, 4}};

static void unreserve(struct smpi_faulty *faulty)
{
    while (faulty->reserved > 0) {
        faulty->reserved--;
        smpi_pool_unreserve(faulty->loop, room[faulty->reserved].size,
                            room[faulty->reserved].count);
    }
}

static int reserve(struct smpi_faulty *faulty)
{
    size_t largest = smpi_transport_max_packet(faulty->inner, NULL) + sizeof(struct smpi_queued);
    for (size_t i = 0; i < 3 && (i == 0 || largest > room[i - 1].size); i++) {
        int error = smpi_pool_reserve(faulty->loop, room[i].size, room[i].count);
        if (error != SMP_OK) {
            return error;
        }
        faulty->reserved = i + 1;
    }
    return SMP_OK;
}

static void faulty_free(void *self)
{
    struct smpi_faulty *faulty = self;
    unmake_links(faulty);
    unreserve(faulty);
    smpi_transport_detach(faulty->inner);
    smp_transport_free(faulty->inner);
    smpi_free(faulty->loop, faulty);
}

static void set_faults(struct smpi_faulty *faulty, const struct smp_faults *faults)
{
    memset(&faulty->faults, 0, sizeof(faulty->faults));
    memcpy(&faulty->faults, faults,
           faults->size < sizeof(faulty->faults) ? faults->size : sizeof(faulty->faults));
    faulty->packets = 0;
    uint64_t seed = faulty->faults.seed;
    faulty->out.random = smpi_random_next(&seed);
    faulty->in.random = smpi_random_next(&seed);
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
    };
    int error = reserve(faulty);
    error = error == SMP_OK ? smpi_transport_attach(faulty->inner, &sink, faulty) : error;
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
    set_faults(faulty, faults);
    int error = make_links(faulty);
    if (error != SMP_OK) {
        smpi_free(loop, faulty);
        return error;
    }
    error = fill(faulty);
    if (error != SMP_OK) {
        unmake_links(faulty);
        unreserve(faulty);
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
    set_faults(transport->self, faults);
    return SMP_OK;
}

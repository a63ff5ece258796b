/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of struct smp_transport: where core and transports meet. */
#ifndef SMPI_CORE_TRANSPORT_H
#define SMPI_CORE_TRANSPORT_H

#include "core/loop.h"

#include <smp/transport.h>

/* The session or server a transport serves. */
struct smpi_sink {
    void (*received)(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                     const uint8_t *packet, size_t len);
    void (*writable)(void *user, struct smp_transport *transport);
    void (*up)(void *user, struct smp_transport *transport);
    void (*down)(void *user, struct smp_transport *transport, int reason, int system_error);
};

struct smp_transport {
    struct smp_loop *loop;
    struct smp_transport_ops ops;
    void *self;
    const struct smpi_sink *sink; /* NULL: serves nobody */
    void *sink_user;
    bool is_up;
    struct smpi_list inbox; /* packets received outside a turn: struct smpi_parcel */
    struct smpi_task task;  /* delivers the inbox */
    struct smpi_corpse corpse;
};

/* SMP_ERR_BUSY when it serves somebody already. */
int smpi_transport_attach(struct smp_transport *transport, const struct smpi_sink *sink,
                          void *user);
void smpi_transport_detach(struct smp_transport *transport);

static inline int smpi_transport_send(struct smp_transport *transport, const struct smp_peer *peer,
                                      const uint8_t *packet, size_t len)
{
    return transport->ops.send(transport->self, peer, packet, len);
}

/* Largest packet just now, within what SMP can carry. */
size_t smpi_transport_max_packet(struct smp_transport *transport, const struct smp_peer *peer);

/* The next smaller size worth trying, 0: none. */
size_t smpi_transport_step_down(struct smp_transport *transport, size_t size);

#endif

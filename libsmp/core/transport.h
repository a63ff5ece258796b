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
    /* It is being freed: forget it, and call nothing of the user's.  May be NULL. */
    void (*gone)(void *user, struct smp_transport *transport);
};

struct smp_transport {
    struct smp_loop *loop;
    struct smp_transport_ops ops;
    void *self;
    const struct smpi_sink *sink; /* NULL: serves nobody */
    void *sink_user;
    bool is_up;
    bool told_up;  /* what the sink knows */
    bool fell;     /* it went down, and the sink does not know */
    bool writable; /* there is room again, and the sink does not know */
    int reason;    /* why it fell */
    int system_error;
    smp_tap_callback *tap; /* NULL: nobody watches the packets */
    void *tap_user;
    smp_packet_callback *bare; /* a program uses it without session or server */
    void *bare_user;
    struct smpi_list inbox; /* packets received outside a turn: struct smpi_parcel */
    struct smpi_task task;  /* tells the sink what happened outside a turn or in a callback */
    struct smpi_corpse corpse;
};

/* SMP_ERR_BUSY when it serves somebody already. */
int smpi_transport_attach(struct smp_transport *transport, const struct smpi_sink *sink,
                          void *user);
void smpi_transport_detach(struct smp_transport *transport);

/* Shows a packet to whoever watches. */
void smpi_transport_show(struct smp_transport *transport, bool sent, const struct smp_peer *peer,
                         const uint8_t *packet, size_t len);

static inline int smpi_transport_send(struct smp_transport *transport, const struct smp_peer *peer,
                                      const uint8_t *packet, size_t len)
{
    int error = transport->ops.send(transport->self, peer, packet, len);
    if (error == SMP_OK && transport->tap != NULL) {
        smpi_transport_show(transport, true, peer, packet, len);
    }
    return error;
}

/* Largest packet just now, within what SMP can carry. */
size_t smpi_transport_max_packet(struct smp_transport *transport, const struct smp_peer *peer);

/* The next smaller size worth trying, 0: none. */
size_t smpi_transport_step_down(struct smp_transport *transport, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a bad link: two directions in front of a transport. */
#ifndef SMPI_TRANSPORTS_FAULTY_H
#define SMPI_TRANSPORTS_FAULTY_H

#include "transports/queue.h"

#include <smp/loopback.h>

struct smpi_link {
    struct smpi_faulty *faulty;
    bool outward;  /* from the session to the inner transport */
    bool blocked;  /* the inner transport said SMP_ERR_AGAIN */
    bool flushing; /* a transport may answer before its `send` returns */
    uint64_t random;
    uint64_t last_due; /* packets keep their order */
    struct smpi_queue queue;
    struct smpi_queued *late; /* comes after the next packet; in no queue until then */
    struct smpi_timer timer;
};

struct smpi_faulty {
    struct smp_loop *loop;
    struct smp_transport *outer;
    struct smp_transport *inner;
    struct smp_faults faults;
    uint64_t packets; /* seen, both ways */
    size_t reserved;  /* kinds of blocks reserved in the pool */
    struct smpi_link out;
    struct smpi_link in;
};

int smpi_link_make(struct smpi_link *link, struct smpi_faulty *faulty, bool outward);
void smpi_link_unmake(struct smpi_link *link);

/* A packet comes to the link.  Only the way out can fail, as the inner transport's `send` does. */
int smpi_link_pass(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                   size_t len);

/* Hands over what is due and sets the timer for the rest. */
void smpi_link_flush(struct smpi_link *link);

#endif

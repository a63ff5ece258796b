/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bad link: two directions, in each of which packets, or pieces of a byte stream, meet their
 * fate.  Where they come from and go to is the business of who uses it.
 */
#ifndef SMPI_TRANSPORTS_FAULTY_H
#define SMPI_TRANSPORTS_FAULTY_H

#include "transports/queue.h"

#include <smp/loopback.h>

/*
 * Takes what has come through.  SMP_ERR_AGAIN: not now; smpi_link_unblock() will follow, and the
 * same bytes are handed over again.
 */
typedef int smpi_hand_over(void *user, const struct smp_peer *peer, const uint8_t *packet,
                           size_t len);

struct smpi_bad;

/* One direction. */
struct smpi_link {
    struct smpi_bad *bad;
    smpi_hand_over *hand_over;
    bool blocked;  /* what is behind it said SMP_ERR_AGAIN */
    bool flushing; /* handing over may make more come */
    uint64_t random;
    uint32_t burst_left; /* so many more vanish */
    uint64_t idle_at;    /* when a slow line has sent all before */
    uint64_t last_due;   /* packets keep their order */
    struct smpi_queue queue;
    struct smpi_queued *late; /* comes after the next packet; in no queue until then */
    struct smpi_timer timer;
};

struct smpi_bad {
    struct smp_loop *loop;
    void *user; /* of the hand_over functions */
    struct smp_faults faults;
    uint64_t packets;     /* seen, both ways */
    uint64_t bytes;       /* in them */
    size_t small;         /* small blocks reserved in the pool */
    size_t reserved;      /* kinds of blocks reserved there */
    struct smpi_link out; /* towards the client */
    struct smpi_link in;  /* from it */
};

/*
 * `largest`: bytes of the largest packet; `small`: packets of up to SMPI_PIECE_MAX bytes that it
 * must hold besides.  SMP_ERR_NO_MEMORY; then nothing needs to be undone.
 */
int smpi_bad_make(struct smpi_bad *bad, struct smp_loop *loop, size_t largest, size_t small,
                  smpi_hand_over *out, smpi_hand_over *in, void *user);
void smpi_bad_unmake(struct smpi_bad *bad);
/* From now on these faults: chance starts anew. */
void smpi_bad_set(struct smpi_bad *bad, const struct smp_faults *faults);
/* What is under way is lost. */
void smpi_bad_clear(struct smpi_bad *bad);

/* What fits a small block of the pool. */
#define SMPI_PIECE_MAX 128u

/* A packet comes to the link.  What hand_over() returns, if it was called at once; else SMP_OK. */
int smpi_link_pass(struct smpi_link *link, const struct smp_peer *peer, const uint8_t *packet,
                   size_t len);
/* What is behind it takes packets again. */
void smpi_link_unblock(struct smpi_link *link);

#endif

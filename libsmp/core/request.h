/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on its way: what the session keeps in its in-flight table.  Two
 * kinds exist: calls (call.c), which keep their packet, and a transfer's chunks
 * (transfer_chunk.c), which are built again from the source each time.
 *
 * Life: IDLE -> QUEUED -> SENT -> IDLE, or SENT -> GHOST -> IDLE when it was
 * given up while the device may still answer it.
 */
#ifndef SMPI_CORE_REQUEST_H
#define SMPI_CORE_REQUEST_H

#include "core/loop.h"

enum smpi_request_state {
    SMPI_IDLE,   /* in no list */
    SMPI_QUEUED, /* waits for a place */
    SMPI_SENT,   /* with the device */
    SMPI_GHOST,  /* given up; keeps its sequence number and its place for a while */
};

struct smpi_request;

struct smpi_request_ops {
    /*
     * Gives the packet to send: SMP_HEADER_SIZE bytes of room for the header, then the
     * payload.  At most `room` bytes in all, else SMP_ERR_TOO_LARGE; SMP_ERR_AGAIN: not yet.
     */
    int (*build)(struct smpi_request *request, size_t room, uint8_t **packet, size_t *len);
    /* The link took a copy.  May be NULL. */
    void (*sent)(struct smpi_request *request);
    /* An answer came; the request is IDLE. */
    void (*answer)(struct smpi_request *request, const struct smp_header *header,
                   struct smp_bytes payload);
    /* It failed for good; the request is IDLE, or a GHOST if it was with the device. */
    void (*fail)(struct smpi_request *request, int error, int system_error);
    /* The time for this try is over; the request is still SENT. */
    void (*expire)(struct smpi_request *request);
    /* A GHOST's time is over or its answer came late; it is IDLE, nobody refers to it any more. */
    void (*release)(struct smpi_request *request);
};

struct smpi_request {
    struct smpi_list node;
    struct smp_session *session;
    const struct smpi_request_ops *ops;
    uint64_t due; /* SENT: end of this try; GHOST: end of its time; SMPI_NEVER: its owner's care */
    uint64_t deadline; /* end of it all, SMPI_NEVER: none */
    uint64_t sent_at;  /* when the link took the last copy */
    uint64_t order;    /* place in the order in which requests came to the session */
    uint32_t timeout_ms;
    uint16_t group;
    uint8_t op;
    uint8_t command;
    uint8_t sequence;
    uint8_t version; /* enum smp_protocol of the last copy */
    uint8_t state;
    uint8_t sends;     /* copies sent since it was submitted, at most 255 */
    bool has_sequence; /* kept over retries */
    bool overtaken;    /* a later one was answered: the device is done with it, its place is free */
    bool again;        /* SENT: to be repeated as soon as the window allows */
    bool switched;     /* the other version of the protocol was tried too */
    bool foreign;      /* its version is its requester's, and never switched */
    uint32_t *tally;   /* its owner's count of those SENT and not overtaken, or NULL */
    int doom;          /* not 0: to be completed with this error by the session's task */
};

#endif

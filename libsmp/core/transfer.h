/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The windowed transfer engine.  It knows offsets; a group tells it how a chunk
 * is written and how an answer is read.
 *
 * STARTING: the first chunk alone, repeated with growing gaps until its patience
 *           is over.  Its answer says where the device wants to go on.
 * SENDING:  as many chunks as the session's window allows.  An answer with a
 *           lower offset than expected shows a gap: sending starts again from
 *           there, once for each gap.  Silence for the retransmission time starts
 *           again from the last confirmed offset, with one packet.
 * OVER:     completed; kept while some of its packets may still be answered.
 *
 * transfer.c         beginning, ending, pausing, progress
 * transfer_chunk.c   sending: what goes out next
 * transfer_answer.c  what an answer means
 * transfer_time.c    silence
 */
#ifndef SMPI_CORE_TRANSFER_H
#define SMPI_CORE_TRANSFER_H

#include "core/session.h"

#include <smp/transfer.h>

/* Chunks that may be on the way, and a few given up ones that may still be answered. */
enum { SMPI_CHUNKS_MAX = 64, SMPI_CHUNKS_SPARE = 8 };

struct smpi_transfer;

struct smpi_transfer_ops {
    const struct smp_command *command;
    /*
     * Writes a chunk's payload.  `*data_len` in: most bytes of data to send; out: bytes sent,
     * at least 1.  SMP_ERR_TOO_LARGE: not even one byte of data fits into `room`.
     */
    int (*build)(struct smpi_transfer *transfer, uint64_t offset, uint8_t *payload, size_t room,
                 size_t *len, uint32_t *data_len);
    /* The offset an answer asks for.  False: it has none. */
    bool (*wanted)(const struct smp_result *result, uint64_t *offset);
    /* All is confirmed: a last look at the answer, which may turn success into an error. */
    int (*finish)(struct smpi_transfer *transfer, const struct smp_result *result);
};

struct smpi_chunk {
    struct smpi_request request;
    struct smpi_transfer *transfer;
    uint64_t offset;
    uint64_t serial; /* place in the order of all sendings */
    uint32_t len;    /* bytes of data */
    uint32_t packet; /* bytes of the whole packet; 0: it could not be built */
};

enum smpi_transfer_state {
    SMPI_TRANSFER_STARTING,
    SMPI_TRANSFER_SENDING,
    SMPI_TRANSFER_OVER,
};

struct smpi_transfer {
    struct smpi_list node;
    struct smp_session *session;
    const struct smpi_transfer_ops *ops;
    smp_callback *done;
    void *user;
    smp_id id;
    struct smp_source source;
    struct smp_transfer_options options;

    enum smpi_transfer_state state;
    bool started;      /* STARTING: the first chunk was cut, its patience runs */
    bool report_start; /* and the user is to be told, by the session's task */
    bool cancelled;
    bool paused;
    bool source_waits; /* the source said AGAIN */
    bool probing;      /* one packet, until something is heard */
    int failed;        /* sending failed with this: ended by the session's task */

    uint64_t acked;    /* the device has all before this */
    uint64_t next;     /* to be sent next */
    uint64_t high;     /* end of the highest byte ever sent */
    uint64_t best;     /* highest acked since the last (re)start: what counts as progress */
    uint64_t start;    /* where the device took it up */
    uint64_t serial;   /* sendings so far */
    uint64_t recovery; /* sendings up to here belong to a gap already seen to */
    uint32_t limit;    /* lowered by `rc 2`: most chunks in flight; 0: the window */
    uint32_t timeouts; /* in a row, nothing heard between them */
    uint32_t setbacks; /* gaps and refusals since the last progress */
    uint32_t restarts; /* times the device forgot it all */
    uint32_t first_room; /* largest first packet; 0: not limited */
    uint32_t last_chunk; /* bytes of data in the last packet */

    uint64_t srtt, rttvar; /* ns; srtt 0: nothing measured yet */
    uint64_t rto;          /* ns */
    uint64_t rto_due;      /* SMPI_NEVER: nothing is on the way */
    uint64_t give_up;      /* STARTING: end of the patience; SENDING: of the stall time */
    uint64_t left;         /* of it, while paused */
    uint64_t first_answer; /* when SENDING began */

    struct smpi_timer timer;
    struct smpi_corpse corpse;
    struct smpi_chunk chunks[SMPI_CHUNKS_MAX];
};

/* ---- transfer.c ---- */

/*
 * Begins a transfer.  `transfer` is the first member of memory the group got from
 * smpi_alloc(), with ops, source, options, done and user filled in; the engine frees
 * it at the end.  On error it still belongs to the caller.
 */
int smpi_transfer_begin(struct smp_session *session, struct smpi_transfer *transfer, smp_id *id);

/* The transfer with that id, or NULL. */
struct smpi_transfer *smpi_transfer_find(struct smp_session *session, smp_id id);

/* Ends all transfers up to that id. */
void smpi_transfers_end(struct smp_session *session, smp_id last, int error, int system_error);
/* Completes the cancelled and the failed ones, and tells of those that have started. */
void smpi_transfers_attend(struct smp_session *session);

void smpi_transfer_complete(struct smpi_transfer *transfer, struct smp_result *result);
void smpi_transfer_fail(struct smpi_transfer *transfer, int error, int system_error);
void smpi_transfer_report(struct smpi_transfer *transfer, enum smp_phase phase);
/* Frees the memory once no packet of it can be answered any more. */
void smpi_transfer_free_if_unused(struct smpi_transfer *transfer);

/* ---- transfer_chunk.c ---- */

/* The next chunk to send, or NULL. */
struct smpi_request *smpi_transfer_next(struct smp_session *session);
/* That chunk could not be sent. */
void smpi_transfer_unsent(struct smpi_request *request, int error);

struct smpi_chunk *smpi_chunk_of(struct smpi_request *request);
bool smpi_chunk_on_the_way(const struct smpi_chunk *chunk);
uint32_t smpi_transfer_on_the_way(const struct smpi_transfer *transfer);
/* Chunks that may be on the way. */
uint32_t smpi_transfer_window(const struct smpi_transfer *transfer);
/* Sends again from `offset`; answers to what was sent so far are not taken for new gaps. */
void smpi_transfer_rewind(struct smpi_transfer *transfer, uint64_t offset);
/* Drops the chunks that a later answer overtook: they will not be answered any more. */
void smpi_transfer_sweep(struct smpi_transfer *transfer);

/* ---- transfer_answer.c ---- */

void smpi_chunk_answer(struct smpi_request *request, const struct smp_header *header,
                       struct smp_bytes payload);

/* ---- transfer_time.c ---- */

#define SMPI_RTO_FIRST (1000 * SMPI_MS)
#define SMPI_RTO_MIN (200 * SMPI_MS)
#define SMPI_RTO_MAX (10000 * SMPI_MS)

void smpi_transfer_on_timer(struct smpi_timer *timer);
/* (Re)starts the patience for the first answer, or for progress. */
void smpi_transfer_expect_first(struct smpi_transfer *transfer);
void smpi_transfer_expect_progress(struct smpi_transfer *transfer);
void smpi_transfer_stop_clock(struct smpi_transfer *transfer);
void smpi_transfer_start_clock(struct smpi_transfer *transfer);
/* The retransmission clock runs while something is on the way, from the last event on. */
void smpi_transfer_restart_rto(struct smpi_transfer *transfer);
void smpi_transfer_set_timer(struct smpi_transfer *transfer);
/* A round trip was measured. */
void smpi_transfer_measure(struct smpi_transfer *transfer, uint64_t rtt);

#endif

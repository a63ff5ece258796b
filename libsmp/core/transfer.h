/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The windowed transfer engine.  It knows offsets; a group tells it how a chunk
 * is written and how an answer is read.
 *
 * STARTING: the first chunk alone, repeated with growing gaps until its patience
 *           is over.  Its answer says where to go on.
 * MOVING:   as many chunks as the session's window allows; see transfer_send.c and
 *           transfer_receive.c for the two ways.
 * ASKING:   the group asks the device where it stands, or looks at the end.
 * WAITING:  the link is down; see transfer_link.c.
 * OVER:     completed; kept while some of its packets may still be answered.
 *
 * transfer.c          beginning, ending, pausing, progress
 * transfer_ask.c      asking the device where it stands
 * transfer_chunk.c    one chunk: its packet, its answer, which is next
 * transfer_send.c     to the device: go-back-N
 * transfer_receive.c  from the device: each chunk for itself
 * transfer_time.c     patience and silence
 * transfer_link.c     the link goes down and comes back
 */
#ifndef SMPI_CORE_TRANSFER_H
#define SMPI_CORE_TRANSFER_H

#include "core/session.h"

#include <smp/transfer.h>

/* Chunks that may be on the way, and a few given up ones that may still be answered. */
enum { SMPI_CHUNKS_MAX = 64, SMPI_CHUNKS_SPARE = 8 };

struct smpi_transfer;

struct smpi_chunk {
    struct smpi_request request;
    struct smpi_transfer *transfer;
    uint64_t offset;
    uint64_t serial; /* place in the order of all sendings */
    uint32_t len;    /* bytes of data */
    uint32_t packet; /* bytes of the whole packet; 0: it could not be built */
    bool fresh;      /* sending: its bytes were never sent before */
    bool missing;    /* receiving: not here yet; keeps its slot even while nobody asks for it */
};

/* What a group knows of its transfer. */
struct smpi_transfer_ops {
    const struct smp_command *command;
    /*
     * Writes a chunk's payload.  `*data_len` in: most bytes of data to send; out: bytes sent,
     * at least 1 (receiving: left alone).  SMP_ERR_TOO_LARGE: it cannot fit into `room`.
     */
    int (*build)(struct smpi_transfer *transfer, uint64_t offset, uint8_t *payload, size_t room,
                 size_t *len, uint32_t *data_len);
    /* Sending: the offset an answer, or a refusal, asks for.  False: it has none. */
    bool (*wanted)(const struct smp_result *result, uint64_t *offset);
    /* Receiving: what an answer carries.  `*total` is left alone unless it says it. */
    void (*carried)(const struct smp_result *result, uint64_t *offset, struct smp_bytes *data,
                    uint64_t *total);
    /*
     * May be NULL.  Finds out where the device stands, by smpi_transfer_call(), when answers do
     * not tell, and then calls smpi_transfer_go_on() or smpi_transfer_fail().  False: it cannot.
     */
    bool (*ask)(struct smpi_transfer *transfer);
    /* May be NULL.  True: this refusal may be about the offset, and asking will tell. */
    bool (*lost)(const struct smp_result *result);
    /*
     * May be NULL.  After the link was down: as ask().  False: the answer to the first chunk will
     * tell.
     */
    bool (*rejoin)(struct smpi_transfer *transfer);
    /*
     * May be NULL.  A refusal asks for what was never sent, or says that the device has bytes it
     * refused just now: it counts wrong, and has to begin anew.
     */
    void (*anew)(struct smpi_transfer *transfer);
    /* The first chunk must not be sent twice without asking in between. */
    bool ask_before_repeat;
    /*
     * All is confirmed.  Completes the transfer, at once or after calls of its own.  `result`:
     * the last answer; NULL when asking told.
     */
    void (*finish)(struct smpi_transfer *transfer, struct smp_result *result);
};

/* Which way the bytes go. */
struct smpi_transfer_way {
    /* The next chunk while MOVING, or NULL. */
    struct smpi_request *(*next)(struct smpi_transfer *transfer);
    /* An answer while STARTING or MOVING. */
    void (*answer)(struct smpi_chunk *chunk, struct smp_result *result);
    /* Nothing was heard for the retransmission time while MOVING: clears the way for a probe. */
    void (*silence)(struct smpi_transfer *transfer);
};

enum smpi_transfer_state {
    SMPI_TRANSFER_STARTING,
    SMPI_TRANSFER_MOVING,
    SMPI_TRANSFER_ASKING,
    SMPI_TRANSFER_WAITING,
    SMPI_TRANSFER_OVER,
};

struct smpi_transfer {
    struct smpi_list node;
    struct smp_session *session;
    const struct smpi_transfer_ops *ops;
    const struct smpi_transfer_way *way;
    smp_callback *done;
    void *user;
    smp_id id;
    struct smp_source source; /* sending */
    struct smp_sink sink;     /* receiving */
    struct smp_transfer_options options;
    void (*then)(struct smpi_transfer *transfer, const struct smp_result *result);
    unsigned calls; /* of the group, whose answers are still to come */
    /* ASKING: what the group does itself, a piece for each turn; NULL: nothing. */
    void (*work)(struct smpi_transfer *transfer);

    enum smpi_transfer_state state;
    bool started;    /* STARTING: the first chunk was cut, its patience runs */
    bool seldom;     /* STARTING: more copies than the device has buffers for */
    bool report_due; /* the user is to be told of a new phase, by the session's task */
    bool cancelled;
    bool paused;
    bool source_waits; /* the source said AGAIN */
    bool probing;      /* one packet, until something is heard */
    bool probed;       /* that packet is on its way */
    int failed;        /* sending failed with this: ended by the session's task */

    uint64_t total;    /* bytes in all; receiving: 0 until the device has said it */
    uint64_t acked;    /* sending: the device has all before this; receiving: bytes that are here */
    uint64_t next;     /* to be sent or asked for next */
    uint64_t high;     /* end of the highest byte ever sent */
    uint64_t best;     /* highest acked since the last (re)start: what counts as progress */
    uint64_t start;    /* where it was taken up */
    uint64_t farthest; /* highest acked at the last restart that had got farther */
    uint32_t on_the_way; /* chunks; kept by the session */
    uint64_t serial;     /* sendings so far */
    uint64_t recovery;   /* sendings up to here belong to a gap already seen to */
    uint32_t timeouts;   /* in a row, nothing heard between them */
    uint32_t setbacks;   /* gaps and refusals since the last progress */
    uint32_t unheard;    /* packets sent since the last answer, and those on the way then */
    uint64_t sent_at;    /* when the last packet left */
    uint32_t restarts;   /* times the device forgot it all since `farthest` moved */
    uint32_t stride;     /* receiving: bytes the device puts into a packet */
    uint32_t first_room; /* largest first packet; 0: not limited */
    uint32_t last_chunk; /* bytes of data in the last packet */

    uint64_t srtt, rttvar; /* ns; srtt 0: nothing measured yet */
    uint64_t rto;          /* ns */
    uint64_t rto_due;      /* SMPI_NEVER: nothing is on the way */
    uint64_t give_up;      /* STARTING: end of the patience; else: of the stall time */
    uint64_t left;         /* of it, while paused */
    uint64_t first_answer; /* when MOVING began */

    int link_error; /* WAITING: why */
    int link_errno;
    uint64_t link_since; /* first loss of the link since `link_best`, or 0 */
    uint64_t link_best;  /* acked then */
    uint64_t strays;     /* answers to nothing, or to what was given up, seen so far */
    uint64_t swept;      /* losses of the session when the overtaken were last dropped */
    uint32_t stale;      /* silences since the last progress in which only such ones came */

    struct smpi_timer timer;
    struct smpi_corpse corpse;
    struct smpi_chunk chunks[SMPI_CHUNKS_MAX];
};

/* ---- transfer.c ---- */

/*
 * Begins a transfer.  `transfer` is the first member of memory the group got from
 * smpi_alloc(), with ops, way, source and total or sink, options, done and user filled
 * in; the engine frees it at the end.  On error it still belongs to the caller.
 */
int smpi_transfer_begin(struct smp_session *session, struct smpi_transfer *transfer, smp_id *id);

/* The transfer with that id, or NULL. */
struct smpi_transfer *smpi_transfer_find(struct smp_session *session, smp_id id);

/* Ends all transfers up to that id. */
void smpi_transfers_end(struct smp_session *session, smp_id last, int error, int system_error);
/* Completes the cancelled and the failed ones, and tells of those that have started. */
void smpi_transfers_attend(struct smp_session *session);

/* A call of the group's own, one at a time; `then` comes unless the transfer is over by then. */
int smpi_transfer_call(struct smpi_transfer *transfer, const struct smp_command *command,
                       const void *request,
                       void (*then)(struct smpi_transfer *transfer,
                                    const struct smp_result *result));
/* Reads from the source.  SMP_ERR_AGAIN: it will say when; the session may be dead afterwards. */
int smpi_transfer_read(struct smpi_transfer *transfer, uint64_t offset, uint8_t *data, size_t len);
/* Asks the device where it stands.  False: the group cannot. */
bool smpi_transfer_ask(struct smpi_transfer *transfer);
/* After asking, receiving: all is as it was. */
void smpi_transfer_go_on_receiving(struct smpi_transfer *transfer);
/* After asking: the device has all before `offset`.  0: from the first chunk again. */
void smpi_transfer_go_on(struct smpi_transfer *transfer, uint64_t offset);

/* The first answer: from here on it is MOVING. */
void smpi_transfer_moving(struct smpi_transfer *transfer, uint64_t offset);
/* `acked` may have moved: if so, the stall time begins anew. */
void smpi_transfer_moved(struct smpi_transfer *transfer);
/*
 * The device lost some of what it had confirmed: it has all before `offset`.  False: too often, and
 * the transfer was ended.
 */
bool smpi_transfer_went_back(struct smpi_transfer *transfer, uint64_t offset);
/* False: too often without progress, and the transfer was ended. */
bool smpi_transfer_setback(struct smpi_transfer *transfer);
/*
 * The device says no.  Some refusals are about how much it gets at once, or in which version:
 * true, and that was lowered; for all others false, and the transfer was ended.
 */
bool smpi_transfer_lowered(struct smpi_chunk *chunk, struct smp_result *result);

void smpi_transfer_complete(struct smpi_transfer *transfer, struct smp_result *result);
void smpi_transfer_fail(struct smpi_transfer *transfer, int error, int system_error);
void smpi_transfer_report(struct smpi_transfer *transfer, enum smp_phase phase);
/* The phase it is in, until it is done. */
enum smp_phase smpi_transfer_phase(const struct smpi_transfer *transfer);
/* Frees the memory once no packet of it can be answered any more. */
void smpi_transfer_free_if_unused(struct smpi_transfer *transfer);

/* ---- transfer_chunk.c ---- */

/* The next chunk to send, or NULL. */
struct smpi_request *smpi_transfer_next(struct smp_session *session);
/* That chunk could not be sent. */
void smpi_transfer_unsent(struct smpi_request *request, int error);

struct smpi_chunk *smpi_chunk_of(struct smpi_request *request);
bool smpi_chunk_on_the_way(const struct smpi_chunk *chunk);
/* Of them the one that was sent first, or NULL. */
struct smpi_chunk *smpi_transfer_oldest(struct smpi_transfer *transfer);
/* Chunks that may be on the way. */
uint32_t smpi_transfer_window(const struct smpi_transfer *transfer);
/* A chunk was answered in order: the window may grow. */
void smpi_transfer_in_order(struct smpi_transfer *transfer);
/* A chunk was lost: the window shrinks. */
void smpi_transfer_gap(struct smpi_transfer *transfer);
/* A chunk for `offset`, or NULL when too many are unaccounted for. */
struct smpi_request *smpi_transfer_prepare(struct smpi_transfer *transfer, uint64_t offset);
/* The same chunk once more; its slot is in no list. */
struct smpi_request *smpi_chunk_prepare(struct smpi_chunk *chunk);
/* The answer tells nothing new: what it answers was sent before the last gap was seen. */
bool smpi_chunk_is_old(const struct smpi_chunk *chunk);

/* ---- transfer_send.c, transfer_receive.c ---- */

extern const struct smpi_transfer_way smpi_transfer_send;
extern const struct smpi_transfer_way smpi_transfer_receive;

/* ---- transfer_link.c ---- */

/* The link went down.  True: it waits for it to come back; false: it has to end. */
bool smpi_transfer_wait_for_link(struct smpi_transfer *transfer, int error, int system_error);
/* WAITING: goes on if the link is up. */
void smpi_transfer_rejoin(struct smpi_transfer *transfer);
/* The link is up: those that wait for it go on from the next turn. */
void smpi_transfers_link_up(struct smp_session *session);

/* ---- transfer_time.c ---- */

#define SMPI_RTO_FIRST (1000 * SMPI_MS)
/* The same where packets vanish easily. */
#define SMPI_RTO_FIRST_DATAGRAM (250 * SMPI_MS)
#define SMPI_RTO_MIN (200 * SMPI_MS)
#define SMPI_RTO_MAX (10000 * SMPI_MS)

void smpi_transfer_on_timer(struct smpi_timer *timer);
/* (Re)starts the patience for the first answer, or for progress. */
/* For the first chunk. */
uint64_t smpi_transfer_first_rto(const struct smpi_transfer *transfer);
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

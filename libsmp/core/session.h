/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct smp_session: the window, the queue, the in-flight table.
 */
#ifndef SMPI_CORE_SESSION_H
#define SMPI_CORE_SESSION_H

#include "core/request.h"
#include "core/transport.h"

#include <smp/session.h>

/* Largest packet to a device that has not said what it takes: Zephyr's default buffer. */
#define SMPI_FALLBACK_PACKET 384u

/* Most requests with a device, whatever it says: half the sequence numbers. */
#define SMPI_WINDOW_MAX 128u

enum smpi_params_state {
    SMPI_PARAMS_NONE,    /* never asked */
    SMPI_PARAMS_ASKING,
    SMPI_PARAMS_KNOWN,
    SMPI_PARAMS_UNKNOWN, /* asked in vain: the window stays 1 */
};

struct smpi_transfer;

struct smp_session {
    struct smp_loop *loop;
    struct smp_transport *transport;
    struct smp_session_options options; /* defaults filled in */

    struct smpi_list queue;     /* QUEUED, in order */
    struct smpi_list sent;      /* SENT and GHOST, by first sending */
    struct smpi_list transfers; /* struct smpi_transfer */
    uint32_t n_queued;
    uint32_t places;            /* SENT and GHOST that are not overtaken */

    enum smpi_params_state params;
    uint32_t buf_size;
    uint32_t buf_count;
    uint32_t path_max; /* what proved to get through; 0: no limit found */
    bool v1;
    bool blocked;      /* the transport said AGAIN */
    bool dead;         /* smp_session_free() was called */
    int broken;        /* sending failed with this: the session's task ends everything */
    uint8_t next_sequence;
    uint64_t next_order;

    struct smpi_timer timer;
    struct smpi_task task;
    struct smp_session_stats stats;
    struct smpi_corpse corpse;
};

/* Queues a request and sends what may be sent.  Front: before all others. */
void smpi_session_submit(struct smp_session *session, struct smpi_request *request, bool front);

/* Sends a SENT request once more, with its sequence number. */
int smpi_session_resend(struct smp_session *session, struct smpi_request *request);

/* Takes a request out of whatever list it is in, for good: IDLE. */
void smpi_session_drop(struct smp_session *session, struct smpi_request *request);

/* Gives a SENT request up: a GHOST for the grace time (IDLE if it was never sent). */
void smpi_session_abandon(struct smp_session *session, struct smpi_request *request);

/* Sends what the window allows: the queue, then the transfers' chunks. */
void smpi_session_pump(struct smp_session *session);

/* Asks for the device's parameters unless that was done.  True: the answer is on its way. */
bool smpi_session_ask_params(struct smp_session *session);

/* Makes sure the session's timer comes no later than `due`. */
void smpi_session_wake_at(struct smp_session *session, uint64_t due);

/* Largest packet now, header included. */
size_t smpi_session_room(struct smp_session *session);

/* Packets of `size` do not get through: use smaller ones.  False: there is no smaller size. */
bool smpi_session_step_down(struct smp_session *session, size_t size);

/*
 * Decodes an answer into the loop's arena.  `id`: whose it is, because what smp_wait() waits
 * for must outlive the turn.
 */
void smpi_session_decode(struct smp_session *session, smp_id id, const struct smp_command *command,
                         const struct smp_header *header, struct smp_bytes payload,
                         struct smp_result *result);

/* Hands a result to the caller's callback, or to smp_wait(). */
void smpi_session_deliver(struct smp_session *session, smp_id id, smp_callback *done, void *user,
                          struct smp_result *result);

/* call.c: a call of the library's own (parameters), before all others. */
int smpi_call_internal(struct smp_session *session, const struct smp_command *command,
                       smp_callback *done, void *user);
/* call.c: finds a request by id, or NULL. */
struct smpi_request *smpi_call_find(struct smp_session *session, smp_id id);

extern const struct smpi_sink smpi_session_sink;

#endif

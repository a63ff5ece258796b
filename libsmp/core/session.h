/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct smp_session: the window, the queue, the in-flight table.
 *
 * session.c      making, freeing, the link's state
 * learnt.c       what is known of the device
 * packet_size.c  how large packets may be
 * send.c         sequence numbers, lists, what may be sent when
 * receive.c      matching answers
 * expiry.c       time, and completing what must not be completed inside a call
 */
#ifndef SMPI_CORE_SESSION_H
#define SMPI_CORE_SESSION_H

#include "core/operation.h"
#include "core/request.h"
#include "core/transport.h"
#include "core/window.h"

#include <smp/session.h>

/* Largest packet to a device that has not said what it takes: Zephyr's default buffer. */
#define SMPI_FALLBACK_PACKET 384u

/* Most requests with a device, whatever it says: half the sequence numbers. */
#define SMPI_WINDOW_MAX 128u

enum smpi_params_state {
    SMPI_PARAMS_NONE, /* never asked */
    SMPI_PARAMS_ASKING,
    SMPI_PARAMS_KNOWN,
    SMPI_PARAMS_UNKNOWN, /* asked in vain: the window stays 1 */
    SMPI_PARAMS_LOST,    /* no answer: the same, until a transfer begins */
};

struct smpi_transfer;

struct smp_session {
    struct smp_loop *loop;
    struct smp_transport *transport;    /* NULL: it was freed */
    struct smp_session_options options; /* defaults filled in */

    struct smpi_list queue;      /* QUEUED, in order */
    struct smpi_list sent;       /* SENT and GHOST, by first sending */
    struct smpi_list transfers;  /* struct smpi_transfer */
    struct smpi_list operations; /* struct smpi_operation */
    uint32_t n_queued;
    uint32_t places;   /* SENT and GHOST that are not overtaken */
    uint32_t repeated; /* of the SENT ones among them, those sent more than once */
    uint32_t n_again;  /* SENT ones that wait to be repeated */

    enum smpi_params_state params;
    uint8_t params_refused; /* times it was refused for a passing reason */
    uint32_t buf_size;
    uint32_t buf_count;
    uint32_t path_max;  /* what proved to get through; 0: no limit found */
    uint32_t proven;    /* largest packet that was answered */
    uint32_t noise_max; /* what gets through most times, over a noisy line; 0: no limit found */
    uint32_t bad_luck;  /* packets lost on the line, less those that were not */
    struct smpi_window window;
    bool v1;
    bool blocked;                /* the transport said AGAIN */
    bool closing;                /* smp_session_close(): nothing new is taken */
    smp_closed_callback *closed; /* due when all is done; NULL: not, or told already */
    void *closed_user;
    bool dead;   /* smp_session_free() was called */
    bool silent; /* freed in a forked child: nothing is completed */
    bool lost;   /* the transport was freed, and nobody was told */
    int broken;  /* sending failed with this: the session's task ends everything */
    int system_error;
    uint8_t next_sequence;
    uint64_t next_order;

    struct smpi_timer timer;
    struct smpi_task task;
    struct smp_session_stats stats;
    struct smpi_corpse corpse;
};

/* ---- session.c ---- */

extern const struct smpi_sink smpi_session_sink;

bool smpi_session_is_up(const struct smp_session *session);

/* Ends everything.  New requests made by the callbacks meanwhile are not touched. */
void smpi_session_end_all(struct smp_session *session, int reason, int system_error);

/* Tells the user about the link. */
void smpi_session_report_link(struct smp_session *session, int reason);

/* Whether something new may begin: SMP_OK, or why not. */
int smpi_session_may_begin(struct smp_session *session);
/* Nothing is under way; ghosts are not counted. */
bool smpi_session_is_idle(const struct smp_session *session);

/* ---- learnt.c ---- */

/* Most requests with the device at a time, by its buffers, the link and the user. */
uint32_t smpi_session_window_cap(const struct smp_session *session);

/* The device's parameters came. */
void smpi_session_told(struct smp_session *session, uint32_t buf_size, uint32_t buf_count);

/* ---- send.c ---- */

/* Queues a request and sends what may be sent.  Front: before all others. */
void smpi_session_submit(struct smp_session *session, struct smpi_request *request, bool front);

/* Sends what the window allows: repeats, the queue, then the transfers' chunks. */
void smpi_session_pump(struct smp_session *session);

/* Sends a SENT request once more, with its sequence number. */
int smpi_session_resend(struct smp_session *session, struct smpi_request *request);
/* The same as soon as the window and the link allow it. */
void smpi_session_resend_soon(struct smp_session *session, struct smpi_request *request);

/* Takes a request out of whatever list it is in, for good: IDLE. */
void smpi_session_drop(struct smp_session *session, struct smpi_request *request);

/* Gives a SENT request up: a GHOST for the grace time (IDLE if it was never sent). */
void smpi_session_abandon(struct smp_session *session, struct smpi_request *request);

/* Gives the place of a SENT or GHOST request away; a late answer to it still counts. */
void smpi_session_overtake(struct smp_session *session, struct smpi_request *request);

/* Sending failed with `error`, one that tells of the link: all ends from the session's task. */
void smpi_session_break(struct smp_session *session, int error);
/* Whether an error of sending means that the link is gone. */
bool smpi_is_link_error(int error);

/* Makes sure the session's timer comes no later than `due`. */
void smpi_session_wake_at(struct smp_session *session, uint64_t due);

/* ---- packet_size.c ---- */

/* Largest packet now, header included. */
size_t smpi_session_room(struct smp_session *session);

/* The next smaller size worth trying when packets of `size` do not get through, 0: none. */
size_t smpi_session_smaller(struct smp_session *session, size_t size);
/* Goes on with that size.  False: there is none. */
bool smpi_session_step_down(struct smp_session *session, size_t size);

/*
 * Over a line, that a packet was lost or got through: a long one is many lines, and where most long
 * ones lose one of theirs, shorter packets are faster.
 */
void smpi_session_luck(struct smp_session *session, size_t size, bool good);
/* A packet of that size had only been late. */
void smpi_session_was_late(struct smp_session *session, size_t size);

/* ---- receive.c ---- */

void smpi_session_received(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                           const uint8_t *packet, size_t len);

/*
 * The device does not speak the version of the protocol the request was sent in: the session
 * goes on with the other one.  True: the request is worth another try.
 */
bool smpi_session_switch_version(struct smp_session *session, struct smpi_request *request,
                                 const struct smp_result *result);

/* ---- expiry.c ---- */

void smpi_session_on_timer(struct smpi_timer *timer);
void smpi_session_on_task(struct smpi_task *task);

/* ---- params.c ---- */

/* Asks for the device's parameters unless that was done.  True: the answer is on its way. */
bool smpi_session_ask_params(struct smp_session *session);

/* ---- deliver.c ---- */

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

/* ---- call.c ---- */

/* smp_session_call(), also while the session is closing. */
int smpi_call_begin(struct smp_session *session, const struct smp_command *command,
                    const void *request, smp_callback *done, void *user, smp_id *id);
/* The same, repeated at that interval until `deadline`, for a device that may be away. */
int smpi_call_until(struct smp_session *session, const struct smp_command *command,
                    const void *request, uint32_t interval_ms, uint64_t deadline,
                    smp_callback *done, void *user, smp_id *id);
/* A call of the library's own (parameters), before all others. */
int smpi_call_internal(struct smp_session *session, const struct smp_command *command,
                       smp_callback *done, void *user);
/* Finds a request by id, or NULL. */
struct smpi_request *smpi_call_find(struct smp_session *session, smp_id id);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A session: one device at the end of one transport.
 *
 * The shape of every call (os.h, img.h, ...):
 * - it returns at once.  If it returned SMP_OK, `done` is called exactly once
 *   (answer, time-out, cancel, link loss or smp_session_free()), from
 *   smp_loop_process() or smp_session_free(), never from inside the call;
 *   otherwise never;
 * - inputs are copied during the call, except transfer sources and transports;
 * - `id` (may be NULL) names the request for smp_session_cancel() and smp_wait().
 *   Ids are never reused;
 * - `done` may be NULL.
 *
 * In a callback anything may be called, with these rules: cancel only marks,
 * the completion comes from the next process; smp_session_free() completes all
 * other requests with SMP_ERR_CLOSED; smp_loop_process(), _run, _turn and
 * smp_wait() return SMP_ERR_REENTRANT.
 *
 * The session never has more requests with the device than it has buffers for:
 * max(1, buffer count - 1), and 1 until the count is known.  The count is asked
 * for (OS group, parameters) before the first transfer, parallel request or
 * packet over the fall-back size of 384 bytes; a lone small request costs one
 * round trip.  The rest waits in a bounded queue.
 *
 * Threads: the loop's only.
 */
#ifndef SMP_SESSION_H
#define SMP_SESSION_H

#include <smp/export.h>
#include <smp/loop.h>
#include <smp/message.h>
#include <smp/transport.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct smp_session;

/** Names a request or transfer; 0 is never used. */
typedef uint64_t smp_id;

/** Called once per request.  @p result and all it points to are borrowed until it returns. */
typedef void smp_callback(struct smp_session *session, const struct smp_result *result, void *user);

/** Link up (SMP_OK) or down (reason).  Called from smp_loop_process(). */
typedef void smp_link_callback(struct smp_session *session, int reason, void *user);

/** How a session behaves; zero means default. */
struct smp_session_options {
    size_t size;          /**< sizeof(struct smp_session_options). */
    uint32_t timeout_ms;  /**< For each try, from the moment the link took the packet.  Default 2500. */
    uint32_t tries;       /**< For idempotent requests, the first included.  Default 3; others have 1. */
    uint32_t deadline_ms; /**< From the call to the end, waiting in the queue included.
                               Default: 120000, or 2 x timeout_ms x tries if that is more. */
    uint32_t grace_ms;    /**< How long an abandoned request keeps its sequence number and its place
                               with the device.  Default 4000. */
    uint32_t window;      /**< Requests with the device at a time, whatever it says it has buffers for;
                               0: by its parameters. */
    uint32_t max_packet;  /**< Cap on the packet size, header included; 0: by parameters and link. */
    uint32_t queue;       /**< Most requests waiting to be sent.  Default 64. */
    bool v1;              /**< Speak SMP v1 from the start.  Default: v2, and v1 once the device answers so. */
    bool no_params;       /**< Never ask for parameters. */
    bool retry_all;       /**< Repeat requests that are not idempotent too. */
    smp_link_callback *link; /**< May be NULL. */
    void *link_user;
    uint32_t first_chunk_ms; /**< Patience for the answer to a transfer's first chunk.  Default 40000. */
    uint32_t stall_ms;       /**< A transfer without progress for so long ends.  Default 30000. */
    uint32_t link_wait_ms;   /**< So long a transfer waits for a link that went down to come up again,
                                  and then goes on where the device stands.  Default 0: it ends at once. */
    uint32_t hurry_ms;       /**< Over links where packets vanish, an idempotent request is repeated after
                                  so long already, then after twice that, and so on up to timeout_ms; these
                                  do not count as tries.  Default 0: after timeout_ms. */
};

/**
 * Makes a session on a transport; sends nothing.
 * @param transport  Must outlive the session, and serve nothing else.
 * @param options    Copied; may be NULL.
 * @param session    Out; free with smp_session_free().
 * @retval SMP_ERR_BUSY  the transport is in use.
 * @retval SMP_ERR_NO_MEMORY, SMP_ERR_INVALID
 * @since 0.1
 */
SMP_API int smp_session_new(struct smp_transport *transport,
                            const struct smp_session_options *options,
                            struct smp_session **session);

/** Completes every request with SMP_ERR_CLOSED, from inside this call, and frees.  NULL is ignored.  @since 0.1 */
SMP_API void smp_session_free(struct smp_session *session);

/** Nothing is under way any more.  Called once, from smp_loop_process(). */
typedef void smp_closed_callback(struct smp_session *session, void *user);

/**
 * Lets what was begun come to its end, transfers included, and takes nothing new: calls return
 * SMP_ERR_CLOSED.  The session still has to be freed; it may be in @p closed.
 * @param closed  May be NULL.  Not called when the session is freed before.
 * @retval SMP_ERR_BUSY  it is closing already.
 * @since 0.1
 */
SMP_API int smp_session_close(struct smp_session *session, smp_closed_callback *closed,
                              void *user);

SMP_API struct smp_loop *smp_session_loop(const struct smp_session *session);

/**
 * Sends any command by its table.
 * @param request  The command's request struct, or NULL for one without fields set.
 * @param done     result->rsp is the command's response struct.
 * @retval SMP_ERR_BUSY       the queue or the loop's pool is full.
 * @retval SMP_ERR_TOO_LARGE  cannot fit a packet to this device.
 * @retval SMP_ERR_CLOSED     the link is down.
 * @retval SMP_ERR_INVALID    a member is wrong.
 * @since 0.1
 */
SMP_API int smp_session_call(struct smp_session *session, const struct smp_command *command,
                             const void *request, smp_callback *done, void *user, smp_id *id);

/**
 * Sends any payload to any group and command.
 * @param op    SMP_OP_READ or SMP_OP_WRITE.
 * @param cbor  Payload; NULL with @p len 0 sends an empty map.
 * @param done  result->rsp is set when the loop knows the command; result->payload always.
 * @retval as smp_session_call()
 * @since 0.1
 */
SMP_API int smp_session_request(struct smp_session *session, uint16_t group, uint8_t command,
                                uint8_t op, const uint8_t *cbor, size_t len, smp_callback *done,
                                void *user, smp_id *id);

/**
 * Sends a request of somebody else's as it came, as bridges do.  Nothing is repeated, and the
 * device sees the requester's own protocol version; only the sequence number is the session's.
 * @param header  Group, id, op (SMP_OP_READ or SMP_OP_WRITE) and version are used.
 * @param cbor    Payload; may be empty.
 * @param done    result->header and result->payload are the answer.
 * @retval as smp_session_call()
 * @since 0.1
 */
SMP_API int smp_session_forward(struct smp_session *session, const struct smp_header *header,
                                const uint8_t *cbor, size_t len, smp_callback *done, void *user,
                                smp_id *id);

/**
 * Ends a request early: its callback comes with SMP_ERR_CANCELLED from the next process.
 * @retval SMP_ERR_NOT_FOUND  already complete.  @since 0.1
 */
SMP_API int smp_session_cancel(struct smp_session *session, smp_id id);

/**
 * Turns the loop until the request is complete.  For small programs.
 * @param result  Out: valid until the next call on the loop.  Its `done` is called too if it has one.
 * @return The loop's error, SMP_ERR_NOT_FOUND when the request had completed before, SMP_ERR_AGAIN
 *         when a loop on a clock of its own can never complete it (a paused transfer), or SMP_OK:
 *         then see (*result)->error.
 * @since 0.1
 */
SMP_API int smp_wait(struct smp_session *session, smp_id id, const struct smp_result **result);

/**
 * The device was reset, or is another one, and the link did not show it: its buffers and all else
 * that was found out about it are asked anew.  A link that falls does the same.  @since 0.1
 */
SMP_API void smp_session_renew(struct smp_session *session);

/** What a session has seen.  Packets, except where said. */
struct smp_session_stats {
    size_t size;           /**< Set by the caller to sizeof. */
    uint64_t sent;         /**< Requests sent, repeats included. */
    uint64_t answered;     /**< Answers that matched a request. */
    uint64_t repeated;     /**< Requests sent again. */
    uint64_t late;         /**< Answers to requests already given up. */
    uint64_t strange;      /**< Packets that matched nothing, or were not SMP. */
    uint64_t lost;         /**< Tries that timed out, or were overtaken. */
    uint64_t bytes_sent;
    uint64_t bytes_received;
};
/** @since 0.1 */
SMP_API void smp_session_get_stats(const struct smp_session *session,
                                   struct smp_session_stats *stats);

/**
 * What a session found out about its device and the link, beyond what the device says of itself.
 * A program that keeps it per device and gives it to the next session spares that the finding out.
 */
struct smp_session_learnt {
    size_t size;        /**< Set by the caller to sizeof. */
    uint32_t buf_size;  /**< The device's parameters when this was learnt; 0: it did not tell. */
    uint32_t buf_count;
    uint32_t window;    /**< Chunks on the way at a time; 0: nothing known. */
    uint32_t edge;      /**< With one request more than this the device had no buffer left to answer
                             (`rc 2`); 0: that never happened. */
    uint32_t packet;    /**< Larger packets never get through, in bytes; 0: no limit was met. */
};
/** @since 0.1 */
SMP_API void smp_session_get_learnt(const struct smp_session *session,
                                    struct smp_session_learnt *learnt);
/**
 * Before the first transfer: what another session with the same device learnt.  It is forgotten
 * when the device turns out to have other parameters.
 * @retval SMP_ERR_INVALID  no size.  @since 0.1
 */
SMP_API int smp_session_set_learnt(struct smp_session *session,
                                   const struct smp_session_learnt *learnt);

/** Requests that may be with the device now; 1 until its parameters are known.  @since 0.1 */
SMP_API uint32_t smp_session_window(const struct smp_session *session);

/** Largest packet that may be sent now, header included, in bytes.  @since 0.1 */
SMP_API uint32_t smp_session_max_packet(const struct smp_session *session);

#ifdef __cplusplus
}
#endif
#endif

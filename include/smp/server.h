/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A server: answers SMP requests by the same tables the client uses.
 *
 * A handler gets the decoded request and answers once, now or later:
 * smp_exchange_reply(), smp_exchange_fail() or smp_exchange_refuse().  A
 * handler that returns without answering and without smp_exchange_defer()
 * answers "unknown error".
 *
 * Requests are executed one at a time, in order, as Zephyr's work queue does.
 * The server has `buf_count` buffers: each request holds one from its arrival
 * to its answer, and the answer needs one of its own.  When none is left for the
 * answer the request is not executed and answered `rc 2`; when none is left for
 * the request it vanishes.
 *
 * Threads: the loop's only.
 */
#ifndef SMP_SERVER_H
#define SMP_SERVER_H

#include <smp/export.h>
#include <smp/message.h>
#include <smp/transport.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct smp_server;
struct smp_exchange;

/** What a server's hook sees. */
enum smp_server_event {
    SMP_SERVER_REQUEST,  /**< A known command is about to be executed; the hook may refuse it,
                             or answer it itself: its request has not been decoded yet. */
    SMP_SERVER_OVERRUN,  /**< A request vanished: no buffer. */
    SMP_SERVER_STARVED,  /**< A request was answered rc 2: no buffer for the answer. */
};

/**
 * Watches or refuses.
 * @param exchange  The request; NULL for SMP_SERVER_OVERRUN.
 * @return 0 to go on; for SMP_SERVER_REQUEST an enum smp_rc > 0 refuses with that code.
 */
typedef int smp_server_hook(struct smp_server *server, enum smp_server_event event,
                            struct smp_exchange *exchange, void *user);

/** How a server behaves; zero means default. */
struct smp_server_options {
    size_t size;        /**< sizeof(struct smp_server_options). */
    uint32_t buf_size;  /**< Largest packet in and out, header included.  Default 2048; 64 to 65535. */
    uint32_t buf_count; /**< Default 4; 1 to 64. */
    uint64_t work_ns;   /**< Time each request takes before it is executed, one after the other.
                             Default 0: at once. */
    bool v1_only;       /**< Answer as servers from before SMP v2: version 0, `rc` errors. */
    bool rc_always;     /**< Put `rc: 0` into answers of success, as Zephyr up to 3.2. */
    bool err_as_ret;    /**< Put group errors under `ret`, as Zephyr 3.4. */
    smp_server_hook *hook; /**< May be NULL. */
    void *hook_user;
    bool mcuboot;       /**< Keep to the packet rules of MCUboot's serial recovery: the answer repeats the
                             first byte of the request's header, errors are plain `rc`, odd ops and
                             lengths are met with silence, and a command that has a handler for
                             one op only answers both. */
};

/** @param options  Copied; may be NULL.  @retval SMP_ERR_NO_MEMORY, SMP_ERR_INVALID  @since 0.1 */
SMP_API int smp_server_new(struct smp_loop *loop, const struct smp_server_options *options,
                           struct smp_server **server);

/** Frees; exchanges still deferred become harmless handles.  NULL is ignored.  @since 0.1 */
SMP_API void smp_server_free(struct smp_server *server);

/** Serves a transport too; it must outlive the server.  @retval SMP_ERR_BUSY  it is in use.  @since 0.1 */
SMP_API int smp_server_listen(struct smp_server *server, struct smp_transport *transport);

/** Drops everything queued, and stops (false) or starts (true) listening: a device that is off.  @since 0.1 */
SMP_API void smp_server_power(struct smp_server *server, bool on);

/**
 * Executes nothing more for @p ns from now, as while a slow flash is erased: requests wait in
 * their buffers, and what finds none vanishes.  Answers can still be sent.  @since 0.1
 */
SMP_API void smp_server_stall(struct smp_server *server, uint64_t ns);

/** @param request  The command's request struct, borrowed until the handler returns. */
typedef void smp_handler(struct smp_exchange *exchange, const void *request, void *user);

/**
 * Sets the handler of one command; NULL removes it.  Commands without one answer rc 8.
 * @param op  SMP_OP_READ or SMP_OP_WRITE.
 * @retval SMP_ERR_NOT_FOUND  no table describes that command.  @since 0.1
 */
SMP_API int smp_server_handle(struct smp_server *server, uint16_t group, uint8_t id, uint8_t op,
                              smp_handler *handler, void *user);

/** The request's header.  Borrowed.  @since 0.1 */
SMP_API const struct smp_header *smp_exchange_header(const struct smp_exchange *exchange);
/** The request's CBOR; not available once deferred.  Borrowed.  @since 0.1 */
SMP_API struct smp_bytes smp_exchange_payload(const struct smp_exchange *exchange);
/** The command's table.  @since 0.1 */
SMP_API const struct smp_command *smp_exchange_command(const struct smp_exchange *exchange);
/** The transport it came by; NULL when that is gone.  @since 0.1 */
SMP_API struct smp_transport *smp_exchange_transport(const struct smp_exchange *exchange);
SMP_API struct smp_server *smp_exchange_server(const struct smp_exchange *exchange);

/**
 * Answers with success.
 * @param response  The command's response struct, or NULL for an empty one.  Copied.
 * @retval SMP_ERR_TOO_LARGE  it does not fit buf_size: `rc 7` was answered instead.
 * @retval SMP_ERR_INVALID    already answered, or a member is wrong (`rc 1` was answered).
 * @since 0.1
 */
SMP_API int smp_exchange_reply(struct smp_exchange *exchange, const void *response);

/**
 * Answers with a code of the command's own group (`err`, or for v1 the `rc` it maps to).
 * @param response  Members to send beside it, or NULL.  @since 0.1
 */
SMP_API int smp_exchange_fail(struct smp_exchange *exchange, uint16_t rc, const void *response);

/** Answers with a global code (`rc`), and `rsn` unless @p reason is NULL.  @since 0.1 */
SMP_API int smp_exchange_refuse(struct smp_exchange *exchange, int64_t rc, const char *reason);

/**
 * Answers with a whole packet made elsewhere, header included: for a gateway that passes on what a
 * device said, or a simulator of one that answers out of the ordinary.  It is sent as it is.
 * @param len  1 to buf_size.
 * @retval SMP_ERR_INVALID    already answered, or no packet.
 * @retval SMP_ERR_TOO_LARGE  over buf_size: nothing was sent, the request still waits.
 * @since 0.1
 */
SMP_API int smp_exchange_reply_packet(struct smp_exchange *exchange, const uint8_t *packet,
                                      size_t len);

/**
 * Puts the answer off.  The handle holds one of the buffers until it is answered or freed.
 * @param later  Out: answer it once (which frees it) or smp_exchange_free() it.  Stays harmless
 *               when the link or the server goes away meanwhile.
 * @retval SMP_ERR_NO_MEMORY  @since 0.1
 */
SMP_API int smp_exchange_defer(struct smp_exchange *exchange, struct smp_exchange **later);

/** Gives a deferred exchange up without an answer.  NULL is ignored.  @since 0.1 */
SMP_API void smp_exchange_free(struct smp_exchange *exchange);

#ifdef __cplusplus
}
#endif
#endif

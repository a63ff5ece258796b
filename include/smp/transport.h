/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Transports: how packets travel.
 *
 * The library has its own (udp.h, loopback.h); a program can add one by filling
 * a struct smp_transport_ops.  A transport carries whole SMP packets: framing
 * and reassembly are inside it.  It serves one session or one server at a time.
 *
 * What a transport owes:
 * - `send` takes a packet whole or not at all, never blocks, copies what it
 *   keeps, and calls nothing of this library: what it found out about the link
 *   it returns;
 * - each received packet goes to smp_transport_received().  In a callback of
 *   smp_loop_process() it is handled at once, anywhere else it is copied and
 *   handled at the next process;
 * - the link's state goes to smp_transport_up() and smp_transport_down().
 *
 * Threads: the loop's only.
 */
#ifndef SMP_TRANSPORT_H
#define SMP_TRANSPORT_H

#include <smp/error.h>
#include <smp/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct smp_loop;
struct smp_transport;

enum smp_transport_kind {
    SMP_TRANSPORT_DATAGRAM, /**< Packets arrive whole or vanish, in any order. */
    SMP_TRANSPORT_STREAM,   /**< Packets share one ordered line. */
};

/** Who sent a packet: opaque, compared by bytes.  len 0: there is only one peer. */
struct smp_peer {
    uint8_t len;
    uint8_t data[31];
};

/** What a transport can do.  @p self is the pointer given to smp_transport_new(). */
struct smp_transport_ops {
    size_t size; /**< sizeof(struct smp_transport_ops). */
    enum smp_transport_kind kind;

    /**
     * Sends one packet.
     * @param peer  As received (servers); NULL or len 0: the only peer.
     * @retval SMP_OK             accepted: its time starts now.
     * @retval SMP_ERR_AGAIN      full; smp_transport_writable() will follow.
     * @retval SMP_ERR_TOO_LARGE  larger than the link takes just now.
     * @retval SMP_ERR_CLOSED, SMP_ERR_REFUSED, SMP_ERR_SYSTEM  the link is gone.
     */
    int (*send)(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len);

    /** Largest packet that may be sent now, in bytes with header.  May change. */
    size_t (*max_packet)(void *self, const struct smp_peer *peer);

    /**
     * The next smaller packet size worth trying when packets of @p size never
     * arrive; 0: none.  May be NULL.
     */
    size_t (*step_down)(void *self, size_t size);

    /** Forget a partly received packet, after silence.  May be NULL. */
    void (*reset)(void *self);

    /** Releases @p self; called once, by smp_transport_free().  May be NULL. */
    void (*free)(void *self);

    /** Bytes that framing takes of the device's buffer, beside the packet. */
    uint32_t overhead;

    /** Most requests with the device that the link allows; 0: as many as the device has room for. */
    uint32_t window;

    /**
     * Tries once to get a link back that is down, without blocking: smp_transport_up() tells when
     * it is.  Called now and then until it does.  May be NULL: the link comes back by itself, or not.
     * @retval SMP_OK  it is up, or may be soon; else why not.
     */
    int (*reopen)(void *self);
};

/**
 * Makes a transport from @p ops (copied) and @p self (must outlive it).
 * The link counts as up.
 * @param transport  Out; free with smp_transport_free(), after the session or server that uses it.
 * @retval SMP_ERR_INVALID (a required op is missing), SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_transport_new(struct smp_loop *loop, const struct smp_transport_ops *ops,
                              void *self, struct smp_transport **transport);

/** Frees a transport; a session or server still on it sees the link go down.  NULL is ignored.  @since 0.1 */
SMP_API void smp_transport_free(struct smp_transport *transport);

/** @return the loop it was made on.  @since 0.1 */
SMP_API struct smp_loop *smp_transport_loop(const struct smp_transport *transport);

/** Hands over one received packet.  @p peer may be NULL.  @since 0.1 */
SMP_API void smp_transport_received(struct smp_transport *transport, const struct smp_peer *peer,
                                    const uint8_t *packet, size_t len);

/** After SMP_ERR_AGAIN: there is room again.  @since 0.1 */
SMP_API void smp_transport_writable(struct smp_transport *transport);

/** The link is up (again).  @since 0.1 */
SMP_API void smp_transport_up(struct smp_transport *transport);

/**
 * The link is down.  Requests in flight end with @p reason.
 * @param reason        SMP_ERR_CLOSED, SMP_ERR_REFUSED or SMP_ERR_SYSTEM.
 * @param system_error  errno, or 0.
 * @since 0.1
 */
SMP_API void smp_transport_down(struct smp_transport *transport, int reason, int system_error);

/**
 * Tries to get a link back that went down.  Call it now and then until the link is up.
 * @retval SMP_OK               it is up, or may be soon.
 * @retval SMP_ERR_UNSUPPORTED  this transport has no such way: wait, or make a new one.
 * @retval as smp_transport_ops.reopen, for serial ports smp_serial_open()
 * @since 0.1
 */
SMP_API int smp_transport_reopen(struct smp_transport *transport);

/**
 * Sees one packet that crosses a transport: going out once the link has taken it, coming in before
 * anybody handles it.  All is borrowed.  Watches only: no call on this loop may be made here.
 * @param sent  It goes to the peer; else it came from there.
 */
typedef void smp_tap_callback(struct smp_transport *transport, bool sent,
                              const struct smp_peer *peer, const uint8_t *packet, size_t len,
                              void *user);

/**
 * Shows every packet from now on to @p tap, for recordings and counters; NULL ends that.
 * A transport has one tap.  @since 0.1
 */
SMP_API void smp_transport_tap(struct smp_transport *transport, smp_tap_callback *tap, void *user);

/* ---- without session or server ---- */

/** One packet that came in.  Called from smp_loop_process(); all is borrowed. */
typedef void smp_packet_callback(struct smp_transport *transport, const struct smp_peer *peer,
                                 const uint8_t *packet, size_t len, void *user);

/**
 * Uses a transport bare, as bridges and stand-ins for devices do: packets come as they are.
 * @param received  NULL gives the transport back, so that others can use it.
 * @retval SMP_ERR_BUSY     a session, a server or another callback uses it.
 * @retval SMP_ERR_INVALID  given back by who did not have it.
 * @since 0.1
 */
SMP_API int smp_transport_use(struct smp_transport *transport, smp_packet_callback *received,
                              void *user);

/**
 * Sends one packet by a transport that is used bare.
 * @param peer  As received; NULL or len 0: the only peer.
 * @retval SMP_ERR_CLOSED   the link is down.
 * @retval SMP_ERR_INVALID  the transport is not used bare, or there is no packet.
 * @retval as smp_transport_ops.send; after SMP_ERR_AGAIN try again a little later.
 * @since 0.1
 */
SMP_API int smp_transport_send(struct smp_transport *transport, const struct smp_peer *peer,
                               const uint8_t *packet, size_t len);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * For tests and simulators: two transports joined in memory, a clock that only
 * moves when told, and bad links.
 */
#ifndef SMP_LOOPBACK_H
#define SMP_LOOPBACK_H

#include <smp/export.h>
#include <smp/loop.h>
#include <smp/transport.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A clock for struct smp_loop_options that starts at 1 s and jumps where the loop would sleep. */
struct smp_fake_clock;
/** @retval SMP_ERR_NO_MEMORY  @since 0.1 */
SMP_API int smp_fake_clock_new(struct smp_fake_clock **clock);
SMP_API void smp_fake_clock_free(struct smp_fake_clock *clock);
/** The interface to put into struct smp_loop_options; borrowed from @p clock.  @since 0.1 */
SMP_API const struct smp_clock *smp_fake_clock_get(struct smp_fake_clock *clock);
/** Moves the time forward, in nanoseconds.  @since 0.1 */
SMP_API void smp_fake_clock_advance(struct smp_fake_clock *clock, uint64_t ns);

/**
 * Joins two transports: what one sends, the other receives at the next process.
 * Free both, in any order.
 * @param max_packet  Largest packet in bytes; 0: SMP_PACKET_MAX.
 * @retval SMP_ERR_NO_MEMORY  @since 0.1
 */
SMP_API int smp_loopback_new(struct smp_loop *loop, size_t max_packet, struct smp_transport **a,
                             struct smp_transport **b);

/**
 * What is wrong with a link, and with the device at its end.  Zero: nothing.
 * A packet is, on a pseudo-terminal's wire, a line or a piece of up to 128 bytes (serial.h).
 * Rates are out of 1 000 000 packets, each way.
 */
struct smp_faults {
    size_t size;          /**< sizeof(struct smp_faults). */
    uint64_t seed;        /**< Same seed, same faults. */
    uint32_t drop;        /**< Packets that vanish. */
    uint32_t duplicate;   /**< Packets that come twice. */
    uint32_t reorder;     /**< Packets that come after the next one, or 20 ms late when none follows. */
    uint32_t corrupt;     /**< Packets with one byte changed. */
    uint32_t truncate;    /**< Packets cut short. */
    uint64_t delay_ns;    /**< One way. */
    uint64_t jitter_ns;   /**< Up to this much more, order kept. */
    uint64_t silent_after; /**< After so many packets in both directions nothing passes; 0: never. */
    size_t drop_above;    /**< Packets larger than this vanish; 0: none do. */
    uint32_t burst;       /**< Packets vanish so many in a row, `drop` of all as before; 0 is 1. */
    uint32_t bytes_per_s; /**< Each way; what comes faster waits.  0: any number. */
    uint64_t silent_after_bytes; /**< As silent_after, in bytes. */

    /* The device must do these itself, whoever simulates it: the link only carries them. */
    uint64_t restart_at;   /**< It restarts when this request comes, the first is 1; 0: never. */
    uint64_t power_cut_at; /**< Its power goes in the middle of this write to flash; 0: never. */
};

/**
 * Reads faults as people write them, such as `drop=5%,burst=3,delay=50,seed=42`.
 *
 * | word | value |
 * |---|---|
 * | drop, duplicate, reorder, corrupt, truncate | percent, up to four decimals, with or without % |
 * | burst | 1 to 1000 packets |
 * | delay | ms that a round trip takes longer, half of it each way |
 * | jitter | ms, each way |
 * | rate | bytes per second, each way |
 * | silence-after, silence-after-packets | bytes, packets |
 * | drop-above | bytes |
 * | restart-at, power-cut-at, seed | a number |
 *
 * @param faults      In and out: what @p text does not name stays as it is.
 * @param error       Out: what is wrong and where, as a sentence; empty if nothing.  May be NULL.
 * @param error_size  Bytes in @p error; 320 are enough.
 * @retval SMP_ERR_INVALID  The text is wrong: @p faults is as it was.
 * @since 0.1
 */
SMP_API int smp_faults_parse(struct smp_faults *faults, const char *text, char *error,
                             size_t error_size);

/** The longest text of smp_faults_print(), its NUL included. */
#define SMP_FAULTS_TEXT_MAX 512

/**
 * Writes faults as smp_faults_parse() reads them; nothing wrong is an empty text.
 * @param text  SMP_FAULTS_TEXT_MAX bytes, or it may be cut off.
 * @retval SMP_ERR_INVALID, SMP_ERR_TOO_LARGE  @since 0.1
 */
SMP_API int smp_faults_print(const struct smp_faults *faults, char *text, size_t size);

/**
 * Puts a bad link in front of a transport.  The session or server uses the new
 * one; the inner one is owned by it and freed with it.
 * @retval SMP_ERR_BUSY  @p inner serves a session or server already.
 * @retval SMP_ERR_INVALID, SMP_ERR_NO_MEMORY  @p inner then still belongs to the caller.
 * @since 0.1
 */
SMP_API int smp_faulty_new(struct smp_transport *inner, const struct smp_faults *faults,
                           struct smp_transport **transport);

/** Changes what is wrong from now on: chance starts anew from the seed, counting from 0.  @since 0.1 */
SMP_API int smp_faulty_set(struct smp_transport *transport, const struct smp_faults *faults);

#ifdef __cplusplus
}
#endif
#endif

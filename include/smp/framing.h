/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Packets in what was recorded of a serial console: for tools that show
 * captures.  (Talking over a serial line is serial.h.)
 *
 * Threads: any.
 */
#ifndef SMP_FRAMING_H
#define SMP_FRAMING_H

#include <smp/error.h>
#include <smp/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A whole packet, with a good CRC; borrowed until it returns. */
typedef void smp_framing_packet(const uint8_t *packet, size_t len, void *user);

/** What went over the console besides, in pieces of any size; borrowed. */
typedef void smp_framing_text(const char *text, size_t len, void *user);

/** What a recording held. */
struct smp_framing_stats {
    size_t size;           /**< Set by the caller to sizeof. */
    uint64_t packets;
    uint64_t bad_encoding; /**< Frames that are not base64, or not packets. */
    uint64_t bad_crc;
    uint64_t bad_length;   /**< Frames cut short, too long, or not as long as they say. */
    uint64_t orphans;      /**< Continuation lines without a beginning. */
};

/**
 * Finds the packets in bytes that went over a console, in either direction.
 * @param packet  Called for each, in order, from inside this call; may be NULL.
 * @param text    Called for all else; may be NULL.
 * @param stats   Out; may be NULL.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_framing_console(const uint8_t *data, size_t len, smp_framing_packet *packet,
                                smp_framing_text *text, void *user,
                                struct smp_framing_stats *stats);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Transfers: an image or file sent or received in chunks, several at a time.
 *
 * A transfer is a request like any other (session.h): one callback at the end,
 * an id to cancel it by.  It always ends:
 *
 * - SMP_OK
 * - SMP_ERR_DEVICE: the device refuses
 * - SMP_ERR_TIMEOUT: no answer, for first_chunk_ms to begin with, later for stall_ms
 * - SMP_ERR_STUCK: the device keeps asking for the same offset, or forgets again and again
 * - SMP_ERR_OFFSET: it asks for an offset past the end, or for what was never sent
 * - SMP_ERR_STALE: only answers to earlier requests came
 * - SMP_ERR_STALLED: no progress because the source has nothing for so long
 * - SMP_ERR_CLOSED, SMP_ERR_REFUSED, SMP_ERR_SYSTEM: the link is down, and was for link_wait_ms
 * - SMP_ERR_CORRUPT: all was sent, and the device has something else
 * - SMP_ERR_SOURCE, SMP_ERR_SINK: reading or storing here failed
 * - SMP_ERR_CANCELLED
 *
 * Resuming.  While it runs, a transfer goes on by itself where the device stands when the link comes
 * back (link_wait_ms) or the device was reset.  After a restart of the program: an image is simply
 * uploaded again, and the device says by its SHA-256 where to go on; a file is with
 * smp_transfer_options.resume.
 */
#ifndef SMP_TRANSFER_H
#define SMP_TRANSFER_H

#include <smp/export.h>
#include <smp/session.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where the bytes come from.  Must outlive the transfer; may be read more than once at any offset. */
struct smp_source {
    size_t size;     /**< sizeof(struct smp_source). */
    uint64_t length; /**< Bytes in all; 1 to 2^32-1. */
    /**
     * Copies @p len bytes from @p offset to @p data.  May cancel, pause and free, but calls to the
     * device return SMP_ERR_REENTRANT: the packet is half built.
     * @return SMP_OK; SMP_ERR_AGAIN: not yet, smp_transfer_continue() will follow; any other
     *         negative number ends the transfer with SMP_ERR_SOURCE.
     */
    int (*read)(void *user, uint64_t offset, uint8_t *data, size_t len);
    void *user;
};

/** Where received bytes go.  Must outlive the transfer. */
struct smp_sink {
    size_t size; /**< sizeof(struct smp_sink). */
    /**
     * Stores @p len bytes at @p offset.  Each byte comes once; parts may come out of order.
     * @return SMP_OK; anything else ends the transfer with SMP_ERR_SINK.
     */
    int (*write)(void *user, uint64_t offset, const uint8_t *data, size_t len);
    void *user;
};

/** Makes a source of memory.  @p data must outlive it.  @since 0.1 */
SMP_API void smp_source_memory(struct smp_source *source, const void *data, size_t len);

enum smp_phase {
    SMP_PHASE_STARTING = 0, /**< First chunk sent; the device may be erasing. */
    SMP_PHASE_SENDING = 1,
    SMP_PHASE_DONE = 2,
    SMP_PHASE_PAUSED = 3,       /**< By smp_transfer_pause(). */
    SMP_PHASE_RECONNECTING = 4, /**< The link is down, and waited for. */
};

/** How far a transfer is. */
struct smp_progress {
    size_t size;          /**< sizeof(struct smp_progress) the library was built with. */
    enum smp_phase phase;
    uint64_t done;        /**< Bytes the device has confirmed. */
    uint64_t total;
    uint64_t start;       /**< Where it was taken up: bytes the device had already. */
    uint64_t rate;        /**< Bytes a second since the first answer, 0 while unknown. */
    uint64_t left_ms;     /**< Estimated time left, 0 while unknown. */
    uint32_t chunk;       /**< Bytes of data in the last packet. */
    uint32_t window;      /**< Packets that may be on the way. */
};

/** Called after each answer that moved the transfer, and when its phase changed.  @p progress is
 *  borrowed. */
typedef void smp_progress_callback(struct smp_session *session,
                                   const struct smp_progress *progress, void *user);

/** Settings of one transfer; zero means default. */
struct smp_transfer_options {
    size_t size;       /**< sizeof(struct smp_transfer_options). */
    uint32_t window;   /**< At most so many packets on the way; 0: the session's window. */
    uint32_t chunk;    /**< At most so many bytes of data in a packet; 0: fill it. */
    uint32_t first_chunk_ms; /**< 0: the session's. */
    uint32_t stall_ms;       /**< 0: the session's. */
    smp_progress_callback *progress; /**< May be NULL; its user pointer is the call's. */
    uint64_t resume; /**< Files only.  Downloading: bytes the caller has already.  Uploading: not 0
                          goes on where the device's file ends, if its hash shows that it is
                          the beginning of this one. */
    uint32_t link_wait_ms; /**< 0: the session's. */
};

/**
 * Stops sending, for as long as wanted.  What is on the way is still answered, then nothing is, and no
 * clock runs.  The progress callback is told SMP_PHASE_PAUSED.
 * @retval SMP_ERR_NOT_FOUND  @since 0.1
 */
SMP_API int smp_transfer_pause(struct smp_session *session, smp_id id);

/** Goes on after a pause, or after a source said SMP_ERR_AGAIN.
 *  @retval SMP_ERR_NOT_FOUND  @since 0.1 */
SMP_API int smp_transfer_continue(struct smp_session *session, smp_id id);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * What can go wrong: here (enum smp_error) and in the device (enum smp_rc and
 * each group's own codes).
 *
 * Every function that can fail returns an int: SMP_OK (0) or one of the
 * negative codes below; functions that count return a number >= 0 instead of
 * SMP_OK.  Whether a request succeeded is told by its struct smp_result, which
 * holds the same codes plus what the device said.
 *
 * The functions here are pure: any thread may call them at any time.
 */
#ifndef SMP_ERROR_H
#define SMP_ERROR_H

#include <smp/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happened here.  Numbers never change; new ones are added at the end.  @since 0.1 */
enum smp_error {
    SMP_OK = 0,                /**< Done. */
    SMP_ERR_INVALID = -1,      /**< An argument is wrong; nothing was done. */
    SMP_ERR_NO_MEMORY = -2,    /**< The allocator said no. */
    SMP_ERR_BUSY = -3,         /**< A bounded queue or pool is full: try after an answer came. */
    SMP_ERR_TOO_LARGE = -4,    /**< Does not fit the device's buffer, the link or the arena. */
    SMP_ERR_AGAIN = -5,        /**< Not now; a later event says when (sources, transports). */
    SMP_ERR_CLOSED = -6,       /**< The link is down, or the object was freed. */
    SMP_ERR_REFUSED = -7,      /**< Nobody listens at that address (ICMP said so). */
    SMP_ERR_TIMEOUT = -8,      /**< No answer in the time allowed. */
    SMP_ERR_CANCELLED = -9,    /**< Cancelled by the caller. */
    SMP_ERR_MALFORMED = -10,   /**< The peer sent something that is not a valid answer. */
    SMP_ERR_DEVICE = -11,      /**< The device said no: see group, rc and reason. */
    SMP_ERR_NOT_FOUND = -12,   /**< No such id, name, group or file. */
    SMP_ERR_REENTRANT = -13,   /**< process, run and wait cannot be called in a callback. */
    SMP_ERR_FORKED = -14,      /**< The loop was made by another process (before fork). */
    SMP_ERR_SYSTEM = -15,      /**< An operating system call failed; errno holds why. */
    SMP_ERR_STALLED = -16,     /**< A transfer made no progress for the stated time. */
    SMP_ERR_OFFSET = -17,      /**< The device asked for bytes past what exists or was sent. */
    SMP_ERR_NOT_IMAGE = -18,   /**< The file is not a MCUboot image. */
    SMP_ERR_CORRUPT = -19,     /**< A hash or checksum does not match. */
    SMP_ERR_UNSUPPORTED = -20, /**< Not built in, or the device cannot do it. */
    SMP_ERR_SOURCE = -21,      /**< Reading the data to send failed. */
    SMP_ERR_EXISTS = -22,      /**< That group, name or address is taken. */
    SMP_ERR_SINK = -23,        /**< Storing the received data failed. */
    SMP_ERR_SIGNATURE = -24,   /**< The image is not signed with that key. */
    SMP_ERR_DOWNGRADE = -25,   /**< The image is older than the one that runs, and that was not wanted. */
    SMP_ERR_NOT_STARTED = -26, /**< After its reset the device does not run the new image. */
    SMP_ERR_STUCK = -27,       /**< The device keeps asking for the same bytes of a transfer. */
    SMP_ERR_STALE = -28,       /**< Only answers to what was asked before came. */
};

/**
 * Global device codes, `rc` in an answer (Zephyr's mcumgr_err_t).  @since 0.1
 * @see Zephyr documentation, "SMP protocol specification", error codes
 */
enum smp_rc {
    SMP_RC_OK = 0,
    SMP_RC_UNKNOWN = 1,
    SMP_RC_NO_MEMORY = 2,
    SMP_RC_INVALID = 3,
    SMP_RC_TIMEOUT = 4,
    SMP_RC_NOT_FOUND = 5,
    SMP_RC_BAD_STATE = 6,
    SMP_RC_RESPONSE_TOO_LARGE = 7,
    SMP_RC_NOT_SUPPORTED = 8,
    SMP_RC_CORRUPT = 9,
    SMP_RC_BUSY = 10,
    SMP_RC_ACCESS_DENIED = 11,
    SMP_RC_TOO_OLD = 12,
    SMP_RC_TOO_NEW = 13,
    SMP_RC_USER = 256, /**< Codes from here on belong to the application. */
};

/** @return The code's own spelling, as "SMP_ERR_TIMEOUT"; never NULL.  @since 0.1 */
SMP_API const char *smp_error_name(int error);

/** @return A plain sentence without a full stop; never NULL.  @since 0.1 */
SMP_API const char *smp_error_text(int error);

/** A device code explained.  All strings are static; hint may be NULL. */
struct smp_code {
    size_t size;      /**< sizeof(struct smp_code) the library was built with. */
    int32_t rc;       /**< The number on the wire. */
    const char *name; /**< As Zephyr spells it, without prefix: "INVALID_HASH". */
    const char *text; /**< A plain sentence without a full stop. */
    const char *hint; /**< What to do about it, or NULL. */
};

/**
 * Explains a global code (`rc` in an answer).
 * @return The code, or NULL when the number is not known.  @since 0.1
 */
SMP_API const struct smp_code *smp_rc_find(int64_t rc);

#ifdef __cplusplus
}
#endif
#endif

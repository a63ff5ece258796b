/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * A whole firmware update of a device with MCUboot, as one call: check the file,
 * upload, mark for a trial, reset, wait, see that the new image runs, and then
 * what `goal` or `decide` says.
 *
 * Nothing is ever confirmed by itself.  The new image stays only when the caller
 * said so: with goal SMP_UPDATE_CONFIRMED beforehand, or with SMP_UPDATE_YES once
 * it was seen running.  Otherwise it is on trial, and the device's next reset
 * brings the old one back.
 *
 * An update looks at the device before each step and does what is missing, so the
 * same update started again goes on where an earlier one ended: after a lost link,
 * a cancel, a power cut, or a trial that nobody confirmed.
 *
 * An update is a request like any other (session.h): one callback at the end, an
 * id for smp_session_cancel() and smp_wait().  Meanwhile the session can be used
 * for other calls, as a health check does.  A lost link is not the end: the
 * transport is opened again (smp_transport_reopen()) for as long as is allowed.
 *
 * @see MCUboot documentation, "Bootloader": image swapping, image trailer
 */
#ifndef SMP_UPDATE_H
#define SMP_UPDATE_H

#include <smp/export.h>
#include <smp/session.h>
#include <smp/transfer.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The steps, in order; those that are not needed are left out.  @since 0.1 */
enum smp_update_phase {
    SMP_UPDATE_CHECKING = 0,   /**< The file, and what the device holds. */
    SMP_UPDATE_UPLOADING = 1,
    SMP_UPDATE_TESTING = 2,    /**< Marking the image for one trial run. */
    SMP_UPDATE_RESETTING = 3,
    SMP_UPDATE_WAITING = 4,    /**< Until the device is back. */
    SMP_UPDATE_VERIFYING = 5,  /**< Is the new image the one that runs? */
    SMP_UPDATE_DECIDING = 6,   /**< Until smp_update_decide(). */
    SMP_UPDATE_CONFIRMING = 7,
    SMP_UPDATE_REVERTING = 8,  /**< Resetting once more, to get the old image back. */
    SMP_UPDATE_DONE = 9,
};

/** What the device is left with.  @since 0.1 */
enum smp_update_state {
    SMP_UPDATE_UNTOUCHED = 0, /**< It runs what it ran; nothing was written. */
    SMP_UPDATE_PARTIAL = 1,   /**< It runs what it ran; the other slot holds a part of the new image. */
    SMP_UPDATE_UPLOADED = 2,  /**< It runs what it ran; the other slot holds the new image, unmarked. */
    SMP_UPDATE_MARKED = 3,    /**< It runs what it ran; its next reset starts the new image on trial. */
    SMP_UPDATE_UNKNOWN = 4,   /**< It was marked, told to reset or to confirm, and not heard of since. */
    SMP_UPDATE_TRIAL = 5,     /**< It runs the new image; its next reset brings the old one back. */
    SMP_UPDATE_CONFIRMED = 6, /**< It runs the new image, and keeps it. */
    SMP_UPDATE_REVERTED = 7,  /**< It was reset and runs the old image. */
    SMP_UPDATE_WRITTEN = 8,   /**< Serial recovery: the slot that boots holds the new image. */
    SMP_UPDATE_BROKEN = 9,    /**< Serial recovery: the slot that boots holds a part of an image only;
                                   the device stays in recovery until a whole one was sent. */
};

/** An answer to whether the new image is good. */
enum smp_update_decision {
    SMP_UPDATE_YES = 1,   /**< Confirm it. */
    SMP_UPDATE_NO = 2,    /**< Reset, so that the old image comes back. */
    SMP_UPDATE_LEAVE = 3, /**< Neither: it stays on trial. */
};

/** How an update went, or how far it is: `result->rsp` of its callback, on errors too. */
struct smp_update_report {
    size_t size;                 /**< sizeof the struct the library was built with. */
    uint32_t phase;              /**< enum smp_update_phase: where it is, or failed. */
    uint32_t state;              /**< enum smp_update_state */
    uint32_t image;              /**< Image number, as in the options. */
    bool same;                   /**< The device ran this very image before: nothing was sent. */
    bool has_from_version;
    struct smp_str from_version; /**< What ran before, as the device says it. */
    bool has_from_hash;
    struct smp_bytes from_hash;
    bool has_to_version;
    struct smp_str to_version;   /**< The file's.  Absent when it is no image. */
    bool has_to_hash;
    struct smp_bytes to_hash;    /**< The image's own hash. */
    bool has_file_sha;
    struct smp_bytes file_sha;   /**< SHA-256 of the whole file. */
    uint64_t ms;                 /**< Since the call. */
    struct smp_str text;         /**< One line for people: what was reached, or what failed in which
                                      step, what the device is left with, and what to do. */
};

/** How far an update is. */
struct smp_update_progress {
    size_t size;                 /**< sizeof the struct the library was built with. */
    enum smp_update_phase phase;
    bool link_down;              /**< The link is lost, and being opened again. */
    uint64_t done;               /**< Uploading: bytes the device has; else milliseconds waited. */
    uint64_t total;              /**< Of them; 0 where there is nothing to wait for. */
    uint64_t start;              /**< Uploading: bytes the device had already. */
    uint64_t rate;               /**< Uploading: bytes a second, 0 while unknown. */
    uint64_t left_ms;            /**< Uploading: estimated time left, 0 while unknown. */
};

/** Called when a phase begins, and within it when something moved.  @p progress is borrowed. */
typedef void smp_update_progress_callback(struct smp_session *session,
                                          const struct smp_update_progress *progress, void *user);

/** A step has ended: what an audit log keeps. */
struct smp_update_event {
    size_t size;                  /**< sizeof the struct the library was built with. */
    enum smp_update_phase phase;  /**< The step; SMP_UPDATE_DONE: the whole update. */
    int error;                    /**< SMP_OK, or why the step failed (it may be tried again). */
    const struct smp_update_report *report; /**< As of now; `text` is about this step. */
};

/** Called at the end of each step.  @p event is borrowed. */
typedef void smp_update_event_callback(struct smp_session *session,
                                       const struct smp_update_event *event, void *user);

/** The new image runs, on trial: is it good?  smp_update_decide() answers, here or later. */
typedef void smp_update_decide_callback(struct smp_session *session, smp_id id,
                                        const struct smp_update_report *report, void *user);

/** What to do, and how far to go; zero means default. */
struct smp_update_options {
    size_t size;             /**< sizeof(struct smp_update_options). */
    uint32_t image;          /**< Image number, 0 for the application. */
    enum smp_update_state goal; /**< SMP_UPDATE_UPLOADED, _MARKED, _TRIAL or _CONFIRMED; 0: _TRIAL.
                                     Not looked at with `decide`, nor in recovery. */
    bool recovery;           /**< The device is in MCUboot's serial recovery: upload and reset only. */
    bool no_downgrade;       /**< Refuse an image older than the one that runs. */
    bool again;              /**< Upload even when the device holds this image already. */
    bool force_reset;        /**< Reset with `force`. */
    struct smp_str key;      /**< PEM of a public key that must have signed the image; len 0: not
                                  checked.  Copied. */
    uint32_t wait_ms;        /**< For the device to come back after a reset.  Default 120000. */
    uint32_t link_ms;        /**< For a lost link to come back at other times.  Default 30000. */
    uint32_t busy_ms;        /**< For a device that says it is busy.  Default 10000. */
    uint32_t decide_ms;      /**< For the decision; then it stays on trial, and the update fails with
                                  SMP_ERR_TIMEOUT.  Default 600000. */
    uint32_t window;         /**< As in struct smp_transfer_options; so are the next three. */
    uint32_t chunk;
    uint32_t first_chunk_ms;
    uint32_t stall_ms;
    smp_update_decide_callback *decide;     /**< Asked when the new image runs.  May be NULL. */
    smp_update_progress_callback *progress; /**< May be NULL. */
    smp_update_event_callback *event;       /**< May be NULL. */
};

/**
 * Updates a device.
 *
 * Cancelled, it ends at once, except while the device is told to mark or to confirm
 * an image: then its answer is awaited first, so that `state` is true.
 * @param source   The image file; must outlive the update; may not say SMP_ERR_AGAIN.  It is read
 *                 once from the first smp_loop_process() on, for its hash.
 * @param options  Copied; may be NULL.
 * @param done     rsp: struct smp_update_report, always.  `result->error`:
 *                 SMP_OK (the goal is reached, or it ended as decided: see `state`),
 *                 SMP_ERR_NOT_IMAGE, _MALFORMED, _CORRUPT, _TOO_LARGE, _SOURCE (the file),
 *                 SMP_ERR_SIGNATURE (not signed with the key), SMP_ERR_DOWNGRADE,
 *                 SMP_ERR_NOT_STARTED (the device came back without the new image),
 *                 SMP_ERR_TIMEOUT (it did not come back, or nobody decided),
 *                 SMP_ERR_DEVICE (refused, as in any result), SMP_ERR_CANCELLED, or an error of the
 *                 link or of the transfer (transfer.h).
 * @param user     For @p done and for the callbacks in @p options.
 * @param id       Out; may be NULL.
 * @retval SMP_ERR_INVALID    an argument is wrong, or `goal` is none.
 * @retval SMP_ERR_BUSY       the session has an update under way.
 * @retval SMP_ERR_CLOSED, SMP_ERR_NO_MEMORY, SMP_ERR_REENTRANT
 * @since 0.1
 */
SMP_API int smp_update_start(struct smp_session *session, const struct smp_source *source,
                             const struct smp_update_options *options, smp_callback *done,
                             void *user, smp_id *id);

/**
 * Answers `decide`.
 * @retval SMP_ERR_NOT_FOUND  there is no such update.
 * @retval SMP_ERR_AGAIN      it has not asked yet.
 * @retval SMP_ERR_EXISTS     it was answered already.
 * @retval SMP_ERR_INVALID
 * @since 0.1
 */
SMP_API int smp_update_decide(struct smp_session *session, smp_id id,
                              enum smp_update_decision decision);

/** @return "uploading", "waiting", ...; never NULL.  @since 0.1 */
SMP_API const char *smp_update_phase_name(uint32_t phase);

/** @return "trial", "confirmed", ...; never NULL.  @since 0.1 */
SMP_API const char *smp_update_state_name(uint32_t state);

/** @return a plain sentence without a full stop, as beside enum smp_update_state; never NULL.  @since 0.1 */
SMP_API const char *smp_update_state_text(uint32_t state);

/** The table of struct smp_update_report, for printing and bindings.  @since 0.1 */
SMP_API const struct smp_message *smp_update_report_message(void);

#ifdef __cplusplus
}
#endif
#endif

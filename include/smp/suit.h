/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 66, SUIT: updates by manifest, on Nordic's nRF54H.  A vendor's group:
 * the number is one of those that applications choose, and another application
 * may use it for something else (custom.h: a group of the program's own with
 * this number takes its place).
 *
 * Uploads end when `off` reaches `len`; offsets go as in an image upload.
 *
 * Every call follows the rules at the top of session.h.
 * @see Nordic's nRF Connect Device Manager
 */
#ifndef SMP_SUIT_H
#define SMP_SUIT_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SMP_GROUP_SUIT = 66, /**< This group's number. */
};

/** @name List of manifests (0)
 * @{ */
struct smp_suit_manifest {
    size_t size;
    uint64_t role; /**< `role` */
};
struct smp_suit_manifest_list_rsp {
    size_t size;
    size_t n_manifests;
    const struct smp_suit_manifest *const *manifests; /**< `manifests` */
};
/** Lists the manifests by role.  @param done  rsp: struct smp_suit_manifest_list_rsp.  @since 0.1 */
SMP_API int smp_suit_manifest_list(struct smp_session *session, smp_callback *done, void *user,
                                   smp_id *id);
/** @} */

/** @name State of a manifest (1)
 * @{ */
struct smp_suit_manifest_state_req {
    size_t size;
    uint64_t role; /**< `role` */
};
struct smp_suit_manifest_state_rsp {
    size_t size;
    bool has_class_id;
    struct smp_bytes class_id;               /**< `class_id`: a UUID */
    bool has_vendor_id;
    struct smp_bytes vendor_id;              /**< `vendor_id`: a UUID */
    bool has_downgrade_prevention_policy;
    int64_t downgrade_prevention_policy;     /**< `downgrade_prevention_policy` */
    bool has_independent_updateability_policy;
    int64_t independent_updateability_policy; /**< `independent_updateability_policy` */
    bool has_signature_verification_policy;
    int64_t signature_verification_policy;   /**< `signature_verification_policy` */
    bool has_digest;
    struct smp_bytes digest;                 /**< `digest` */
    bool has_digest_algorithm;
    int64_t digest_algorithm;                /**< `digest_algorithm`: COSE number */
    bool has_signature_check;
    int64_t signature_check;                 /**< `signature_check` */
    bool has_sequence_number;
    uint64_t sequence_number;                /**< `sequence_number` */
    size_t n_semantic_version;
    const int64_t *semantic_version;         /**< `semantic_version` */
};
/** Asks about one manifest.  @param done  rsp: struct smp_suit_manifest_state_rsp.  @since 0.1 */
SMP_API int smp_suit_manifest_state(struct smp_session *session,
                                    const struct smp_suit_manifest_state_req *req,
                                    smp_callback *done, void *user, smp_id *id);
/** @} */

/** What each of the three uploads below answers. */
struct smp_suit_upload_rsp {
    size_t size;
    bool has_off;
    uint64_t off; /**< `off`: the offset wanted next */
};

/** @name Upload of an envelope (2)
 * @{ */
struct smp_suit_envelope_upload_req {
    size_t size;
    bool has_len;
    uint64_t len;          /**< `len`: first chunk only */
    uint64_t off;          /**< `off` */
    bool has_defer_install;
    bool defer_install;    /**< `defer_install`: first chunk only */
    bool has_data;
    struct smp_bytes data; /**< `data`; absent with len 0 and off 0: start a deferred install */
};
/** Sends one chunk of an envelope.  @param done  rsp: struct smp_suit_upload_rsp.  @since 0.1 */
SMP_API int smp_suit_envelope_upload_chunk(struct smp_session *session,
                                           const struct smp_suit_envelope_upload_req *req,
                                           smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Image the device misses (3, 4)
 * @{ */
struct smp_suit_missing_poll_rsp {
    size_t size;
    bool has_stream_session_id;
    uint64_t stream_session_id;   /**< `stream_session_id`: to be given with the upload */
    bool has_resource_id;
    struct smp_bytes resource_id; /**< `resource_id`: what is missing; absent: nothing */
};
/** Asks what the installation waits for.  @param done  rsp: struct smp_suit_missing_poll_rsp.  @since 0.1 */
SMP_API int smp_suit_missing_poll(struct smp_session *session, smp_callback *done, void *user,
                                  smp_id *id);
struct smp_suit_missing_upload_req {
    size_t size;
    bool has_stream_session_id;
    uint64_t stream_session_id; /**< `stream_session_id`: first chunk only */
    bool has_len;
    uint64_t len;               /**< `len`: first chunk only */
    uint64_t off;               /**< `off` */
    struct smp_bytes data;      /**< `data` */
};
/** Sends one chunk of it.  @param done  rsp: struct smp_suit_upload_rsp.  @since 0.1 */
SMP_API int smp_suit_missing_upload_chunk(struct smp_session *session,
                                          const struct smp_suit_missing_upload_req *req,
                                          smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Upload into a cache partition (5)
 * @{ */
struct smp_suit_cache_upload_req {
    size_t size;
    bool has_target_id;
    uint64_t target_id;    /**< `target_id`: the partition, first chunk only */
    bool has_len;
    uint64_t len;          /**< `len`: first chunk only */
    uint64_t off;          /**< `off` */
    struct smp_bytes data; /**< `data` */
};
/** Sends one chunk of raw cache contents.  @param done  rsp: struct smp_suit_upload_rsp.  @since 0.1 */
SMP_API int smp_suit_cache_upload_chunk(struct smp_session *session,
                                        const struct smp_suit_cache_upload_req *req,
                                        smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Clean up (6)
 * @{ */
/** Erases what was uploaded and not installed.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_suit_cleanup(struct smp_session *session, smp_callback *done, void *user,
                             smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

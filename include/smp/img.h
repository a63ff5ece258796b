/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 1, image: which firmware is in the device, what boots next, and new
 * firmware.
 *
 * An update: smp_img_upload(), smp_img_state_write() with the image's hash
 * (test), smp_os_reset(), and once the new firmware has proved itself
 * smp_img_state_write() with `confirm`.  Unconfirmed firmware is reverted at
 * the next reset.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Application/software image management group"
 */
#ifndef SMP_IMG_H
#define SMP_IMG_H

#include <smp/export.h>
#include <smp/session.h>
#include <smp/transfer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum img_mgmt_err_code_t */
enum smp_img_rc {
    SMP_IMG_RC_OK = 0,
    SMP_IMG_RC_UNKNOWN = 1,
    SMP_IMG_RC_FLASH_CONFIG_QUERY_FAIL = 2,
    SMP_IMG_RC_NO_IMAGE = 3,
    SMP_IMG_RC_NO_TLVS = 4,
    SMP_IMG_RC_INVALID_TLV = 5,
    SMP_IMG_RC_TLV_MULTIPLE_HASHES_FOUND = 6,
    SMP_IMG_RC_TLV_INVALID_SIZE = 7,
    SMP_IMG_RC_HASH_NOT_FOUND = 8,
    SMP_IMG_RC_NO_FREE_SLOT = 9,
    SMP_IMG_RC_FLASH_OPEN_FAILED = 10,
    SMP_IMG_RC_FLASH_READ_FAILED = 11,
    SMP_IMG_RC_FLASH_WRITE_FAILED = 12,
    SMP_IMG_RC_FLASH_ERASE_FAILED = 13,
    SMP_IMG_RC_INVALID_SLOT = 14,
    SMP_IMG_RC_NO_FREE_MEMORY = 15,
    SMP_IMG_RC_FLASH_CONTEXT_ALREADY_SET = 16,
    SMP_IMG_RC_FLASH_CONTEXT_NOT_SET = 17,
    SMP_IMG_RC_FLASH_AREA_DEVICE_NULL = 18,
    SMP_IMG_RC_INVALID_PAGE_OFFSET = 19,
    SMP_IMG_RC_INVALID_OFFSET = 20,
    SMP_IMG_RC_INVALID_LENGTH = 21,
    SMP_IMG_RC_INVALID_IMAGE_HEADER = 22,
    SMP_IMG_RC_INVALID_IMAGE_HEADER_MAGIC = 23,
    SMP_IMG_RC_INVALID_HASH = 24,
    SMP_IMG_RC_INVALID_FLASH_ADDRESS = 25,
    SMP_IMG_RC_VERSION_GET_FAILED = 26,
    SMP_IMG_RC_CURRENT_VERSION_IS_NEWER = 27,
    SMP_IMG_RC_IMAGE_ALREADY_PENDING = 28,
    SMP_IMG_RC_INVALID_IMAGE_VECTOR_TABLE = 29,
    SMP_IMG_RC_INVALID_IMAGE_TOO_LARGE = 30,
    SMP_IMG_RC_INVALID_IMAGE_DATA_OVERRUN = 31,
    SMP_IMG_RC_IMAGE_CONFIRMATION_DENIED = 32,
    SMP_IMG_RC_IMAGE_SETTING_TEST_TO_ACTIVE_DENIED = 33,
    SMP_IMG_RC_ACTIVE_SLOT_NOT_KNOWN = 34,
};

/** @name State (0)
 * @{ */
/** One slot that holds an image.  Flags that a device leaves out are false. */
struct smp_img_image {
    size_t size;
    bool has_image;
    uint32_t image;         /**< `image`: 0 when absent */
    uint32_t slot;          /**< `slot` */
    struct smp_str version; /**< `version`: "1.2.3" or "1.2.3.4" */
    bool has_hash;
    struct smp_bytes hash;  /**< `hash`: the image's own (TLV) hash, 32, 48 or 64 bytes */
    bool has_bootable;
    bool bootable;          /**< `bootable` */
    bool has_pending;
    bool pending;           /**< `pending`: boots next */
    bool has_confirmed;
    bool confirmed;         /**< `confirmed`: stays */
    bool has_active;
    bool active;            /**< `active`: runs now */
    bool has_permanent;
    bool permanent;         /**< `permanent`: boots next, and stays */
};
struct smp_img_state_rsp {
    size_t size;
    size_t n_images;
    const struct smp_img_image *const *images; /**< `images` */
    bool has_split_status;
    int64_t split_status;                      /**< `splitStatus`, Mynewt and old Zephyr */
};
/** Reads which images are where.  @param done  rsp: struct smp_img_state_rsp.  @since 0.1 */
SMP_API int smp_img_state_read(struct smp_session *session, smp_callback *done, void *user,
                               smp_id *id);

struct smp_img_state_write_req {
    size_t size;
    bool has_hash;
    struct smp_bytes hash; /**< `hash` of the image meant; absent: the running one */
    bool has_confirm;
    bool confirm;          /**< `confirm`: true for good, false or absent for one trial boot */
};
/** Marks an image for test, or confirms one.  @param done  rsp: struct smp_img_state_rsp.  @since 0.1 */
SMP_API int smp_img_state_write(struct smp_session *session,
                                const struct smp_img_state_write_req *req, smp_callback *done,
                                void *user, smp_id *id);
/** @} */

/** @name Upload (1)
 * @{ */
/** One chunk, as it stands on the wire.  Programs use smp_img_upload(). */
struct smp_img_upload_req {
    size_t size;
    bool has_image;
    uint32_t image;        /**< `image`: first chunk only */
    bool has_len;
    uint64_t len;          /**< `len`: of the whole file, first chunk only */
    uint64_t off;          /**< `off` */
    bool has_sha;
    struct smp_bytes sha;  /**< `sha`: SHA-256 of the whole file, first chunk only */
    bool has_data;
    struct smp_bytes data; /**< `data` */
    bool has_upgrade;
    bool upgrade;          /**< `upgrade`: refuse what is not newer, first chunk only */
};
struct smp_img_upload_rsp {
    size_t size;
    bool has_off;
    uint64_t off; /**< `off`: the offset wanted next */
    bool has_match;
    bool match;   /**< `match`: the flash holds what `sha` says; absent when not checked */
};
/** Sends one chunk.  @param done  rsp: struct smp_img_upload_rsp.  @since 0.1 */
SMP_API int smp_img_upload_chunk(struct smp_session *session, const struct smp_img_upload_req *req,
                                 smp_callback *done, void *user, smp_id *id);

/** What to upload, and how; zero means default. */
struct smp_img_upload_options {
    size_t size;          /**< sizeof(struct smp_img_upload_options). */
    uint32_t image;       /**< Image number, 0 for the application. */
    bool upgrade;         /**< Let the device refuse what is not newer. */
    bool has_sha;
    uint8_t sha[32];      /**< SHA-256 of the whole source; computed by the call when absent (reads
                               the source once, blocking for as long as that takes). */
    size_t hash_len;      /**< Bytes of hash: 32, 48 or 64; 0: not told. */
    uint8_t hash[64];     /**< The image's own hash (smp_mcuboot_image_check() gives it): when the
                               device's last answer is lost, it tells that all had arrived. */
    struct smp_transfer_options transfer;
};
/**
 * Uploads an image, as fast as the device takes it; takes up an interrupted
 * upload of the same bytes where it stopped.
 * @param source   What to send; must outlive the transfer.
 * @param options  Copied; may be NULL.
 * @param done     rsp: the last answer, struct smp_img_upload_rsp.
 * @param user     For @p done and for the progress callback.
 * @retval SMP_ERR_INVALID  length 0 or over 2^32-1, or hash_len over 64.
 * @retval SMP_ERR_SOURCE   reading it for the hash failed.
 * @since 0.1
 */
SMP_API int smp_img_upload(struct smp_session *session, const struct smp_source *source,
                           const struct smp_img_upload_options *options, smp_callback *done,
                           void *user, smp_id *id);
/** @} */

/** @name Core dump (3, 4), Mynewt
 * @{ */
/** Asks whether there is a core dump: SMP_RC_NOT_FOUND when not.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_img_core_list(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
struct smp_img_core_load_req {
    size_t size;
    uint64_t off; /**< `off` */
};
struct smp_img_core_load_rsp {
    size_t size;
    uint64_t off;          /**< `off` */
    bool has_len;
    uint64_t len;          /**< `len`: of the whole dump, with offset 0 */
    struct smp_bytes data; /**< `data`: empty at the end */
};
/** Reads a part of the core dump.  @param done  rsp: struct smp_img_core_load_rsp.  @since 0.1 */
SMP_API int smp_img_core_load(struct smp_session *session, const struct smp_img_core_load_req *req,
                              smp_callback *done, void *user, smp_id *id);
/** Erases the core dump.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_img_core_erase(struct smp_session *session, smp_callback *done, void *user,
                               smp_id *id);
/** @} */

/** @name Erase (5)
 * @{ */
struct smp_img_erase_req {
    size_t size;
    bool has_slot;
    uint32_t slot; /**< `slot`: absolute (image k has 2k and 2k+1); absent: the one not running */
};
/** Erases a slot; may take many seconds.  @param req  May be NULL.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_img_erase(struct smp_session *session, const struct smp_img_erase_req *req,
                          smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Slot information (6)
 * @{ */
struct smp_img_slot {
    size_t size;
    uint32_t slot;               /**< `slot`: 0 or 1 within its image */
    bool has_bytes;
    uint64_t bytes;              /**< `size` of the slot */
    bool has_upload_image_id;
    uint32_t upload_image_id;    /**< `upload_image_id`: `image` of an upload that lands here */
    bool has_rc;
    int64_t rc;                  /**< `rc`: why the slot could not be opened */
};
struct smp_img_slots {
    size_t size;
    uint32_t image;                          /**< `image` */
    size_t n_slots;
    const struct smp_img_slot *const *slots; /**< `slots` */
    bool has_max_image_size;
    uint64_t max_image_size;                 /**< `max_image_size`, bytes */
};
struct smp_img_slot_info_rsp {
    size_t size;
    size_t n_images;
    const struct smp_img_slots *const *images; /**< `images` */
};
/** Asks how large the slots are.  Zephyr 4.0 and newer.  @param done  rsp: struct smp_img_slot_info_rsp.  @since 0.1 */
SMP_API int smp_img_slot_info(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 8, file system: files to and from the device, their length and hash.
 *
 * There is no command that lists, renames or deletes files.  A path names the
 * mount point first ("/lfs/log.txt"), at most 64 bytes by default.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "File management group"
 */
#ifndef SMP_FS_H
#define SMP_FS_H

#include <smp/export.h>
#include <smp/session.h>
#include <smp/transfer.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum fs_mgmt_err_code_t */
enum smp_fs_rc {
    SMP_FS_RC_OK = 0,
    SMP_FS_RC_UNKNOWN = 1,
    SMP_FS_RC_FILE_INVALID_NAME = 2,
    SMP_FS_RC_FILE_NOT_FOUND = 3,
    SMP_FS_RC_FILE_IS_DIRECTORY = 4,
    SMP_FS_RC_FILE_OPEN_FAILED = 5,
    SMP_FS_RC_FILE_SEEK_FAILED = 6,
    SMP_FS_RC_FILE_READ_FAILED = 7,
    SMP_FS_RC_FILE_TRUNCATE_FAILED = 8,
    SMP_FS_RC_FILE_DELETE_FAILED = 9,
    SMP_FS_RC_FILE_WRITE_FAILED = 10,
    SMP_FS_RC_FILE_OFFSET_NOT_VALID = 11,
    SMP_FS_RC_FILE_OFFSET_LARGER_THAN_FILE = 12,
    SMP_FS_RC_CHECKSUM_HASH_NOT_FOUND = 13,
    SMP_FS_RC_MOUNT_POINT_NOT_FOUND = 14,
    SMP_FS_RC_READ_ONLY_FILESYSTEM = 15,
    SMP_FS_RC_FILE_EMPTY = 16,
};

/** @name Download and upload (0)
 * @{ */
struct smp_fs_download_req {
    size_t size;
    uint64_t off;        /**< `off` */
    struct smp_str name; /**< `name`: in every chunk */
};
struct smp_fs_download_rsp {
    size_t size;
    uint64_t off;          /**< `off`: as asked */
    struct smp_bytes data; /**< `data`: empty at and past the end */
    bool has_len;
    uint64_t len;          /**< `len` of the whole file, with offset 0 */
};
/** Reads one chunk, as long as the device's buffer allows.  @param done  rsp: struct smp_fs_download_rsp.  @since 0.1 */
SMP_API int smp_fs_download_chunk(struct smp_session *session,
                                  const struct smp_fs_download_req *req, smp_callback *done,
                                  void *user, smp_id *id);

struct smp_fs_upload_req {
    size_t size;
    uint64_t off;          /**< `off`: 0 truncates a file that exists */
    struct smp_str name;   /**< `name`: in every chunk */
    bool has_len;
    uint64_t len;          /**< `len` of the whole file, with offset 0 */
    struct smp_bytes data; /**< `data` */
};
struct smp_fs_upload_rsp {
    size_t size;
    bool has_off;
    uint64_t off; /**< `off`: the offset wanted next */
    bool has_len;
    uint64_t len; /**< `len` of the file so far, beside the codes 11 and 12: go on from there */
};
/** Sends one chunk.  @param done  rsp: struct smp_fs_upload_rsp.  @since 0.1 */
SMP_API int smp_fs_upload_chunk(struct smp_session *session, const struct smp_fs_upload_req *req,
                                smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Whole files
 * @{ */
/**
 * Uploads a file, as fast as the device takes it, then has it closed and compares its length.
 * @param name     Path on the device; copied.
 * @param source   What to send, 1 byte or more (an empty file: smp_fs_upload_chunk()); must
 *                 outlive the transfer.
 * @param options  Copied; may be NULL.  resume: go on where the device's file ends, if its SHA-256 or
 *                 CRC-32 (command 2) shows that it is the beginning of this one.  If not, or where the
 *                 device tells neither, all of it is sent.
 * @param done     rsp: struct smp_fs_upload_rsp.  SMP_ERR_CORRUPT: the file's length is wrong.
 * @param user     For @p done and for the progress callback.
 * @retval SMP_ERR_INVALID  no name, or length 0 or over 2^32-1.
 * @since 0.1
 */
SMP_API int smp_fs_upload(struct smp_session *session, struct smp_str name,
                          const struct smp_source *source,
                          const struct smp_transfer_options *options, smp_callback *done,
                          void *user, smp_id *id);
/**
 * Downloads a file, several chunks at a time.
 * @param name     Path on the device; copied.
 * @param sink     Where it goes; must outlive the transfer.
 * @param options  Copied; may be NULL.  resume: bytes that are here already; SMP_ERR_OFFSET when
 *                 the device's file is shorter.
 * @param done     rsp: struct smp_fs_download_rsp, of the last answer.
 * @param user     For @p done and for the progress callback, whose `total` is the file's length.
 * @retval SMP_ERR_INVALID  no name or no sink.
 * @since 0.1
 */
SMP_API int smp_fs_download(struct smp_session *session, struct smp_str name,
                            const struct smp_sink *sink,
                            const struct smp_transfer_options *options, smp_callback *done,
                            void *user, smp_id *id);
/** @} */

/** @name Status (1)
 * @{ */
struct smp_fs_status_req {
    size_t size;
    struct smp_str name; /**< `name` */
};
struct smp_fs_status_rsp {
    size_t size;
    uint64_t len; /**< `len`; of a file being written, what it was before */
};
/** Asks for a file's length.  @param done  rsp: struct smp_fs_status_rsp.  @since 0.1 */
SMP_API int smp_fs_status(struct smp_session *session, const struct smp_fs_status_req *req,
                          smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Hash or checksum (2)
 * @{ */
struct smp_fs_hash_req {
    size_t size;
    struct smp_str name; /**< `name` */
    bool has_type;
    struct smp_str type; /**< `type`: "crc32" (IEEE), "sha256"; absent: the device's default */
    bool has_off;
    uint64_t off;        /**< `off` to begin at */
    bool has_len;
    uint64_t len;        /**< `len` to take in; absent: to the end; 0 is refused */
};
struct smp_fs_hash_rsp {
    size_t size;
    struct smp_str type;     /**< `type` */
    bool has_off;
    uint64_t off;            /**< `off`, unless it is 0 */
    uint64_t len;            /**< `len`: bytes taken in */
    struct smp_value output; /**< `output`: a number (crc32) or bytes (sha256) */
};
/** Asks for the hash or checksum of a file, or of a part of it.  @param done  rsp: struct smp_fs_hash_rsp.  @since 0.1 */
SMP_API int smp_fs_hash(struct smp_session *session, const struct smp_fs_hash_req *req,
                        smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Supported hashes and checksums (3)
 * @{ */
enum smp_fs_hash_format {
    SMP_FS_HASH_NUMBER = 0,
    SMP_FS_HASH_BYTES = 1,
};
struct smp_fs_hash_type {
    size_t size;
    struct smp_str name; /**< Key of the map. */
    uint64_t format;     /**< `format`, enum smp_fs_hash_format */
    uint64_t bytes;      /**< `size` of the output */
};
struct smp_fs_hash_types_rsp {
    size_t size;
    size_t n_types;
    const struct smp_fs_hash_type *const *types; /**< `types` */
};
/** Lists the hashes and checksums the device can do.  @param done  rsp: struct smp_fs_hash_types_rsp.  @since 0.1 */
SMP_API int smp_fs_hash_types(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
/** @} */

/** @name Close (4)
 * @{ */
/** Makes the device close the file it keeps open between chunks.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_fs_close(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

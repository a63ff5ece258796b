/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 3, settings: values by name, kept over a restart.  Mynewt calls it config.
 *
 * Zephyr's values are bytes whose meaning only the application knows; Mynewt's
 * are text.  There is no command that lists the names.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Settings (Config) management group"
 */
#ifndef SMP_SETTINGS_H
#define SMP_SETTINGS_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum settings_mgmt_ret_code_t */
enum smp_settings_rc {
    SMP_SETTINGS_RC_OK = 0,
    SMP_SETTINGS_RC_UNKNOWN = 1,
    SMP_SETTINGS_RC_KEY_TOO_LONG = 2,
    SMP_SETTINGS_RC_KEY_NOT_FOUND = 3,
    SMP_SETTINGS_RC_READ_NOT_SUPPORTED = 4,
    SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND = 5,
    SMP_SETTINGS_RC_WRITE_NOT_SUPPORTED = 6,
    SMP_SETTINGS_RC_DELETE_NOT_SUPPORTED = 7,
    SMP_SETTINGS_RC_SAVE_NOT_SUPPORTED = 8,
};

/** @name Read and write (0)
 * @{ */
struct smp_settings_read_req {
    size_t size;
    struct smp_str name; /**< `name`: "root/leaf" */
    bool has_max_size;
    uint32_t max_size;   /**< `max_size`: most bytes wanted */
};
struct smp_settings_read_rsp {
    size_t size;
    struct smp_value value; /**< `val`: bytes; from Mynewt text */
    bool has_max_size;
    uint32_t max_size;      /**< `max_size`: the device's limit, when it was asked for more */
};
/** Reads a value.  @param done  rsp: struct smp_settings_read_rsp.  @since 0.1 */
SMP_API int smp_settings_read(struct smp_session *session,
                              const struct smp_settings_read_req *req, smp_callback *done,
                              void *user, smp_id *id);

struct smp_settings_write_req {
    size_t size;
    struct smp_str name;    /**< `name` */
    struct smp_value value; /**< `val`: bytes; to Mynewt text */
    bool has_save;
    bool save;              /**< `save`, Mynewt: write all values to flash too */
};
/** Changes a value until the next restart; smp_settings_save() keeps it.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_settings_write(struct smp_session *session,
                               const struct smp_settings_write_req *req, smp_callback *done,
                               void *user, smp_id *id);
/** @} */

/** @name Delete (1)
 * @{ */
struct smp_settings_delete_req {
    size_t size;
    struct smp_str name; /**< `name` */
};
/** Deletes a value.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_settings_delete(struct smp_session *session,
                                const struct smp_settings_delete_req *req, smp_callback *done,
                                void *user, smp_id *id);
/** @} */

/** @name Commit (2), load and save (3)
 * @{ */
/** Makes the application use what was written.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_settings_commit(struct smp_session *session, smp_callback *done, void *user,
                                smp_id *id);
/** Reads all values from where they are kept.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_settings_load(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
/** Writes all values to where they are kept.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_settings_save(struct smp_session *session, smp_callback *done, void *user,
                              smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

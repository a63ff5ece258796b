/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 4, log: what the device has logged.  Mynewt only.
 *
 * Every call follows the rules at the top of session.h.
 * @see Mynewt newtmgr, "log" commands
 */
#ifndef SMP_LOG_H
#define SMP_LOG_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Show (0)
 * @{ */
struct smp_log_show_req {
    size_t size;
    bool has_log_name;
    struct smp_str log_name; /**< `log_name`; absent: all logs */
    bool has_ts;
    int64_t ts;              /**< `ts`: entries from this time on; -1: the last one */
    bool has_index;
    uint64_t index;          /**< `index`: entries from this one on */
};
struct smp_log_entry {
    size_t size;
    uint64_t index;           /**< `index` */
    bool has_ts;
    int64_t ts;               /**< `ts`: microseconds */
    bool has_module;
    uint64_t module;          /**< `module`, by number: smp_log_module_list() */
    bool has_level;
    uint64_t level;           /**< `level`, by number: smp_log_level_list() */
    bool has_type;
    struct smp_str type;      /**< `type` of the message: "str", "cbor", "bin" */
    bool has_imghash;
    struct smp_bytes imghash; /**< `imghash`: beginning of the running image's hash */
    bool has_msg;
    struct smp_value msg;     /**< `msg`: bytes; from old devices text */
};
struct smp_log {
    size_t size;
    struct smp_str name;                         /**< `name` */
    bool has_type;
    uint64_t type;                               /**< `type`: 0 stream, 1 memory, 2 storage */
    size_t n_entries;
    const struct smp_log_entry *const *entries;  /**< `entries` */
};
struct smp_log_show_rsp {
    size_t size;
    bool has_next_index;
    uint64_t next_index;               /**< `next_index`: of the entry to be written next */
    size_t n_logs;
    const struct smp_log *const *logs; /**< `logs` */
};
/** Reads entries, as many as fit an answer.  @param req  May be NULL.  @param done  rsp: struct smp_log_show_rsp.  @since 0.1 */
SMP_API int smp_log_show(struct smp_session *session, const struct smp_log_show_req *req,
                         smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Clear (1)
 * @{ */
/** Deletes all entries of all logs.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_log_clear(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Append (2)
 * @{ */
struct smp_log_append_field {
    size_t size;
    struct smp_str name;    /**< Key in the request. */
    struct smp_value value; /**< Its value. */
};
struct smp_log_append_req {
    size_t size;
    size_t n_fields;
    const struct smp_log_append_field *const *fields; /**< Whatever the application expects. */
};
/** Adds an entry.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_log_append(struct smp_session *session, const struct smp_log_append_req *req,
                           smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Modules (3), levels (4) and logs (5)
 * @{ */
struct smp_log_number {
    size_t size;
    struct smp_str name; /**< Key of the map. */
    uint64_t number;     /**< Value of the map. */
};
struct smp_log_module_list_rsp {
    size_t size;
    size_t n_modules;
    const struct smp_log_number *const *modules; /**< `module_map` */
};
/** Lists the modules by name and number.  @param done  rsp: struct smp_log_module_list_rsp.  @since 0.1 */
SMP_API int smp_log_module_list(struct smp_session *session, smp_callback *done, void *user,
                                smp_id *id);

struct smp_log_level_list_rsp {
    size_t size;
    size_t n_levels;
    const struct smp_log_number *const *levels; /**< `level_map` */
};
/** Lists the levels by name and number.  @param done  rsp: struct smp_log_level_list_rsp.  @since 0.1 */
SMP_API int smp_log_level_list(struct smp_session *session, smp_callback *done, void *user,
                               smp_id *id);

struct smp_log_list_rsp {
    size_t size;
    size_t n_logs;
    const struct smp_str *logs; /**< `log_list` */
};
/** Lists the logs.  @param done  rsp: struct smp_log_list_rsp.  @since 0.1 */
SMP_API int smp_log_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

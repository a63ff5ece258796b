/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 2, statistics: counters that the device's modules keep.
 *
 * Counters stand in sections.  Their names are real ones only when the firmware
 * keeps them (CONFIG_STATS_NAMES), else "s0", "s1" and so on.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Statistical management group"
 */
#ifndef SMP_STAT_H
#define SMP_STAT_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum stat_mgmt_err_code_t */
enum smp_stat_rc {
    SMP_STAT_RC_OK = 0,
    SMP_STAT_RC_UNKNOWN = 1,
    SMP_STAT_RC_INVALID_GROUP = 2,
    SMP_STAT_RC_INVALID_STAT_NAME = 3,
    SMP_STAT_RC_INVALID_STAT_SIZE = 4,
    SMP_STAT_RC_WALK_ABORTED = 5,
};

/** @name Read (0)
 * @{ */
struct smp_stat_read_req {
    size_t size;
    struct smp_str name; /**< `name` of the section */
};
struct smp_stat_counter {
    size_t size;
    struct smp_str name; /**< Key of the map. */
    uint64_t value;      /**< Value of the map; Zephyr cuts 64-bit counters to 32 bits. */
};
struct smp_stat_read_rsp {
    size_t size;
    bool has_name;
    struct smp_str name; /**< `name` of the section */
    size_t n_fields;
    const struct smp_stat_counter *const *fields; /**< `fields` */
    bool has_group;
    struct smp_str group; /**< `group`, Mynewt: "sys" */
};
/** Reads a section's counters.  @param done  rsp: struct smp_stat_read_rsp.  @since 0.1 */
SMP_API int smp_stat_read(struct smp_session *session, const struct smp_stat_read_req *req,
                          smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name List (1)
 * @{ */
struct smp_stat_list_rsp {
    size_t size;
    size_t n_names;
    const struct smp_str *names; /**< `stat_list` */
};
/** Lists the sections.  @param done  rsp: struct smp_stat_list_rsp.  @since 0.1 */
SMP_API int smp_stat_list(struct smp_session *session, smp_callback *done, void *user,
                          smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

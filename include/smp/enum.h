/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 10, enumeration: which groups the device has.  Zephyr 4.0 and newer.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Enumeration management group"
 */
#ifndef SMP_ENUM_H
#define SMP_ENUM_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum enum_mgmt_err_code_t */
enum smp_enum_rc {
    SMP_ENUM_RC_OK = 0,
    SMP_ENUM_RC_UNKNOWN = 1,
    SMP_ENUM_RC_TOO_MANY_GROUP_ENTRIES = 2,
    SMP_ENUM_RC_INSUFFICIENT_HEAP_FOR_ENTRIES = 3,
    SMP_ENUM_RC_INDEX_TOO_LARGE = 4,
};

/** @name Count (0)
 * @{ */
struct smp_enum_count_rsp {
    size_t size;
    uint32_t count; /**< `count` */
};
/** Counts the groups.  @param done  rsp: struct smp_enum_count_rsp.  @since 0.1 */
SMP_API int smp_enum_count(struct smp_session *session, smp_callback *done, void *user,
                           smp_id *id);
/** @} */

/** @name List (1)
 * @{ */
struct smp_enum_list_rsp {
    size_t size;
    size_t n_groups;
    const uint16_t *groups; /**< `groups`: their numbers */
};
/** Lists the groups' numbers.  @param done  rsp: struct smp_enum_list_rsp.  @since 0.1 */
SMP_API int smp_enum_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Single (2)
 * @{ */
struct smp_enum_single_req {
    size_t size;
    bool has_index;
    uint32_t index; /**< `index`: from 0 */
};
struct smp_enum_single_rsp {
    size_t size;
    uint16_t group; /**< `group`: its number */
    bool has_end;
    bool end;       /**< `end`: true with the last one */
};
/** Asks for one group's number, where the list is too large.  @param req  May be NULL.  @param done  rsp: struct smp_enum_single_rsp.  @since 0.1 */
SMP_API int smp_enum_single(struct smp_session *session, const struct smp_enum_single_req *req,
                            smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name Details (3)
 * @{ */
struct smp_enum_details_req {
    size_t size;
    size_t n_groups;
    const uint16_t *groups; /**< `groups` wanted; none: all */
};
struct smp_enum_group {
    size_t size;
    uint16_t group;      /**< `group`: its number */
    bool has_name;
    struct smp_str name; /**< `name` */
    bool has_handlers;
    uint32_t handlers;   /**< `handlers`: one more than its highest command */
};
struct smp_enum_details_rsp {
    size_t size;
    size_t n_groups;
    const struct smp_enum_group *const *groups; /**< `groups` */
};
/** Lists the groups with what is known of them.  @param req  May be NULL.  @param done  rsp: struct smp_enum_details_rsp.  @since 0.1 */
SMP_API int smp_enum_details(struct smp_session *session, const struct smp_enum_details_req *req,
                             smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

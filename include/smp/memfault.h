/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 128, Memfault: who the device is to that service.  A vendor's group:
 * the number is one of those that applications choose, and another application
 * may use it for something else (custom.h: a group of the program's own with
 * this number takes its place).
 *
 * Every call follows the rules at the top of session.h.
 * @see Nordic's nRF Connect Device Manager
 */
#ifndef SMP_MEMFAULT_H
#define SMP_MEMFAULT_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SMP_GROUP_MEMFAULT = 128, /**< This group's number. */
};

/** Codes of this group (`err.rc`). */
enum smp_memfault_rc {
    SMP_MEMFAULT_RC_OK = 0,
    SMP_MEMFAULT_RC_UNKNOWN = 1,
    SMP_MEMFAULT_RC_NO_PROJECT_KEY = 2,
};

/** @name Device information (0)
 * @{ */
struct smp_memfault_device_info_rsp {
    size_t size;
    struct smp_str device_serial;    /**< `device_serial` */
    struct smp_str hardware_version; /**< `hardware_version` */
    struct smp_str software_type;    /**< `software_type` */
    struct smp_str current_version;  /**< `current_version` of the software */
};
/** Asks who the device is.  @param done  rsp: struct smp_memfault_device_info_rsp.  @since 0.1 */
SMP_API int smp_memfault_device_info(struct smp_session *session, smp_callback *done, void *user,
                                     smp_id *id);
/** @} */

/** @name Project key (1)
 * @{ */
struct smp_memfault_project_key_rsp {
    size_t size;
    struct smp_str project_key; /**< `project_key` */
};
/** Asks for the project's key.  @param done  rsp: struct smp_memfault_project_key_rsp.  @since 0.1 */
SMP_API int smp_memfault_project_key(struct smp_session *session, smp_callback *done, void *user,
                                     smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

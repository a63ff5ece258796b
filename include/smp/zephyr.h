/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 63, Zephyr basic: what needs no group of its own.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Zephyr Management Group"
 */
#ifndef SMP_ZEPHYR_H
#define SMP_ZEPHYR_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum zephyr_basic_group_err_code_t */
enum smp_zephyr_rc {
    SMP_ZEPHYR_RC_OK = 0,
    SMP_ZEPHYR_RC_UNKNOWN = 1,
    SMP_ZEPHYR_RC_FLASH_OPEN_FAILED = 2,
    SMP_ZEPHYR_RC_FLASH_CONFIG_QUERY_FAIL = 3,
    SMP_ZEPHYR_RC_FLASH_ERASE_FAILED = 4,
};

/** @name Erase storage (0)
 * @{ */
/**
 * Erases the storage partition, with all settings; may take seconds.  To a session of SMP v1 some
 * failures look like success.
 * @param done  rsp: struct smp_empty.  @since 0.1
 */
SMP_API int smp_zephyr_erase_storage(struct smp_session *session, smp_callback *done, void *user,
                                     smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

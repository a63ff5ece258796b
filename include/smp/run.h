/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 7, run: tests built into the device.  Mynewt only.
 *
 * Every call follows the rules at the top of session.h.
 * @see Mynewt newtmgr, "run" commands
 */
#ifndef SMP_RUN_H
#define SMP_RUN_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Test (0)
 * @{ */
struct smp_run_test_req {
    size_t size;
    struct smp_str testname; /**< `testname`; "all": every one */
    bool has_token;
    struct smp_str token;    /**< `token`: appears in the device's log of the run */
};
/** Starts a test; its result goes to the device's log.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_run_test(struct smp_session *session, const struct smp_run_test_req *req,
                         smp_callback *done, void *user, smp_id *id);
/** @} */

/** @name List (1)
 * @{ */
struct smp_run_list_rsp {
    size_t size;
    size_t n_tests;
    const struct smp_str *tests; /**< `run_list` */
};
/** Lists the tests.  @param done  rsp: struct smp_run_list_rsp.  @since 0.1 */
SMP_API int smp_run_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 5, crash: makes the device crash, to see what it does then.  Mynewt only.
 *
 * Every call follows the rules at the top of session.h.
 * @see Mynewt newtmgr, "crash" command
 */
#ifndef SMP_CRASH_H
#define SMP_CRASH_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @name Crash (0)
 * @{ */
struct smp_crash_trigger_req {
    size_t size;
    struct smp_str how; /**< `t`: "div0", "jump0", "ref0", "assert", "wdog" */
};
/** Crashes the device, which usually cannot answer any more.  @param done  rsp: struct smp_empty.  @since 0.1 */
SMP_API int smp_crash_trigger(struct smp_session *session, const struct smp_crash_trigger_req *req,
                              smp_callback *done, void *user, smp_id *id);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * Group 9, shell: runs a command of the device's shell.
 *
 * A command has an exit code of its own.  That it is not 0 does not make the
 * request fail: smp_result.error is SMP_OK whenever the command ran, and
 * SMP_ERR_DEVICE when the device did not run it.
 *
 * Every call follows the rules at the top of session.h.
 * @see Zephyr documentation, "Shell management group"
 */
#ifndef SMP_SHELL_H
#define SMP_SHELL_H

#include <smp/export.h>
#include <smp/session.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Codes of this group (`err.rc`).  @see Zephyr, enum shell_mgmt_err_code_t */
enum smp_shell_rc {
    SMP_SHELL_RC_OK = 0,
    SMP_SHELL_RC_UNKNOWN = 1,
    SMP_SHELL_RC_COMMAND_TOO_LONG = 2,
    SMP_SHELL_RC_EMPTY_COMMAND = 3,
};

/** @name Execute (0)
 * @{ */
struct smp_shell_exec_req {
    size_t size;
    size_t n_argv;
    const struct smp_str *argv; /**< `argv`: joined by the device with spaces, without quoting */
};
struct smp_shell_exec_rsp {
    size_t size;
    struct smp_str output; /**< `o`: may hold escape sequences, and may be cut without a mark */
    bool has_ret;
    int64_t ret;           /**< `ret`: the exit code */
    bool has_rc;
    int64_t rc;            /**< `rc`: the exit code of servers that send no `ret` (Zephyr before
                                3.3, Mynewt).  Ask smp_shell_exit_code(). */
};
/**
 * Runs a command and waits for its end; the device answers nothing else meanwhile.
 * @param done  rsp: struct smp_shell_exec_rsp.  @since 0.1
 */
SMP_API int smp_shell_exec(struct smp_session *session, const struct smp_shell_exec_req *req,
                           smp_callback *done, void *user, smp_id *id);

/** @return The command's exit code, whichever way the device told it; 0 if it did not.  @since 0.1 */
SMP_API int64_t smp_shell_exit_code(const struct smp_shell_exec_rsp *rsp);
/** @} */

#ifdef __cplusplus
}
#endif
#endif

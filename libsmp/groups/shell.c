/* SPDX-License-Identifier: Apache-2.0 */
/* Group 9, shell. */
#include "groups/group.h"

#include <smp/shell.h>

/* ---- messages ---- */

static const struct smp_field exec_req_fields[] = {
    SMPI_SCALARS(smp_shell_exec_req, "argv", argv, 0),
};
static const struct smp_message exec_req = SMPI_MESSAGE(smp_shell_exec_req, exec_req_fields);

/*
 * What `rc` means hangs on `o`: a command that ran has output, if only an empty one, and then it
 * is the exit code of a server that knows no `ret`; alone it is the server's refusal.
 */
static const struct smp_field exec_rsp_fields[] = {
    SMPI_FIELD(smp_shell_exec_rsp, "o", output),
    SMPI_OPT(smp_shell_exec_rsp, "ret", ret),
    SMPI_OPT(smp_shell_exec_rsp, "rc", rc),
};
static const struct smp_message exec_rsp =
    SMPI_MESSAGE_FLAGS(smp_shell_exec_rsp, exec_rsp_fields, SMPI_RC_IS_DATA);

/* ---- commands ---- */

static const struct smp_command commands[] = {
    SMPI_COMMAND_PATIENT(SMP_GROUP_SHELL, 0, SMP_OP_WRITE, "exec", exec_req, exec_rsp, 0,
                         "CONFIG_MCUMGR_GRP_SHELL",
                         "the device answers when the command has ended: allow more time"),
};

/* ---- codes ---- */

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 3, "COMMAND_TOO_LONG", "the command line is too long for the device's shell",
              "shorten it, or raise CONFIG_SHELL_CMD_BUFF_SIZE"),
    SMPI_CODE(3, 3, "EMPTY_COMMAND", "the command line is empty", "name a command"),
};

const struct smp_group smpi_group_shell = {
    .id = SMP_GROUP_SHELL,
    .name = "shell",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_shell_exec(struct smp_session *session, const struct smp_shell_exec_req *req,
                   smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[0], req, done, user, id);
}

int64_t smp_shell_exit_code(const struct smp_shell_exec_rsp *rsp)
{
    if (rsp->has_ret) /* `rc: 0` may stand beside it: what old servers add to every success */
        return rsp->ret;
    return rsp->has_rc ? rsp->rc : 0;
}

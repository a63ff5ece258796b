/* SPDX-License-Identifier: Apache-2.0 */
/* Group 7, run: Mynewt's, without codes of its own. */
#include "groups/group.h"

#include <smp/run.h>

/* ---- messages ---- */

static const struct smp_field test_req_fields[] = {
    SMPI_FIELD(smp_run_test_req, "testname", testname),
    SMPI_OPT(smp_run_test_req, "token", token),
};
static const struct smp_message test_req = SMPI_MESSAGE(smp_run_test_req, test_req_fields);

static const struct smp_field list_rsp_fields[] = {
    SMPI_SCALARS(smp_run_list_rsp, "run_list", tests, 0),
};
static const struct smp_message list_rsp = SMPI_MESSAGE(smp_run_list_rsp, list_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    TEST,
    LIST,
};

#define COMMAND(id, op, name, request, response, flags)                                            \
    SMPI_COMMAND_NEEDS(SMP_GROUP_RUN, id, op, name, request, response, flags,                      \
                       "Mynewt with test/runtest and RUNTEST_NEWTMGR")

static const struct smp_command commands[] = {
    [TEST] = COMMAND(0, SMP_OP_WRITE, "test", test_req, smpi_empty, 0),
    [LIST] = COMMAND(1, SMP_OP_READ, "list", smpi_empty, list_rsp, SMPI_IDEMPOTENT),
};

const struct smp_group smpi_group_run = {
    .id = SMP_GROUP_RUN,
    .name = "run",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
};

/* ---- calls ---- */

int smp_run_test(struct smp_session *session, const struct smp_run_test_req *req,
                 smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[TEST], req, done, user, id);
}

int smp_run_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LIST], NULL, done, user, id);
}

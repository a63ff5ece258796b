/* SPDX-License-Identifier: Apache-2.0 */
/* Group 5, crash: Mynewt's, without codes of its own. */
#include "groups/group.h"

#include <smp/crash.h>

static const struct smp_field trigger_req_fields[] = {
    SMPI_FIELD(smp_crash_trigger_req, "t", how),
};
static const struct smp_message trigger_req =
    SMPI_MESSAGE(smp_crash_trigger_req, trigger_req_fields);

static const struct smp_command commands[] = {
    SMPI_COMMAND_NEEDS(SMP_GROUP_CRASH, 0, SMP_OP_WRITE, "trigger", trigger_req, smpi_empty, 0,
                       "Mynewt with CRASH_TEST_MGMT (formerly CRASH_TEST_NEWTMGR)"),
};

const struct smp_group smpi_group_crash = {
    .id = SMP_GROUP_CRASH,
    .name = "crash",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
};

int smp_crash_trigger(struct smp_session *session, const struct smp_crash_trigger_req *req,
                      smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[0], req, done, user, id);
}

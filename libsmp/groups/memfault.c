/* SPDX-License-Identifier: Apache-2.0 */
/* Group 128, Memfault: a vendor's. */
#include "groups/group.h"

#include <smp/memfault.h>

/* ---- messages ---- */

static const struct smp_field device_info_rsp_fields[] = {
    SMPI_FIELD(smp_memfault_device_info_rsp, "device_serial", device_serial),
    SMPI_FIELD(smp_memfault_device_info_rsp, "hardware_version", hardware_version),
    SMPI_FIELD(smp_memfault_device_info_rsp, "software_type", software_type),
    SMPI_FIELD(smp_memfault_device_info_rsp, "current_version", current_version),
};
static const struct smp_message device_info_rsp =
    SMPI_MESSAGE(smp_memfault_device_info_rsp, device_info_rsp_fields);

static const struct smp_field project_key_rsp_fields[] = {
    SMPI_FIELD(smp_memfault_project_key_rsp, "project_key", project_key),
};
static const struct smp_message project_key_rsp =
    SMPI_MESSAGE(smp_memfault_project_key_rsp, project_key_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    DEVICE_INFO,
    PROJECT_KEY,
};

#define COMMAND(id, name, response)                                                                \
    SMPI_COMMAND(SMP_GROUP_MEMFAULT, id, SMP_OP_READ, name, smpi_empty, response, SMPI_IDEMPOTENT)

static const struct smp_command commands[] = {
    [DEVICE_INFO] = COMMAND(0, "device_info", device_info_rsp),
    [PROJECT_KEY] = COMMAND(1, "project_key", project_key_rsp),
};

/* ---- codes ---- */

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 1, "NO_PROJECT_KEY", "the firmware has no project key",
              "build it with CONFIG_MEMFAULT_NCS_PROJECT_KEY"),
};

const struct smp_group smpi_group_memfault = {
    .id = SMP_GROUP_MEMFAULT,
    .name = "memfault",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_memfault_device_info(struct smp_session *session, smp_callback *done, void *user,
                             smp_id *id)
{
    return smp_session_call(session, &commands[DEVICE_INFO], NULL, done, user, id);
}

int smp_memfault_project_key(struct smp_session *session, smp_callback *done, void *user,
                             smp_id *id)
{
    return smp_session_call(session, &commands[PROJECT_KEY], NULL, done, user, id);
}

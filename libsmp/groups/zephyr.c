/* SPDX-License-Identifier: Apache-2.0 */
/* Group 63, Zephyr basic. */
#include "groups/group.h"

#include <smp/zephyr.h>

/* ---- commands ---- */

static const struct smp_command commands[] = {
    SMPI_COMMAND_PATIENT(SMP_GROUP_ZEPHYR, 0, SMP_OP_WRITE, "erase_storage", smpi_empty, smpi_empty,
                         0, "CONFIG_MCUMGR_GRP_ZBASIC_STORAGE_ERASE",
                         "the device answers when the flash is erased: allow more time"),
};

/* ---- codes ---- */

/* To v1 the last two are success, and so they are here: a server does as Zephyr does. */
static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 5, "FLASH_OPEN_FAILED", "the storage partition could not be opened",
              "the devicetree needs a partition labelled storage_partition"),
    SMPI_CODE(3, 0, "FLASH_CONFIG_QUERY_FAIL", "the storage partition could not be looked up",
              "the flash driver or the partition table is wrong"),
    SMPI_CODE(4, 0, "FLASH_ERASE_FAILED", "the storage partition could not be erased",
              "the flash driver or the partition table is wrong, or the flash is worn out"),
};

const struct smp_group smpi_group_zephyr = {
    .id = SMP_GROUP_ZEPHYR,
    .name = "zephyr",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_zephyr_erase_storage(struct smp_session *session, smp_callback *done, void *user,
                             smp_id *id)
{
    return smp_session_call(session, &commands[0], NULL, done, user, id);
}

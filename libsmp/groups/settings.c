/* SPDX-License-Identifier: Apache-2.0 */
/* Group 3, settings. */
#include "groups/group.h"

#include <smp/settings.h>

/* ---- messages ---- */

static const struct smp_field read_req_fields[] = {
    SMPI_FIELD(smp_settings_read_req, "name", name),
    SMPI_OPT(smp_settings_read_req, "max_size", max_size),
};
static const struct smp_message read_req = SMPI_MESSAGE(smp_settings_read_req, read_req_fields);

static const struct smp_field read_rsp_fields[] = {
    SMPI_FIELD(smp_settings_read_rsp, "val", value),
    SMPI_OPT(smp_settings_read_rsp, "max_size", max_size),
};
static const struct smp_message read_rsp = SMPI_MESSAGE(smp_settings_read_rsp, read_rsp_fields);

static const struct smp_field write_req_fields[] = {
    SMPI_FIELD(smp_settings_write_req, "name", name),
    SMPI_FIELD(smp_settings_write_req, "val", value),
    SMPI_OPT(smp_settings_write_req, "save", save),
};
static const struct smp_message write_req = SMPI_MESSAGE(smp_settings_write_req, write_req_fields);

static const struct smp_field delete_req_fields[] = {
    SMPI_FIELD(smp_settings_delete_req, "name", name),
};
static const struct smp_message delete_req =
    SMPI_MESSAGE(smp_settings_delete_req, delete_req_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    READ,
    WRITE,
    DELETE,
    COMMIT,
    LOAD,
    SAVE,
};

#define COMMAND(id, op, name, request, response)                                                   \
    SMPI_COMMAND_NEEDS(SMP_GROUP_SETTINGS, id, op, name, request, response, SMPI_IDEMPOTENT,       \
                       "CONFIG_MCUMGR_GRP_SETTINGS")

static const struct smp_command commands[] = {
    [READ] = COMMAND(0, SMP_OP_READ, "read", read_req, read_rsp),
    [WRITE] = COMMAND(0, SMP_OP_WRITE, "write", write_req, smpi_empty),
    [DELETE] = COMMAND(1, SMP_OP_WRITE, "delete", delete_req, smpi_empty),
    [COMMIT] = COMMAND(2, SMP_OP_WRITE, "commit", smpi_empty, smpi_empty),
    [LOAD] = COMMAND(3, SMP_OP_READ, "load", smpi_empty, smpi_empty),
    [SAVE] = COMMAND(3, SMP_OP_WRITE, "save", smpi_empty, smpi_empty),
};

/* ---- codes ---- */

#define NO_HANDLER "the module behind that name has no handler for it in the firmware"

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason",
              "the name or the value's length may be wrong"),
    SMPI_CODE(2, 3, "KEY_TOO_LONG", "the name is too long for the device",
              "raise CONFIG_MCUMGR_GRP_SETTINGS_NAME_LEN"),
    SMPI_CODE(3, 5, "KEY_NOT_FOUND", "the device has no value of that name",
              "check the spelling: names are root/leaf, and no command lists them"),
    SMPI_CODE(4, 5, "READ_NOT_SUPPORTED", "that value cannot be read", NO_HANDLER),
    SMPI_CODE(5, 1, "ROOT_KEY_NOT_FOUND", "no module of the device owns that name",
              "check what stands before the first slash"),
    SMPI_CODE(6, 1, "WRITE_NOT_SUPPORTED", "that value cannot be written", NO_HANDLER),
    SMPI_CODE(7, 1, "DELETE_NOT_SUPPORTED", "that value cannot be deleted", NO_HANDLER),
    SMPI_CODE(8, 1, "SAVE_NOT_SUPPORTED", "the device has nowhere to keep its settings",
              "give the firmware a settings backend, as CONFIG_SETTINGS_NVS"),
};

const struct smp_group smpi_group_settings = {
    .id = SMP_GROUP_SETTINGS,
    .name = "settings",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_settings_read(struct smp_session *session, const struct smp_settings_read_req *req,
                      smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[READ], req, done, user, id);
}

int smp_settings_write(struct smp_session *session, const struct smp_settings_write_req *req,
                       smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[WRITE], req, done, user, id);
}

int smp_settings_delete(struct smp_session *session, const struct smp_settings_delete_req *req,
                        smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[DELETE], req, done, user, id);
}

int smp_settings_commit(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[COMMIT], NULL, done, user, id);
}

int smp_settings_load(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LOAD], NULL, done, user, id);
}

int smp_settings_save(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[SAVE], NULL, done, user, id);
}

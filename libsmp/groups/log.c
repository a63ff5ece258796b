/* SPDX-License-Identifier: Apache-2.0 */
/* Group 4, log: Mynewt's, without codes of its own. */
#include "groups/group.h"

#include <smp/log.h>

/* ---- messages ---- */

static const struct smp_field show_req_fields[] = {
    SMPI_OPT(smp_log_show_req, "log_name", log_name),
    SMPI_OPT(smp_log_show_req, "ts", ts),
    SMPI_OPT(smp_log_show_req, "index", index),
};
static const struct smp_message show_req = SMPI_MESSAGE(smp_log_show_req, show_req_fields);

static const struct smp_field entry_fields[] = {
    SMPI_FIELD(smp_log_entry, "index", index), SMPI_OPT(smp_log_entry, "ts", ts),
    SMPI_OPT(smp_log_entry, "module", module), SMPI_OPT(smp_log_entry, "level", level),
    SMPI_OPT(smp_log_entry, "type", type),     SMPI_OPT(smp_log_entry, "imghash", imghash),
    SMPI_OPT(smp_log_entry, "msg", msg),
};
static const struct smp_message entry = SMPI_MESSAGE(smp_log_entry, entry_fields);

static const struct smp_field log_fields[] = {
    SMPI_FIELD(smp_log, "name", name),
    SMPI_OPT(smp_log, "type", type),
    SMPI_LIST(smp_log, "entries", entries, smp_log_entry, entry),
};
static const struct smp_message log_ = SMPI_MESSAGE(smp_log, log_fields);

static const struct smp_field show_rsp_fields[] = {
    SMPI_OPT(smp_log_show_rsp, "next_index", next_index),
    SMPI_LIST(smp_log_show_rsp, "logs", logs, smp_log, log_),
};
static const struct smp_message show_rsp = SMPI_MESSAGE(smp_log_show_rsp, show_rsp_fields);

static const struct smp_field append_field_fields[] = {
    SMPI_FIELD(smp_log_append_field, "", name),
    SMPI_FIELD(smp_log_append_field, "", value),
};
static const struct smp_message append_field =
    SMPI_MESSAGE(smp_log_append_field, append_field_fields);

static const struct smp_field append_req_fields[] = {
    SMPI_MAP(smp_log_append_req, "", fields, smp_log_append_field, append_field),
};
static const struct smp_message append_req = SMPI_MESSAGE(smp_log_append_req, append_req_fields);

static const struct smp_field number_fields[] = {
    SMPI_FIELD(smp_log_number, "", name),
    SMPI_FIELD(smp_log_number, "", number),
};
static const struct smp_message number = SMPI_MESSAGE(smp_log_number, number_fields);

static const struct smp_field module_list_rsp_fields[] = {
    SMPI_MAP(smp_log_module_list_rsp, "module_map", modules, smp_log_number, number),
};
static const struct smp_message module_list_rsp =
    SMPI_MESSAGE(smp_log_module_list_rsp, module_list_rsp_fields);

static const struct smp_field level_list_rsp_fields[] = {
    SMPI_MAP(smp_log_level_list_rsp, "level_map", levels, smp_log_number, number),
};
static const struct smp_message level_list_rsp =
    SMPI_MESSAGE(smp_log_level_list_rsp, level_list_rsp_fields);

static const struct smp_field list_rsp_fields[] = {
    SMPI_SCALARS(smp_log_list_rsp, "log_list", logs, 0),
};
static const struct smp_message list_rsp = SMPI_MESSAGE(smp_log_list_rsp, list_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    SHOW,
    CLEAR,
    APPEND,
    MODULE_LIST,
    LEVEL_LIST,
    LIST,
};

#define COMMAND(id, op, name, request, response, flags)                                            \
    SMPI_COMMAND_NEEDS(SMP_GROUP_LOG, id, op, name, request, response, flags,                      \
                       "Mynewt with LOG_MGMT (formerly LOG_NEWTMGR)")

static const struct smp_command commands[] = {
    [SHOW] = COMMAND(0, SMP_OP_READ, "show", show_req, show_rsp, SMPI_IDEMPOTENT),
    [CLEAR] = COMMAND(1, SMP_OP_WRITE, "clear", smpi_empty, smpi_empty, 0),
    [APPEND] = COMMAND(2, SMP_OP_WRITE, "append", append_req, smpi_empty, 0),
    [MODULE_LIST] =
        COMMAND(3, SMP_OP_READ, "module_list", smpi_empty, module_list_rsp, SMPI_IDEMPOTENT),
    [LEVEL_LIST] =
        COMMAND(4, SMP_OP_READ, "level_list", smpi_empty, level_list_rsp, SMPI_IDEMPOTENT),
    [LIST] = COMMAND(5, SMP_OP_READ, "list", smpi_empty, list_rsp, SMPI_IDEMPOTENT),
};

const struct smp_group smpi_group_log = {
    .id = SMP_GROUP_LOG,
    .name = "log",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
};

/* ---- calls ---- */

int smp_log_show(struct smp_session *session, const struct smp_log_show_req *req,
                 smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[SHOW], req, done, user, id);
}

int smp_log_clear(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CLEAR], NULL, done, user, id);
}

int smp_log_append(struct smp_session *session, const struct smp_log_append_req *req,
                   smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[APPEND], req, done, user, id);
}

int smp_log_module_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MODULE_LIST], NULL, done, user, id);
}

int smp_log_level_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LEVEL_LIST], NULL, done, user, id);
}

int smp_log_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LIST], NULL, done, user, id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Group 10, enumeration. */
#include "groups/group.h"

#include <smp/enum.h>

/* ---- messages ---- */

static const struct smp_field count_rsp_fields[] = {
    SMPI_FIELD(smp_enum_count_rsp, "count", count),
};
static const struct smp_message count_rsp = SMPI_MESSAGE(smp_enum_count_rsp, count_rsp_fields);

static const struct smp_field list_rsp_fields[] = {
    SMPI_SCALARS(smp_enum_list_rsp, "groups", groups, 0),
};
static const struct smp_message list_rsp = SMPI_MESSAGE(smp_enum_list_rsp, list_rsp_fields);

static const struct smp_field single_req_fields[] = {
    SMPI_OPT(smp_enum_single_req, "index", index),
};
static const struct smp_message single_req = SMPI_MESSAGE(smp_enum_single_req, single_req_fields);

static const struct smp_field single_rsp_fields[] = {
    SMPI_FIELD(smp_enum_single_rsp, "group", group),
    SMPI_OPT(smp_enum_single_rsp, "end", end),
};
static const struct smp_message single_rsp = SMPI_MESSAGE(smp_enum_single_rsp, single_rsp_fields);

static const struct smp_field details_req_fields[] = {
    SMPI_SCALARS(smp_enum_details_req, "groups", groups, SMPI_OPTIONAL),
};
static const struct smp_message details_req =
    SMPI_MESSAGE(smp_enum_details_req, details_req_fields);

static const struct smp_field group_fields[] = {
    SMPI_FIELD(smp_enum_group, "group", group),
    SMPI_OPT(smp_enum_group, "name", name),
    SMPI_OPT(smp_enum_group, "handlers", handlers),
};
static const struct smp_message group = SMPI_MESSAGE(smp_enum_group, group_fields);

static const struct smp_field details_rsp_fields[] = {
    SMPI_LIST(smp_enum_details_rsp, "groups", groups, smp_enum_group, group),
};
static const struct smp_message details_rsp =
    SMPI_MESSAGE(smp_enum_details_rsp, details_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    COUNT,
    LIST,
    SINGLE,
    DETAILS,
};

#define COMMAND(id, name, request, response, option)                                               \
    SMPI_COMMAND_NEEDS(SMP_GROUP_ENUM, id, SMP_OP_READ, name, request, response, SMPI_IDEMPOTENT,  \
                       option)

static const struct smp_command commands[] = {
    [COUNT] = COMMAND(0, "count", smpi_empty, count_rsp, "CONFIG_MCUMGR_GRP_ENUM"),
    [LIST] = COMMAND(1, "list", smpi_empty, list_rsp, "CONFIG_MCUMGR_GRP_ENUM"),
    [SINGLE] = COMMAND(2, "single", single_req, single_rsp, "CONFIG_MCUMGR_GRP_ENUM"),
    [DETAILS] = COMMAND(3, "details", details_req, details_rsp, "CONFIG_MCUMGR_GRP_ENUM_DETAILS"),
};

/* ---- codes ---- */

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 3, "TOO_MANY_GROUP_ENTRIES", "too many groups were asked for at once",
              "ask for fewer, or for all by naming none"),
    SMPI_CODE(3, 1, "INSUFFICIENT_HEAP_FOR_ENTRIES",
              "the device has no memory for that many groups",
              "ask for fewer, or raise CONFIG_HEAP_MEM_POOL_SIZE"),
    SMPI_CODE(4, 1, "INDEX_TOO_LARGE", "the device has fewer groups than that",
              "ask for the count first"),
};

const struct smp_group smpi_group_enum = {
    .id = SMP_GROUP_ENUM,
    .name = "enum",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_enum_count(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[COUNT], NULL, done, user, id);
}

int smp_enum_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LIST], NULL, done, user, id);
}

int smp_enum_single(struct smp_session *session, const struct smp_enum_single_req *req,
                    smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[SINGLE], req, done, user, id);
}

int smp_enum_details(struct smp_session *session, const struct smp_enum_details_req *req,
                     smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[DETAILS], req, done, user, id);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Group 2, statistics. */
#include "groups/group.h"

#include <smp/stat.h>

/* ---- messages ---- */

static const struct smp_field read_req_fields[] = {
    SMPI_FIELD(smp_stat_read_req, "name", name),
};
static const struct smp_message read_req = SMPI_MESSAGE(smp_stat_read_req, read_req_fields);

static const struct smp_field counter_fields[] = {
    SMPI_FIELD(smp_stat_counter, "", name),
    SMPI_FIELD(smp_stat_counter, "", value),
};
static const struct smp_message counter = SMPI_MESSAGE(smp_stat_counter, counter_fields);

static const struct smp_field read_rsp_fields[] = {
    SMPI_OPT(smp_stat_read_rsp, "name", name),
    SMPI_MAP(smp_stat_read_rsp, "fields", fields, smp_stat_counter, counter),
    SMPI_OPT(smp_stat_read_rsp, "group", group),
};
static const struct smp_message read_rsp = SMPI_MESSAGE(smp_stat_read_rsp, read_rsp_fields);

static const struct smp_field list_rsp_fields[] = {
    SMPI_SCALARS(smp_stat_list_rsp, "stat_list", names, 0),
};
static const struct smp_message list_rsp = SMPI_MESSAGE(smp_stat_list_rsp, list_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    READ,
    LIST,
};

#define COMMAND(id, name, request, response)                                                       \
    SMPI_COMMAND_NEEDS(SMP_GROUP_STAT, id, SMP_OP_READ, name, request, response, SMPI_IDEMPOTENT,  \
                       "CONFIG_MCUMGR_GRP_STAT")

#define STALE_HINT                                                                                 \
    "list the sections first: to version 1 of SMP, Zephyr up to 3.4 has no valid answer about a "  \
    "section it does not know"

static const struct smp_command commands[] = {
    [READ] = SMPI_COMMAND_PATIENT(SMP_GROUP_STAT, 0, SMP_OP_READ, "read", read_req, read_rsp,
                                  SMPI_IDEMPOTENT, "CONFIG_MCUMGR_GRP_STAT", STALE_HINT),
    [LIST] = COMMAND(1, "list", smpi_empty, list_rsp),
};

/* ---- codes ---- */

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 5, "INVALID_GROUP", "the device has no section of that name",
              "list the sections first"),
    SMPI_CODE(3, 5, "INVALID_STAT_NAME", "the device has no section of that name",
              "list the sections first"),
    SMPI_CODE(4, 3, "INVALID_STAT_SIZE", "a counter is neither 16, 32 nor 64 bits wide",
              "correct the section's definition in the firmware"),
    SMPI_CODE(5, 1, "WALK_ABORTED", "the device gave up going through its counters",
              "the section may not fit an answer: raise CONFIG_MCUMGR_TRANSPORT_NETBUF_SIZE"),
};

const struct smp_group smpi_group_stat = {
    .id = SMP_GROUP_STAT,
    .name = "stat",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_stat_read(struct smp_session *session, const struct smp_stat_read_req *req,
                  smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[READ], req, done, user, id);
}

int smp_stat_list(struct smp_session *session, smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[LIST], NULL, done, user, id);
}

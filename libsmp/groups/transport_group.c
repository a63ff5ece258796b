/* SPDX-License-Identifier: Apache-2.0 */
/* Group 11, transport: experimental, as in Zephyr. */
#include "groups/group.h"

#include <smp/transport_group.h>

/* ---- messages ---- */

static const struct smp_field parameter_fields[] = {
    SMPI_FIELD(smp_transport_group_parameter, "", name),
    SMPI_FIELD(smp_transport_group_parameter, "", value),
};
static const struct smp_message parameter =
    SMPI_MESSAGE(smp_transport_group_parameter, parameter_fields);

/* Parameters stand beside the two keys that every transport has. */
static const struct smp_field connect_req_fields[] = {
    SMPI_FIELD(smp_transport_group_connect_req, "transport", transport),
    SMPI_OPT(smp_transport_group_connect_req, "mode", mode),
    SMPI_MAP(smp_transport_group_connect_req, "", parameters, smp_transport_group_parameter,
             parameter),
};
static const struct smp_message connect_req =
    SMPI_MESSAGE(smp_transport_group_connect_req, connect_req_fields);

static const struct smp_field disconnect_req_fields[] = {
    SMPI_OPT(smp_transport_group_disconnect_req, "transport", transport),
    SMPI_OPT(smp_transport_group_disconnect_req, "all", all),
};
static const struct smp_message disconnect_req =
    SMPI_MESSAGE(smp_transport_group_disconnect_req, disconnect_req_fields);

static const struct smp_field status_rsp_fields[] = {
    SMPI_FIELD(smp_transport_group_status_rsp, "supported", supported),
    SMPI_FIELD(smp_transport_group_status_rsp, "active", active),
    SMPI_OPT(smp_transport_group_status_rsp, "bridged", bridged),
    SMPI_OPT(smp_transport_group_status_rsp, "transport", transport),
};
static const struct smp_message status_rsp =
    SMPI_MESSAGE(smp_transport_group_status_rsp, status_rsp_fields);

static const struct smp_field transport_fields[] = {
    SMPI_FIELD(smp_transport_group_transport, "id", id),
    SMPI_OPT(smp_transport_group_transport, "name", name),
};
static const struct smp_message transport =
    SMPI_MESSAGE(smp_transport_group_transport, transport_fields);

static const struct smp_field list_rsp_fields[] = {
    SMPI_LIST(smp_transport_group_list_rsp, "transports", transports, smp_transport_group_transport,
              transport),
};
static const struct smp_message list_rsp =
    SMPI_MESSAGE(smp_transport_group_list_rsp, list_rsp_fields);

static const struct smp_field modes_req_fields[] = {
    SMPI_FIELD(smp_transport_group_modes_req, "transport", transport),
};
static const struct smp_message modes_req =
    SMPI_MESSAGE(smp_transport_group_modes_req, modes_req_fields);

/* Zephyr's Bluetooth transport writes `type` where the others write `id`. */
static const struct smp_field mode_fields[] = {
    SMPI_FIELD_ALIAS(smp_transport_group_mode, "id", "type", id),
    SMPI_FIELD(smp_transport_group_mode, "description", description),
    SMPI_OPT(smp_transport_group_mode, "incoming", incoming),
    SMPI_OPT(smp_transport_group_mode, "outgoing", outgoing),
};
static const struct smp_message mode = SMPI_MESSAGE(smp_transport_group_mode, mode_fields);

static const struct smp_field modes_rsp_fields[] = {
    SMPI_LIST(smp_transport_group_modes_rsp, "modes", modes, smp_transport_group_mode, mode),
};
static const struct smp_message modes_rsp =
    SMPI_MESSAGE(smp_transport_group_modes_rsp, modes_rsp_fields);

static const struct smp_field configs_req_fields[] = {
    SMPI_FIELD(smp_transport_group_configs_req, "transport", transport),
    SMPI_FIELD(smp_transport_group_configs_req, "mode", mode),
};
static const struct smp_message configs_req =
    SMPI_MESSAGE(smp_transport_group_configs_req, configs_req_fields);

static const struct smp_field config_fields[] = {
    SMPI_FIELD(smp_transport_group_config, "name", name),
    SMPI_FIELD(smp_transport_group_config, "type", type),
    SMPI_OPT(smp_transport_group_config, "required", required),
};
static const struct smp_message config = SMPI_MESSAGE(smp_transport_group_config, config_fields);

static const struct smp_field configs_rsp_fields[] = {
    SMPI_LIST(smp_transport_group_configs_rsp, "configs", configs, smp_transport_group_config,
              config),
};
static const struct smp_message configs_rsp =
    SMPI_MESSAGE(smp_transport_group_configs_rsp, configs_rsp_fields);

/* ---- commands ---- */

/* Places in the list below. */
enum {
    CONNECT,
    DISCONNECT,
    STATUS,
    LIST,
    MODES,
    CONFIGS,
};

#define COMMAND(id, op, name, request, response, flags)                                            \
    SMPI_COMMAND_NEEDS(SMP_GROUP_TRANSPORT, id, op, name, request, response, flags,                \
                       "CONFIG_MCUMGR_GRP_TRANSPORT")

static const struct smp_command commands[] = {
    [CONNECT] = COMMAND(0, SMP_OP_WRITE, "connect", connect_req, smpi_empty, 0),
    [DISCONNECT] = COMMAND(1, SMP_OP_WRITE, "disconnect", disconnect_req, smpi_empty, 0),
    [STATUS] = COMMAND(2, SMP_OP_READ, "status", smpi_empty, status_rsp, SMPI_IDEMPOTENT),
    [LIST] = COMMAND(6, SMP_OP_READ, "list", smpi_empty, list_rsp, SMPI_IDEMPOTENT),
    [MODES] = COMMAND(7, SMP_OP_READ, "modes", modes_req, modes_rsp, SMPI_IDEMPOTENT),
    [CONFIGS] = COMMAND(8, SMP_OP_READ, "configs", configs_req, configs_rsp, SMPI_IDEMPOTENT),
};

/* ---- codes ---- */

#define CONFIGS_HINT "list the transport's configurations"

static const struct smpi_code codes[] = {
    SMPI_CODE(0, 0, "OK", "done", NULL),
    SMPI_CODE(1, 1, "UNKNOWN", "the device gives no reason", NULL),
    SMPI_CODE(2, 1, "TRANSPORT_MISSING_REQUIRED_FUNCTIONS", "that transport cannot be bridged",
              "its driver in the firmware lacks the functions for it"),
    SMPI_CODE(3, 1, "TRANSPORT_MISSING_INFO_FUNCTIONS",
              "that transport tells nothing about its modes", NULL),
    SMPI_CODE(4, 1, "INVALID_TRANSPORT", "the device has no such transport",
              "list the device's transports"),
    SMPI_CODE(5, 1, "INVALID_MODE", "that transport has no such mode", "list its modes"),
    SMPI_CODE(6, 1, "ALL_CONTEXTS_USED", "the device has no room for another bridge",
              "disconnect one first"),
    SMPI_CODE(7, 1, "BOTH_TRANSPORT_AND_ALL_PARAMETERS",
              "one transport and all of them were asked for at once", "give one of the two"),
    SMPI_CODE(8, 1, "NOT_BRIDGED", "that transport is not bridged", NULL),
    SMPI_CODE(9, 1, "SAME_BRIDGE_DEVICE_DISALLOWED", "that transport cannot be bridged to itself",
              NULL),
    SMPI_CODE(10, 1, "INGOING_NOT_SUPPORTED",
              "requests cannot come into a bridge by that transport", NULL),
    SMPI_CODE(11, 1, "OUTGOING_NOT_SUPPORTED", "requests cannot leave a bridge by that transport",
              NULL),
    SMPI_CODE(12, 1, "INCOMING_ALREADY_BRIDGED", "the transport of this request is bridged already",
              "disconnect it first"),
    SMPI_CODE(13, 1, "OUTGOING_ALREADY_BRIDGED", "that transport is bridged already",
              "disconnect it first"),
    SMPI_CODE(14, 1, "CONNECT_MISSING_PARAMETER", "the transport wants to know more to connect",
              CONFIGS_HINT),
    SMPI_CODE(15, 1, "CONNECT_INVALID_PARAMETER", "the transport refuses a parameter's value",
              CONFIGS_HINT),
    SMPI_CODE(16, 1, "CONNECT_UNSUPPORTED_PARAMETER", "the transport does not know a parameter",
              CONFIGS_HINT),
    SMPI_CODE(17, 1, "CONNECT_FAILED", "the transport could not connect",
              "see that the other side is there and not in use"),
};

const struct smp_group smpi_group_transport = {
    .id = SMP_GROUP_TRANSPORT,
    .name = "transport_group",
    .commands = commands,
    .n_commands = SMPI_COUNT(commands),
    .codes = codes,
    .n_codes = SMPI_COUNT(codes),
};

/* ---- calls ---- */

int smp_transport_group_connect(struct smp_session *session,
                                const struct smp_transport_group_connect_req *req,
                                smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CONNECT], req, done, user, id);
}

int smp_transport_group_disconnect(struct smp_session *session,
                                   const struct smp_transport_group_disconnect_req *req,
                                   smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[DISCONNECT], req, done, user, id);
}

int smp_transport_group_status(struct smp_session *session, smp_callback *done, void *user,
                               smp_id *id)
{
    return smp_session_call(session, &commands[STATUS], NULL, done, user, id);
}

int smp_transport_group_list(struct smp_session *session, smp_callback *done, void *user,
                             smp_id *id)
{
    return smp_session_call(session, &commands[LIST], NULL, done, user, id);
}

int smp_transport_group_modes(struct smp_session *session,
                              const struct smp_transport_group_modes_req *req, smp_callback *done,
                              void *user, smp_id *id)
{
    return smp_session_call(session, &commands[MODES], req, done, user, id);
}

int smp_transport_group_configs(struct smp_session *session,
                                const struct smp_transport_group_configs_req *req,
                                smp_callback *done, void *user, smp_id *id)
{
    return smp_session_call(session, &commands[CONFIGS], req, done, user, id);
}

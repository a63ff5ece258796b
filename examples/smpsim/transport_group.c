/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group transport: bridges to other transports.  This device has one such, a UART, and a
 * bridge to it goes nowhere; it is there to be connected, seen and disconnected.
 */
#include "device.h"
#include "text.h"

#include <smp/transport_group.h>

#define BRIDGES 1u
#define OTHER SMP_TRANSPORT_GROUP_CONSOLE
#define PLAIN_MODE 0u

static const struct smp_transport_group_transport transports[] = {
    {.size = sizeof(transports[0]), .id = OTHER, .has_name = true, .name = {"uart", 4}},
    {.size = sizeof(transports[0]),
     .id = SMP_TRANSPORT_GROUP_UDP_V4,
     .has_name = true,
     .name = {"udp4", 4}},
};

static void fail(struct smp_exchange *exchange, uint16_t rc)
{
    smp_exchange_fail(exchange, rc, NULL);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_transport_group_transport *pointers[] = {&transports[0], &transports[1]};
    struct smp_transport_group_list_rsp rsp = {
        .size = sizeof(rsp), .n_transports = 2, .transports = pointers};

    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

static void modes(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_transport_group_modes_req *req = request;
    const struct smp_transport_group_mode plain = {.size = sizeof(plain),
                                                   .id = PLAIN_MODE,
                                                   .description = sim_str("plain"),
                                                   .has_outgoing = true,
                                                   .outgoing = true};
    const struct smp_transport_group_mode *pointers[] = {&plain};
    struct smp_transport_group_modes_rsp rsp = {
        .size = sizeof(rsp), .n_modes = 1, .modes = pointers};

    (void)user;
    if (req->transport != OTHER)
        fail(exchange, SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT);
    else
        smp_exchange_reply(exchange, &rsp);
}

static void configs(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_transport_group_configs_req *req = request;
    const struct smp_transport_group_config baud = {.size = sizeof(baud),
                                                    .name = sim_str("baud"),
                                                    .type = SMP_TRANSPORT_GROUP_CONFIG_UINT,
                                                    .has_required = true,
                                                    .required = true};
    const struct smp_transport_group_config *pointers[] = {&baud};
    struct smp_transport_group_configs_rsp rsp = {
        .size = sizeof(rsp), .n_configs = 1, .configs = pointers};

    (void)user;
    if (req->transport != OTHER)
        fail(exchange, SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT);
    else if (req->mode != PLAIN_MODE)
        fail(exchange, SMP_TRANSPORT_GROUP_RC_INVALID_MODE);
    else
        smp_exchange_reply(exchange, &rsp);
}

/* 0, or what is wrong with the parameters: exactly `baud` is wanted, a number. */
static uint16_t check_parameters(const struct smp_transport_group_connect_req *req)
{
    bool has_baud = false;

    for (size_t i = 0; i < req->n_parameters; i++) {
        if (!sim_str_is(req->parameters[i]->name, "baud"))
            return SMP_TRANSPORT_GROUP_RC_CONNECT_UNSUPPORTED_PARAMETER;
        if (req->parameters[i]->value.kind != SMP_KIND_UINT)
            return SMP_TRANSPORT_GROUP_RC_CONNECT_INVALID_PARAMETER;
        has_baud = true;
    }
    return has_baud ? SMP_TRANSPORT_GROUP_RC_OK : SMP_TRANSPORT_GROUP_RC_CONNECT_MISSING_PARAMETER;
}

static void connect(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_transport_group_connect_req *req = request;
    uint16_t rc;

    if (req->transport == SMP_TRANSPORT_GROUP_UDP_V4)
        rc = SMP_TRANSPORT_GROUP_RC_SAME_BRIDGE_DEVICE_DISALLOWED;
    else if (req->transport != OTHER)
        rc = SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT;
    else if (req->has_mode && req->mode != PLAIN_MODE)
        rc = SMP_TRANSPORT_GROUP_RC_INVALID_MODE;
    else if (device->bridged)
        rc = SMP_TRANSPORT_GROUP_RC_OUTGOING_ALREADY_BRIDGED;
    else
        rc = check_parameters(req);
    if (rc != SMP_TRANSPORT_GROUP_RC_OK) {
        fail(exchange, rc);
        return;
    }
    device->bridged = true;
    smp_exchange_reply(exchange, NULL);
}

static void disconnect(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_transport_group_disconnect_req *req = request;

    if (req->has_transport && req->has_all) {
        fail(exchange, SMP_TRANSPORT_GROUP_RC_BOTH_TRANSPORT_AND_ALL_PARAMETERS);
    } else if (req->has_transport && req->transport != OTHER) {
        fail(exchange, SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT);
    } else if (!device->bridged) {
        fail(exchange, SMP_TRANSPORT_GROUP_RC_NOT_BRIDGED);
    } else {
        device->bridged = false;
        smp_exchange_reply(exchange, NULL);
    }
}

static void status(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    struct smp_transport_group_status_rsp rsp = {.size = sizeof(rsp),
                                                 .supported = BRIDGES,
                                                 .active = device->bridged ? 1 : 0,
                                                 .has_bridged = true,
                                                 .bridged = device->bridged,
                                                 .has_transport = device->bridged,
                                                 .transport = OTHER};

    (void)request;
    smp_exchange_reply(exchange, &rsp);
}

static void boot(struct sim_device *device)
{
    device->bridged = false;
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_WRITE, connect}, {1, SMP_OP_WRITE, disconnect}, {2, SMP_OP_READ, status},
    {6, SMP_OP_READ, list},     {7, SMP_OP_READ, modes},       {8, SMP_OP_READ, configs},
};

const struct sim_group sim_group_transport = {
    .bit = SIM_GROUP_TRANSPORT,
    .id = SMP_GROUP_TRANSPORT,
    .name = "transport",
    .title = "transport mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .boot = boot,
};

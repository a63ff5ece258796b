/* SPDX-License-Identifier: Apache-2.0 */
/* The experimental group of bridges: typed calls to a server by the same tables.  Bytes: tests/vectors/transport_group.jsonl. */
#include "support/duet.h"

#include <criterion/criterion.h>
#include <string.h>

static struct duet duet;

static void set_up(void)
{
    duet_open(&duet, NULL, false);
}

static void tear_down(void)
{
    duet_close(&duet);
}

TestSuite(transport_group, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_TRANSPORT, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(transport_group, connect)
{
    static const struct smp_transport_group_parameter port = {
        .size = sizeof(port), .name = STR("port"), .value = {.kind = SMP_KIND_UINT, .as.uint = 9}};
    static const struct smp_transport_group_parameter *const parameters[] = {&port};
    const struct smp_transport_group_connect_req req = {.size = sizeof(req),
                                                        .transport = SMP_TRANSPORT_GROUP_UDP_V4,
                                                        .has_mode = true,
                                                        .mode = 1,
                                                        .n_parameters = 1,
                                                        .parameters = parameters};
    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_transport_group_connect(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a3 697472616e73706f7274 04 646d6f6465 01 64706f7274 09");
}

Test(transport_group, disconnect)
{
    const struct smp_transport_group_disconnect_req req = {
        .size = sizeof(req), .has_all = true, .all = true};
    SERVE(1, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_transport_group_disconnect(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a1 63616c6c f5");
}

Test(transport_group, status)
{
    const struct smp_transport_group_status_rsp rsp = {.size = sizeof(rsp),
                                                       .supported = 2,
                                                       .active = 1,
                                                       .has_bridged = true,
                                                       .bridged = true,
                                                       .has_transport = true,
                                                       .transport = SMP_TRANSPORT_GROUP_BLUETOOTH};
    SERVE(2, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_transport_group_status(duet.session, WITH), SMP_OK);
    const struct smp_transport_group_status_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->supported, 2);
    cr_assert_eq(got->active, 1);
    cr_assert(got->bridged);
    cr_assert_eq(got->transport, SMP_TRANSPORT_GROUP_BLUETOOTH);
}

Test(transport_group, list)
{
    static const struct smp_transport_group_transport console = {
        .size = sizeof(console), .has_name = true, .name = STR("console")};
    static const struct smp_transport_group_transport *const transports[] = {&console};
    const struct smp_transport_group_list_rsp rsp = {
        .size = sizeof(rsp), .n_transports = 1, .transports = transports};
    SERVE(6, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_transport_group_list(duet.session, WITH), SMP_OK);
    const struct smp_transport_group_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_transports, 1);
    cr_assert_eq(got->transports[0]->id, SMP_TRANSPORT_GROUP_CONSOLE);
    cr_assert(is(got->transports[0]->name, "console"));
}

Test(transport_group, modes)
{
    static const struct smp_transport_group_mode central = {.size = sizeof(central),
                                                            .id = 3,
                                                            .description = STR("central"),
                                                            .has_outgoing = true,
                                                            .outgoing = true};
    static const struct smp_transport_group_mode *const modes[] = {&central};
    const struct smp_transport_group_modes_rsp rsp = {
        .size = sizeof(rsp), .n_modes = 1, .modes = modes};
    const struct smp_transport_group_modes_req req = {.size = sizeof(req), .transport = 2};
    SERVE(7, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_transport_group_modes(duet.session, &req, WITH), SMP_OK);
    const struct smp_transport_group_modes_rsp *got =
        duet_answer(&duet, "a1 697472616e73706f7274 02");
    cr_assert_eq(got->n_modes, 1);
    cr_assert_eq(got->modes[0]->id, 3);
    cr_assert(is(got->modes[0]->description, "central"));
    cr_assert(got->modes[0]->outgoing);
    cr_assert_not(got->modes[0]->has_incoming);
}

Test(transport_group, configs)
{
    static const struct smp_transport_group_config address = {.size = sizeof(address),
                                                              .name = STR("address"),
                                                              .type =
                                                                  SMP_TRANSPORT_GROUP_CONFIG_TEXT,
                                                              .has_required = true,
                                                              .required = true};
    static const struct smp_transport_group_config *const configs[] = {&address};
    const struct smp_transport_group_configs_rsp rsp = {
        .size = sizeof(rsp), .n_configs = 1, .configs = configs};
    const struct smp_transport_group_configs_req req = {
        .size = sizeof(req), .transport = 4, .mode = 0};
    SERVE(8, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_transport_group_configs(duet.session, &req, WITH), SMP_OK);
    const struct smp_transport_group_configs_rsp *got =
        duet_answer(&duet, "a2 697472616e73706f7274 04 646d6f6465 00");
    cr_assert_eq(got->n_configs, 1);
    cr_assert(is(got->configs[0]->name, "address"));
    cr_assert_eq(got->configs[0]->type, SMP_TRANSPORT_GROUP_CONFIG_TEXT);
    cr_assert(got->configs[0]->required);
}

Test(transport_group, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 1, "TRANSPORT_MISSING_REQUIRED_FUNCTIONS"},
        {3, 1, "TRANSPORT_MISSING_INFO_FUNCTIONS"},
        {4, 1, "INVALID_TRANSPORT"},
        {5, 1, "INVALID_MODE"},
        {6, 1, "ALL_CONTEXTS_USED"},
        {7, 1, "BOTH_TRANSPORT_AND_ALL_PARAMETERS"},
        {8, 1, "NOT_BRIDGED"},
        {9, 1, "SAME_BRIDGE_DEVICE_DISALLOWED"},
        {10, 1, "INGOING_NOT_SUPPORTED"},
        {11, 1, "OUTGOING_NOT_SUPPORTED"},
        {12, 1, "INCOMING_ALREADY_BRIDGED"},
        {13, 1, "OUTGOING_ALREADY_BRIDGED"},
        {14, 1, "CONNECT_MISSING_PARAMETER"},
        {15, 1, "CONNECT_INVALID_PARAMETER"},
        {16, 1, "CONNECT_UNSUPPORTED_PARAMETER"},
        {17, 1, "CONNECT_FAILED"},
    };
    duet_codes(SMP_GROUP_TRANSPORT, 2, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

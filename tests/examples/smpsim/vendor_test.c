/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that a device has only when it is told to: transport, SUIT, Memfault. */
#include "rig.h"
#include "text.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig.device_options.with = SIM_GROUP_TRANSPORT | SIM_GROUP_SUIT | SIM_GROUP_MEMFAULT;
    rig_start(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(vendor, .init = setup, .fini = teardown);

Test(vendor, memfault_tells_who_it_is)
{
    const struct smp_memfault_device_info_rsp *info;
    const struct smp_memfault_project_key_rsp *key;

    info = rig_call(&rig, SMP_GROUP_MEMFAULT, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert(info->device_serial.len > 0);
    cr_assert(sim_str_is(info->current_version, "1.0.0"), "the firmware's");
    key = rig_call(&rig, SMP_GROUP_MEMFAULT, 1, SMP_OP_READ, NULL)->rsp;
    cr_assert(key->project_key.len > 0);
}

/* ---- SUIT ---- */

static uint64_t sequence(void)
{
    struct smp_suit_manifest_state_req req = {.size = sizeof(req), .role = 0x20};
    const struct smp_suit_manifest_state_rsp *rsp =
        rig_call(&rig, SMP_GROUP_SUIT, 1, SMP_OP_READ, &req)->rsp;

    cr_assert(rsp->digest.len == 32 && rsp->n_semantic_version == 3);
    return rsp->sequence_number;
}

/* The offset wanted next, or minus the error. */
static int64_t envelope(uint64_t off, uint64_t len, size_t n, bool defer)
{
    static const uint8_t data[64];
    struct smp_suit_envelope_upload_req req = {
        .size = sizeof(req),
        .off = off,
        .has_len = off == 0,
        .len = len,
        .has_defer_install = off == 0,
        .defer_install = defer,
        .has_data = n > 0,
        .data = {data, n},
    };
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_SUIT, 2, SMP_OP_WRITE, &req);
    const struct smp_suit_upload_rsp *rsp = result->rsp;

    return result->error == SMP_OK ? (int64_t)rsp->off : -rig_rc(result);
}

/* The session that waits for an image; 0: none. */
static uint64_t missing(void)
{
    const struct smp_suit_missing_poll_rsp *rsp =
        rig_call(&rig, SMP_GROUP_SUIT, 3, SMP_OP_READ, NULL)->rsp;

    cr_assert_eq(rsp->has_stream_session_id, rsp->has_resource_id);
    return rsp->has_stream_session_id ? rsp->stream_session_id : 0;
}

static int64_t image(uint64_t session, uint64_t off, uint64_t len, size_t n)
{
    static const uint8_t data[64];
    struct smp_suit_missing_upload_req req = {.size = sizeof(req),
                                              .has_stream_session_id = off == 0,
                                              .stream_session_id = session,
                                              .off = off,
                                              .has_len = off == 0,
                                              .len = len,
                                              .data = {data, n}};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_SUIT, 4, SMP_OP_WRITE, &req);
    const struct smp_suit_upload_rsp *rsp = result->rsp;

    return result->error == SMP_OK ? (int64_t)rsp->off : -rig_rc(result);
}

Test(vendor, suit_installs_an_envelope_and_the_image_it_misses)
{
    uint64_t before = sequence();

    cr_assert_eq(missing(), 0);
    cr_assert_eq(image(1, 0, 10, 10), SMP_RC_BAD_STATE);
    cr_assert_eq(envelope(0, 100, 64, false), 64);
    cr_assert_eq(envelope(10, 0, 10, false), 64, "it wants another offset");
    cr_assert_eq(missing(), 0);
    cr_assert_eq(envelope(64, 0, 36, false), 100);
    uint64_t session = missing();
    cr_assert_neq(session, 0);
    cr_assert_eq(image(session + 1, 0, 10, 10), SMP_RC_INVALID);
    cr_assert_eq(image(session, 0, 10, 10), 10);
    cr_assert_eq(missing(), 0);
    cr_assert_eq(sequence(), before + 1);
}

Test(vendor, suit_waits_when_it_is_told_to)
{
    cr_assert_eq(envelope(0, 10, 10, true), 10);
    cr_assert_eq(missing(), 0);
    struct smp_suit_envelope_upload_req go = {.size = sizeof(go), .has_len = true};
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_SUIT, 2, SMP_OP_WRITE, &go)), 0);
    cr_assert_neq(missing(), 0);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_SUIT, 2, SMP_OP_WRITE, &go)), -SMP_RC_BAD_STATE);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_SUIT, 6, SMP_OP_WRITE, NULL)), 0);
    cr_assert_eq(missing(), 0, "cleaned up");
}

Test(vendor, suit_uploads_have_limits)
{
    cr_assert_eq(envelope(0, 0, 10, false), SMP_RC_INVALID);
    cr_assert_eq(envelope(0, UINT64_MAX, 10, false), SMP_RC_INVALID);
    cr_assert_eq(envelope(0, 5, 10, false), SMP_RC_INVALID, "longer than it said");
}

/* ---- transport ---- */

static int64_t connect(uint32_t transport, const char *key, struct smp_value value)
{
    struct smp_transport_group_parameter parameter = {
        .size = sizeof(parameter), .name = sim_str(key != NULL ? key : ""), .value = value};
    const struct smp_transport_group_parameter *parameters[] = {&parameter};
    struct smp_transport_group_connect_req req = {.size = sizeof(req),
                                                  .transport = transport,
                                                  .n_parameters = key != NULL,
                                                  .parameters = parameters};

    return rig_rc(rig_call(&rig, SMP_GROUP_TRANSPORT, 0, SMP_OP_WRITE, &req));
}

static unsigned bridges(void)
{
    const struct smp_transport_group_status_rsp *rsp =
        rig_call(&rig, SMP_GROUP_TRANSPORT, 2, SMP_OP_READ, NULL)->rsp;

    return rsp->active;
}

Test(vendor, a_bridge_is_connected_and_disconnected)
{
    struct smp_value baud = {.kind = SMP_KIND_UINT, .as.uint = 115200};
    struct smp_value text = {.kind = SMP_KIND_STR, .as.str = {"x", 1}};

    cr_assert_eq(connect(9, NULL, baud), SMP_TRANSPORT_GROUP_RC_INVALID_TRANSPORT);
    cr_assert_eq(connect(4, NULL, baud), SMP_TRANSPORT_GROUP_RC_SAME_BRIDGE_DEVICE_DISALLOWED);
    cr_assert_eq(connect(0, NULL, baud), SMP_TRANSPORT_GROUP_RC_CONNECT_MISSING_PARAMETER);
    cr_assert_eq(connect(0, "colour", baud), SMP_TRANSPORT_GROUP_RC_CONNECT_UNSUPPORTED_PARAMETER);
    cr_assert_eq(connect(0, "baud", text), SMP_TRANSPORT_GROUP_RC_CONNECT_INVALID_PARAMETER);
    cr_assert_eq(bridges(), 0);
    cr_assert_eq(connect(0, "baud", baud), 0);
    cr_assert_eq(bridges(), 1);
    cr_assert_eq(connect(0, "baud", baud), SMP_TRANSPORT_GROUP_RC_OUTGOING_ALREADY_BRIDGED);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_TRANSPORT, 1, SMP_OP_WRITE, NULL)), 0);
    cr_assert_eq(bridges(), 0);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_TRANSPORT, 1, SMP_OP_WRITE, NULL)),
                 SMP_TRANSPORT_GROUP_RC_NOT_BRIDGED);
}

Test(vendor, transports_tell_their_modes_and_what_they_want_to_know)
{
    struct smp_transport_group_modes_req modes = {.size = sizeof(modes)};
    struct smp_transport_group_configs_req configs = {.size = sizeof(configs)};
    const struct smp_transport_group_list_rsp *list;
    const struct smp_transport_group_modes_rsp *mode;
    const struct smp_transport_group_configs_rsp *config;

    list = rig_call(&rig, SMP_GROUP_TRANSPORT, 6, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(list->n_transports, 2);
    mode = rig_call(&rig, SMP_GROUP_TRANSPORT, 7, SMP_OP_READ, &modes)->rsp;
    cr_assert(mode->n_modes == 1 && mode->modes[0]->id == 0);
    config = rig_call(&rig, SMP_GROUP_TRANSPORT, 8, SMP_OP_READ, &configs)->rsp;
    cr_assert(config->n_configs == 1 && sim_str_is(config->configs[0]->name, "baud"));
    configs.mode = 1;
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_TRANSPORT, 8, SMP_OP_READ, &configs)),
                 SMP_TRANSPORT_GROUP_RC_INVALID_MODE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the profiles change: packets, missing commands, image lists. */
#include "rig.h"
#include "text.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(profile, .init = setup, .fini = teardown);

static void start(const char *name)
{
    rig.device_options.profile = sim_profile_find(name);
    cr_assert(rig.device_options.profile != NULL, "%s", name);
    rig_start(&rig);
}

static const struct smp_result *unknown_stat(void)
{
    struct smp_stat_read_req req = {.size = sizeof(req), .name = sim_str("nope")};

    return rig_call(&rig, SMP_GROUP_STAT, 0, SMP_OP_READ, &req);
}

static bool contains(struct smp_bytes payload, const char *bytes, size_t len)
{
    for (size_t i = 0; i + len <= payload.len; i++) {
        if (memcmp(payload.data + i, bytes, len) == 0)
            return true;
    }
    return false;
}

/* {"err": or {"ret": with a map behind it; {"rc": with a number. */
#define ERR                                                                                        \
    "\x63"                                                                                         \
    "err\xa2"
#define RET                                                                                        \
    "\x63"                                                                                         \
    "ret\xa2"
#define RC_0                                                                                       \
    "\x62"                                                                                         \
    "rc\x00"

Test(profile, names_are_known)
{
    char names[128];

    snprintf(names, sizeof(names), "%s", sim_profile_names());
    for (char *name = strtok(names, ", "); name != NULL; name = strtok(NULL, ", "))
        cr_assert(sim_profile_find(name) != NULL, "%s", name);
    cr_assert_null(sim_profile_find("zephyr"));
    cr_assert_null(sim_profile_find(""));
}

Test(profile, errors_of_groups_stand_under_err_or_ret)
{
    start("zephyr-4.4");
    cr_assert(contains(unknown_stat()->payload, ERR, 5));
    rig_stop(&rig);
    start("zephyr-3.4");
    cr_assert(contains(unknown_stat()->payload, RET, 5));
    cr_assert_eq(rig_rc(unknown_stat()), SMP_STAT_RC_INVALID_STAT_NAME);
    rig_stop(&rig);
    rig.device_options.error_key = SIM_ERROR_KEY_ERR;
    start("zephyr-3.4");
    cr_assert(contains(unknown_stat()->payload, ERR, 5));
}

Test(profile, old_servers_answer_v1_and_rc_0)
{
    static const char *const old[] = {"zephyr-3.2", "mynewt"};

    for (size_t i = 0; i < 2; i++) {
        const struct smp_result *result;

        start(old[i]);
        result = rig_raw(&rig, SMP_GROUP_OS, 0, SMP_OP_WRITE, "\xa1\x61\x64\x61\x78", 5);
        cr_assert_eq(result->header.version, SMP_PROTOCOL_V1, "%s", old[i]);
        cr_assert(contains(result->payload, RC_0, 4), "%s", old[i]);
        cr_assert_eq(rig_rc(unknown_stat()), -SMP_RC_NOT_FOUND, "%s", old[i]);
        rig_stop(&rig);
    }
    start("zephyr-4.4");
    const struct smp_result *result =
        rig_raw(&rig, SMP_GROUP_OS, 0, SMP_OP_WRITE, "\xa1\x61\x64\x61\x78", 5);
    cr_assert_eq(result->header.version, SMP_PROTOCOL_V2);
    cr_assert_not(contains(result->payload, RC_0, 4));
}

/* Whether a command is there: anything but a plain `rc` 8. */
static bool has(uint16_t group, uint8_t id, uint8_t op)
{
    const struct smp_result *result = rig_raw(&rig, group, id, op, "\xa0", 1);

    return result->error == SMP_OK || result->from_group || result->rc != SMP_RC_NOT_SUPPORTED;
}

Test(profile, commands_that_are_missing)
{
    static const struct {
        const char *profile;
        bool console_echo, pools, params, info, bootloader, core, slots, settings, fs_close, log,
            basic;
    } rows[] = {
        {"zephyr-4.4", false, true, true, true, true, false, true, true, true, false, true},
        {"zephyr-3.4", false, false, true, true, true, false, true, true, true, false, true},
        {"zephyr-3.2", false, false, true, false, false, false, false, false, false, false, true},
        {"mynewt", true, true, false, false, false, true, false, true, false, true, false},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = rows[i].profile;

        start(name);
        cr_expect_eq(has(0, 1, SMP_OP_WRITE), rows[i].console_echo, "%s", name);
        cr_expect_eq(has(0, 3, SMP_OP_READ), rows[i].pools, "%s", name);
        cr_expect_eq(has(0, 6, SMP_OP_READ), rows[i].params, "%s", name);
        cr_expect_eq(has(0, 7, SMP_OP_READ), rows[i].info, "%s", name);
        cr_expect_eq(has(0, 8, SMP_OP_READ), rows[i].bootloader, "%s", name);
        cr_expect_eq(has(1, 3, SMP_OP_READ), rows[i].core, "%s", name);
        cr_expect_eq(has(1, 6, SMP_OP_READ), rows[i].slots, "%s", name);
        cr_expect_eq(has(3, 2, SMP_OP_WRITE), rows[i].settings, "%s", name);
        cr_expect_eq(has(8, 4, SMP_OP_WRITE), rows[i].fs_close, "%s", name);
        cr_expect_eq(has(4, 5, SMP_OP_READ), rows[i].log, "%s", name);
        cr_expect_eq(has(63, 0, SMP_OP_WRITE), rows[i].basic, "%s", name);
        rig_stop(&rig);
    }
    rig_start(&rig);
}

Test(profile, a_frugal_list_leaves_out_what_is_false)
{
    const struct smp_img_state_rsp *rsp;

    rig.device_options.frugal = true;
    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(rsp->n_images, 1);
    cr_assert_not(rsp->has_split_status);
    cr_assert(rsp->images[0]->has_active && rsp->images[0]->has_confirmed);
    cr_assert_not(rsp->images[0]->has_pending || rsp->images[0]->has_permanent);
    rig_stop(&rig);
    rig.device_options.frugal = false;
    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert(rsp->has_split_status && rsp->images[0]->has_pending);
}

Test(profile, hashes_are_as_long_as_the_firmware_says)
{
    static const struct {
        const char *file;
        size_t len;
    } rows[] = {
        {SMP_SOURCE_DIR "/tests/data/app-1.0.0.signed.bin", 32},
        {SMP_SOURCE_DIR "/tests/data/ecdsa-p384.signed.bin", 48},
        {SMP_SOURCE_DIR "/tests/data/ed25519-sha512.signed.bin", 64},
    };

    for (size_t i = 0; i < 3; i++) {
        const struct smp_img_state_rsp *rsp;
        uint8_t hash[64];

        rig.device_options.images[0] = rows[i].file;
        rig_start(&rig);
        rsp = rig_call(&rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL)->rsp;
        cr_assert_eq(rsp->images[0]->hash.len, rows[i].len, "%s", rows[i].file);
        memcpy(hash, rsp->images[0]->hash.data, rows[i].len);
        cr_assert_eq(rig_state_write(&rig, hash, rows[i].len, true), 0);
        cr_assert_eq(rig_state_write(&rig, hash, rows[i].len - 1, true), SMP_IMG_RC_INVALID_HASH);
        rig_end(&rig);
        rig_init(&rig);
    }
}

Test(profile, old_zephyr_erases_otherwise)
{
    struct smp_img_erase_req req = {.size = sizeof(req), .has_slot = true, .slot = 9};

    start("zephyr-3.4");
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 5, SMP_OP_WRITE, NULL)), SMP_IMG_RC_UNKNOWN);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 5, SMP_OP_WRITE, &req)), SMP_IMG_RC_FLASH_OPEN_FAILED);
    rig_stop(&rig);
    start("zephyr-4.4");
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 5, SMP_OP_WRITE, NULL)), 0);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 5, SMP_OP_WRITE, &req)), SMP_IMG_RC_INVALID_SLOT);
}

Test(profile, what_a_client_sends_never_reaches_the_terminal)
{
    struct smp_os_datetime req = {.size = sizeof(req),
                                  .datetime = sim_str("2026-02-03T04:05:06\x1b[2J")};

    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 4, SMP_OP_WRITE, &req)), 0);
    cr_assert(rig_told(&rig, "clock set to 2026-02-03T04:05:06?[2J\n"), "%s", rig.events);
    cr_assert_null(strchr(rig.events, '\x1b'));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* MCUboot's serial recovery, as recorded (protocol.md 7 and 10). */
#include "rig.h"
#include "text.h"

static struct rig rig;
static struct blob app;

static void setup(void)
{
    rig_init(&rig);
    rig.device_options.recovery = true;
    blob_read(&app, APP_110);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(recovery, .init = setup, .fini = teardown);

static bool in_recovery(void)
{
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_OS, 6, SMP_OP_READ, NULL);
    const struct smp_os_params_rsp *rsp = result->rsp;

    return result->error == SMP_OK && rsp->buf_count == 1 && rsp->buf_size == 1024;
}

static void reset(bool into_recovery)
{
    struct smp_os_reset_req req = {
        .size = sizeof(req), .has_boot_mode = into_recovery, .boot_mode = SMP_OS_BOOT_RECOVERY};

    cr_assert_eq(rig_call(&rig, SMP_GROUP_OS, 5, SMP_OP_WRITE, &req)->error, SMP_OK);
    rig_sleep(&rig, SIM_RESET_DELAY_MS + rig.device_options.boot_ms + 1);
}

/* The offset wanted next, or minus the error. */
static int64_t chunk(uint64_t off, const void *data, size_t n, uint64_t len)
{
    struct smp_img_upload_req req = {.size = sizeof(req),
                                     .off = off,
                                     .has_len = len != 0,
                                     .len = len,
                                     .has_data = true,
                                     .data = {data, n}};
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_IMG, 1, SMP_OP_WRITE, &req);
    const struct smp_img_upload_rsp *rsp = result->rsp;

    return result->error == SMP_OK ? (int64_t)rsp->off : -rig_rc(result);
}

static void upload_all(void)
{
    uint64_t off = 0;

    while (off < app.len) {
        size_t n = app.len - off < 900 ? app.len - (size_t)off : 900;
        int64_t next = chunk(off, app.data + off, n, off == 0 ? app.len : 0);

        cr_assert_eq(next, (int64_t)(off + n), "at %llu: %lld", (unsigned long long)off,
                     (long long)next);
        off = (uint64_t)next;
    }
}

Test(recovery, a_reset_with_boot_mode_1_enters_it_and_another_leaves)
{
    rig_start(&rig);
    cr_assert_not(in_recovery());
    reset(true);
    cr_assert(in_recovery());
    cr_assert(rig_told(&rig, "waits in serial recovery"));
    reset(true); /* from here the boot mode is not looked at */
    cr_assert_not(in_recovery());
    cr_assert(rig_alive(&rig));
}

Test(recovery, without_it_the_firmware_boots_as_usual)
{
    rig.device_options.recovery = false;
    rig_start(&rig);
    reset(true);
    cr_assert(rig_alive(&rig));
    cr_assert(rig_told(&rig, "has no serial recovery"));
}

Test(recovery, the_profile_begins_there)
{
    rig.device_options.recovery = false;
    rig.device_options.profile = sim_profile_find("mcuboot");
    rig_start(&rig);
    cr_assert(in_recovery());
    reset(false);
    cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed");
}

Test(recovery, answers_nothing_but_its_five_commands)
{
    rig_start(&rig);
    reset(true);
    cr_assert_not(rig_alive(&rig), "no echo");
    cr_assert_eq(rig_rc(rig_raw(&rig, 0, 2, SMP_OP_READ, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 0, 7, SMP_OP_READ, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 0, 8, SMP_OP_READ, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 1, 0, SMP_OP_WRITE, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 1, 5, SMP_OP_WRITE, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 1, 6, SMP_OP_READ, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 63, 0, SMP_OP_WRITE, "\xa0", 1)), -SMP_RC_NOT_SUPPORTED);
    cr_assert_eq(rig_rc(rig_raw(&rig, 0, 1, SMP_OP_WRITE,
                                "\xa1\x64"
                                "echo\x01",
                                7)),
                 0);
    cr_assert_eq(rig_rc(rig_raw(&rig, 0, 6, SMP_OP_WRITE, "\xa0", 1)), 0, "by either op");
}

Test(recovery, the_list_has_no_flags)
{
    const struct smp_img_state_rsp *rsp;

    rig_start(&rig);
    reset(true);
    rsp = rig_call(&rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(rsp->n_images, 1);
    cr_assert(sim_str_is(rsp->images[0]->version, "1.0.0"));
    cr_assert(rsp->images[0]->has_hash && rsp->images[0]->hash.len == 32);
    cr_assert_not(rsp->images[0]->has_active || rsp->images[0]->has_confirmed);
    cr_assert_not(rsp->has_split_status);
}

Test(recovery, an_upload_replaces_the_firmware)
{
    rig_start(&rig);
    reset(true);
    upload_all();
    reset(false);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed");
}

Test(recovery, an_upload_that_breaks_off_leaves_nothing_to_boot)
{
    const struct smp_img_state_rsp *rsp;
    static const uint8_t zeros[32];

    rig_start(&rig);
    reset(true);
    cr_assert_eq(chunk(0, app.data, 600, app.len), 600);
    rsp = rig_call(&rig, SMP_GROUP_IMG, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(rsp->n_images, 1, "it is listed all the same");
    cr_assert(sim_str_is(rsp->images[0]->version, "1.1.0"));
    cr_assert_arr_eq(rsp->images[0]->hash.data, zeros, 32);
    reset(false);
    cr_assert(in_recovery(), "it stays there");
    upload_all();
    reset(false);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed");
}

Test(recovery, a_device_without_firmware_is_there_at_once)
{
    rig.device_options.images[0] = NULL;
    rig_start(&rig);
    cr_assert(in_recovery());
    upload_all();
    reset(false);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed");
}

Test(recovery, offsets)
{
    rig_start(&rig);
    reset(true);
    cr_assert_eq(chunk(5, "abc", 3, 0), 0, "nothing was begun");
    cr_assert_eq(chunk(0, app.data, 64, 0), SMP_RC_INVALID, "no length");
    cr_assert_eq(chunk(0, app.data, 64, 16 << 20), SMP_RC_INVALID, "longer than the slot");
    cr_assert_eq(chunk(0, app.data, 128, app.len), 128);
    cr_assert_eq(chunk(128, app.data + 128, 7, 0), 132, "whole words only");
    cr_assert_eq(chunk(20000, app.data, 100, 0), 132);
    cr_assert_eq(chunk(5, app.data, 100, 0), 132);
    cr_assert_eq(chunk(132, app.data, 0, 0), 132);
    cr_assert_eq(chunk(0, app.data, 128, app.len), 128, "offset 0 begins anew");
    cr_assert_eq(chunk(0, app.data, 200, 100), 200, "too long is not noticed here");
    cr_assert_eq(chunk(200, app.data, 10, 0), SMP_RC_INVALID, "but here");
}

Test(recovery, other_images_than_there_are)
{
    struct smp_img_upload_req req = {.size = sizeof(req),
                                     .has_image = true,
                                     .image = 1,
                                     .has_len = true,
                                     .len = app.len,
                                     .has_data = true,
                                     .data = {app.data, 128}};

    rig_start(&rig);
    reset(true);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_IMG, 1, SMP_OP_WRITE, &req)), -SMP_RC_INVALID);
    req.image = 7;
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_IMG, 1, SMP_OP_WRITE, &req)), -SMP_RC_INVALID);
}

/* ---- packets ---- */

static uint8_t answer[2048];
static size_t answer_len;

static void keep(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                 const uint8_t *packet, size_t len)
{
    (void)user;
    (void)transport;
    (void)peer;
    memcpy(answer, packet, len);
    answer_len = len;
}

/* A client of bytes only. */
#include "core/transport.h"

static void nothing(void *user, struct smp_transport *transport)
{
    (void)user;
    (void)transport;
}

static void nothing_down(void *user, struct smp_transport *transport, int reason, int error)
{
    (void)user;
    (void)transport;
    (void)reason;
    (void)error;
}

static const struct smpi_sink sink = {
    .received = keep, .writable = nothing, .up = nothing, .down = nothing_down};

static size_t ask(const char *packet, size_t len)
{
    answer_len = 0;
    cr_assert_eq(smpi_transport_send(rig.near, NULL, (const uint8_t *)packet, len), SMP_OK);
    rig_sleep(&rig, 10);
    return answer_len;
}

Test(recovery, packets_are_taken_as_mcuboot_takes_them)
{
    rig.device_options.images[0] = NULL;
    rig_start(&rig);
    smp_session_free(rig.session);
    rig.session = NULL;
    cr_assert_eq(smpi_transport_attach(rig.near, &sink, NULL), SMP_OK);
    /* The first byte comes back but for the op: version bits 2 and 3, and the reserved ones. */
    cr_assert_gt(ask("\x10\0\0\1\0\0\7\6\xa0", 9), 8);
    cr_assert_eq(answer[0], 0x11);
    cr_assert_gt(ask("\xe8\0\0\1\0\0\7\6\xa0", 9), 8);
    cr_assert_eq(answer[0], 0xe9);
    cr_assert_eq(answer[6], 7);
    cr_assert_gt(ask("\x0a\0\0\1\0\0\7\6\xa0", 9), 8, "the other op");
    cr_assert_eq(answer[0], 0x0b);
    /* Errors are plain `rc`, whatever the version. */
    cr_assert_eq(ask("\x08\0\0\1\0\0\7\7\xa0", 9), 8 + 5);
    cr_assert_arr_eq(answer + 8, "\xa1\x62rc\x08", 5);
    /* Ops that are none, and lengths that are less than came. */
    cr_assert_eq(ask("\x09\0\0\1\0\0\7\6\xa0", 9), 0);
    cr_assert_eq(ask("\x0c\0\0\1\0\0\7\6\xa0", 9), 0);
    cr_assert_eq(ask("\x08\0\0\0\0\0\7\6\xa0", 9), 0);
    cr_assert_eq(ask("\x08\0\0\1\0\0\7\6\xa0\x08\0\0\1\0\0\7\6\xa0", 18), 0);
    /* One that is more is taken with what came. */
    cr_assert_gt(ask("\x08\0\0\x64\0\0\7\6\xa0", 9), 8);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The device's life: boot, reset, swap, revert, and what a power cut leaves. */
#include "rig.h"

static struct rig rig;
static struct blob app_110;

static void setup(void)
{
    rig_init(&rig);
    blob_read(&app_110, APP_110);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(device, .init = setup, .fini = teardown);

#define FRESH "0:1.0.0 active confirmed"

Test(device, starts_with_the_image_given)
{
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), FRESH);
    cr_assert(rig_told(&rig, "boots 1.0.0 from slot 0\n"), "%s", rig.events);
}

Test(device, says_that_an_image_is_not_used)
{
    rig_start(&rig);
    rig_stop(&rig);
    rig.device_options.images[0] = APP_110;
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), FRESH);
    cr_assert(rig_told(&rig, "is not used"), "%s", rig.events);
}

Test(device, runs_without_firmware_and_says_so)
{
    rig.device_options.images[0] = NULL;
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), "");
    cr_assert(rig_told(&rig, "holds nothing that boots"), "%s", rig.events);
}

Test(device, refuses_what_is_no_image)
{
    rig.device_options.images[0] = SMP_SOURCE_DIR "/tests/data/README.md";
    cr_assert_eq(rig_try(&rig), SMP_ERR_NOT_IMAGE);
    cr_assert(strstr(rig.error, "README.md") != NULL, "%s", rig.error);
}

/* Its hash covers what only a device with the key can decrypt. */
Test(device, refuses_what_would_not_boot)
{
    rig.device_options.images[0] = SMP_SOURCE_DIR "/tests/data/encrypted.signed.bin";
    cr_assert_eq(rig_try(&rig), SMP_ERR_CORRUPT);
    cr_assert(strstr(rig.error, "encrypted.signed.bin") != NULL, "%s", rig.error);
    rig_stop(&rig);
    rig.device_options.images[0] = APP_100;
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), FRESH, "the slot is programmed again");
}

Test(device, refuses_an_image_larger_than_the_slot)
{
    rig.device_options.slot_size = 12 * 4096;
    cr_assert_eq(rig_try(&rig), SMP_ERR_TOO_LARGE);
    cr_assert(strstr(rig.error, "--slot-size") != NULL, "%s", rig.error);
}

Test(device, refuses_slots_of_another_size)
{
    rig_start(&rig);
    rig_stop(&rig);
    rig.device_options.slot_size *= 2;
    cr_assert_eq(rig_try(&rig), SMP_ERR_INVALID);
    cr_assert(rig.error[0] != '\0');
}

Test(device, answers_the_reset_then_goes_away_then_comes_back)
{
    rig_start(&rig);
    cr_assert_eq(rig_call(&rig, SMP_GROUP_OS, 5, SMP_OP_WRITE, NULL)->error, SMP_OK);
    cr_assert(rig_alive(&rig), "it is still there after the answer");
    rig_sleep(&rig, SIM_RESET_DELAY_MS - 20);
    cr_assert(rig_alive(&rig), "and until 250 ms after it");
    rig_sleep(&rig, 40);
    cr_assert_not(rig_alive(&rig), "then it is away");
    rig_sleep(&rig, rig.device_options.boot_ms - 250);
    cr_assert_not(rig_alive(&rig));
    rig_sleep(&rig, 250);
    cr_assert(rig_alive(&rig), "and back after the boot time");
}

Test(device, tests_confirms_and_keeps)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK);
    cr_assert_str_eq(rig_list(&rig), FRESH "; 1:1.1.0");
    cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, false), 0);
    cr_assert_str_eq(rig_list(&rig), FRESH "; 1:1.1.0 pending");
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active; 1:1.0.0 confirmed");
    cr_assert(rig_told(&rig, "boots 1.1.0 from slot 0 (test)"), "%s", rig.events);
    cr_assert_eq(rig_state_write(&rig, NULL, 0, true), 0);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed; 1:1.0.0");
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed; 1:1.0.0");
}

Test(device, reverts_what_was_not_confirmed)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK);
    cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, false), 0);
    rig_reset(&rig);
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), FRESH "; 1:1.1.0");
    cr_assert(rig_told(&rig, "boots 1.0.0 from slot 0 (reverted)"), "%s", rig.events);
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), FRESH "; 1:1.1.0", "once only");
}

Test(device, permanent_needs_no_confirmation)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK);
    cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, true), 0);
    cr_assert_str_eq(rig_list(&rig), FRESH "; 1:1.1.0 pending permanent");
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed; 1:1.0.0");
    rig_reset(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active confirmed; 1:1.0.0");
}

Test(device, does_not_boot_a_broken_image)
{
    rig_start(&rig);
    app_110.data[app_110.len / 2] ^= 1;
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK, "the upload itself is fine");
    cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, false), 0);
    rig_reset(&rig);
    cr_assert_eq(strncmp(rig_list(&rig), FRESH, strlen(FRESH)), 0, "%s", rig_list(&rig));
    cr_assert(strstr(rig_list(&rig), "pending") == NULL);
    cr_assert(rig_told(&rig, "refused"), "%s", rig.events);
}

Test(device, goes_on_where_it_was_after_a_power_cut)
{
    rig_start(&rig);
    cr_assert_eq(rig_upload(&rig, &app_110), SMP_OK);
    cr_assert_eq(rig_state_write(&rig, app_110.hash, 32, false), 0);
    rig_stop(&rig); /* starting again is a boot, as pulling the plug is */
    rig_start(&rig);
    cr_assert_str_eq(rig_list(&rig), "0:1.1.0 active; 1:1.0.0 confirmed");
}

Test(device, serves_two_transports)
{
    struct smp_transport *near, *far;
    struct smp_session *other;
    const struct smp_result *result;
    smp_id id;

    rig_start(&rig);
    cr_assert_eq(smp_loopback_new(rig.loop, 0, &near, &far), SMP_OK);
    cr_assert_eq(sim_device_listen(rig.device, far), SMP_OK);
    cr_assert_eq(smp_session_new(near, &rig.session_options, &other), SMP_OK);
    cr_assert_eq(smp_img_state_read(other, NULL, NULL, &id), SMP_OK);
    cr_assert_eq(smp_wait(other, id, &result), SMP_OK);
    cr_assert_eq(result->error, SMP_OK);
    cr_assert(rig_alive(&rig));
    smp_session_free(other);
    smp_transport_free(near);
    sim_device_free(rig.device);
    rig.device = NULL;
    smp_transport_free(far);
}

/* More requests at once than the window allows, as rude clients send them. */
static unsigned burst(unsigned count)
{
    struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    smp_id ids[16];
    unsigned answered = 0;

    for (unsigned i = 0; i < count; i++)
        cr_assert_eq(smp_os_echo(rig.session, &req, NULL, NULL, &ids[i]), SMP_OK);
    for (unsigned i = 0; i < count; i++) {
        const struct smp_result *result;

        if (smp_wait(rig.session, ids[i], &result) == SMP_OK)
            answered += result->error == SMP_OK;
    }
    return answered;
}

Test(device, loses_requests_without_a_buffer)
{
    rig.session_options.window = 16;
    rig.session_options.no_params = true;
    rig.device_options.work_us = 200;
    rig_start(&rig);
    burst(8);
    cr_assert(rig_told(&rig, "no buffer for an answer"), "%s", rig.events);
    cr_assert(rig_told(&rig, "no buffer for a request"), "%s", rig.events);
    cr_assert_eq(rig.crashes, 0);
    cr_assert(rig_alive(&rig));
}

Test(device, takes_a_full_window)
{
    rig.session_options.window = 3;
    rig.session_options.no_params = true;
    rig.device_options.work_us = 200;
    rig_start(&rig);
    for (unsigned i = 0; i < 10; i++)
        cr_assert_eq(burst(3), 3);
    cr_assert_not(rig_told(&rig, "no buffer"), "%s", rig.events);
}

Test(device, dies_of_an_overrun_when_asked_to)
{
    rig.session_options.window = 16;
    rig.session_options.no_params = true;
    rig.device_options.work_us = 200;
    rig.device_options.crash_on_overrun = true;
    rig_start(&rig);
    burst(8);
    cr_assert_eq(rig.crashes, 1);
    rig_sleep(&rig, 5000);
    cr_assert_not(rig_alive(&rig), "and stays dead");
}

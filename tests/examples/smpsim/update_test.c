/* SPDX-License-Identifier: Apache-2.0 */
/* The library's whole update against the simulated device, whose boot loader works as MCUboot. */
#include "rig.h"

static struct rig rig;
static struct blob app_110;

static void setup(void)
{
    rig_init(&rig);
    blob_read(&app_110, APP_110);
    rig.session_options.timeout_ms = 1000;
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(update, .init = setup, .fini = teardown);

static enum smp_update_decision answer;

static void decide(struct smp_session *session, smp_id id, const struct smp_update_report *report,
                   void *user)
{
    (void)report;
    (void)user;
    cr_assert_eq(smp_update_decide(session, id, answer), SMP_OK);
}

/* Returns the error; the report is valid until the next call. */
static int update(const struct smp_update_options *options, const struct smp_update_report **report)
{
    const struct smp_result *result = NULL;
    struct smp_source source;
    smp_id id = 0;

    smp_source_memory(&source, app_110.data, app_110.len);
    cr_assert_eq(smp_update_start(rig.session, &source, options, NULL, NULL, &id), SMP_OK);
    cr_assert_eq(smp_wait(rig.session, id, &result), SMP_OK);
    *report = result->rsp;
    return result->error;
}

static void expect(const struct smp_update_options *options, int error, enum smp_update_state state,
                   const char *list)
{
    const struct smp_update_report *report;

    cr_expect_eq(update(options, &report), error, "%.*s", (int)report->text.len, report->text.data);
    cr_expect_eq(report->state, state, "%.*s", (int)report->text.len, report->text.data);
    cr_expect_str_eq(rig_list(&rig), list);
}

Test(update, trial_then_confirmation_by_a_second_run)
{
    struct smp_update_options options = {.size = sizeof(options)};

    rig_start(&rig);
    expect(&options, SMP_OK, SMP_UPDATE_TRIAL, "0:1.1.0 active; 1:1.0.0 confirmed");
    options.goal = SMP_UPDATE_CONFIRMED;
    expect(&options, SMP_OK, SMP_UPDATE_CONFIRMED, "0:1.1.0 active confirmed; 1:1.0.0");
}

Test(update, a_bad_health_check_brings_the_old_one_back)
{
    struct smp_update_options options = {.size = sizeof(options), .decide = decide};

    answer = SMP_UPDATE_NO;
    rig_start(&rig);
    expect(&options, SMP_OK, SMP_UPDATE_REVERTED, "0:1.0.0 active confirmed; 1:1.1.0");
    /* The image is still there: the next try does not upload it again. */
    answer = SMP_UPDATE_YES;
    expect(&options, SMP_OK, SMP_UPDATE_CONFIRMED, "0:1.1.0 active confirmed; 1:1.0.0");
    cr_expect_null(
        strstr(strstr(rig.events, "upload to slot 1 begins") + 1, "upload to slot 1 begins"));
}

/* With every kind of server there is a profile for. */
Test(update, with_old_servers_too)
{
    static const char *const profiles[] = {"zephyr-4.4", "zephyr-3.4", "zephyr-3.2", "mynewt"};

    for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
        struct smp_update_options options = {.size = sizeof(options), .goal = SMP_UPDATE_CONFIRMED};
        const struct smp_update_report *report;

        rig.device_options.profile = sim_profile_find(profiles[i]);
        cr_assert_not_null(rig.device_options.profile, "%s", profiles[i]);
        rig_start(&rig);
        cr_expect_eq(update(&options, &report), SMP_OK, "%s: %.*s", profiles[i],
                     (int)report->text.len, report->text.data);
        cr_expect_eq(report->state, SMP_UPDATE_CONFIRMED, "%s", profiles[i]);
        rig_end(&rig);
        setup();
    }
    rig_start(&rig);
}

Test(update, serial_recovery)
{
    struct smp_update_options options = {.size = sizeof(options), .recovery = true};
    const struct smp_update_report *report;

    rig.device_options.profile = sim_profile_find("mcuboot");
    rig_start(&rig);
    cr_expect_eq(update(&options, &report), SMP_OK, "%.*s", (int)report->text.len,
                 report->text.data);
    cr_expect_eq(report->state, SMP_UPDATE_WRITTEN);
    rig_sleep(&rig, 3000);
    cr_expect(rig_told(&rig, "boots 1.1.0"), "%s", rig.events);
}

/* The device resets at every thirteenth flash operation of upload, mark and swap. */
static unsigned left;

static uint32_t cut_hook(void *user, struct sim_flash *slot, enum sim_flash_op op, uint32_t offset,
                         uint32_t len)
{
    (void)user, (void)slot, (void)op, (void)offset;
    if (left > 0 && --left == 0) {
        sim_device_die(rig.device); /* this operation is its last: it resets in a moment */
    }
    return len;
}

static void hook_all(void)
{
    sim_device_slot(rig.device, 0)->hook = cut_hook;
    sim_device_slot(rig.device, 1)->hook = cut_hook;
}

Test(update, survives_a_reset_in_the_middle_of_anything, .timeout = 60)
{
    for (unsigned at = 1; at < 200; at += 13) {
        struct smp_update_options options = {.size = sizeof(options), .goal = SMP_UPDATE_CONFIRMED};
        const struct smp_update_report *report;

        rig_start(&rig);
        hook_all();
        left = at;
        int error = update(&options, &report);
        bool good = error == SMP_OK && report->state == SMP_UPDATE_CONFIRMED;
        /* A reset during the trial ends it, as it should: then the second run does it. */
        cr_expect(good || error == SMP_ERR_NOT_STARTED, "%u: %.*s", at, (int)report->text.len,
                  report->text.data);
        if (!good) {
            cr_expect_eq(update(&options, &report), SMP_OK, "%u: %.*s", at, (int)report->text.len,
                         report->text.data);
        }
        cr_expect_not_null(strstr(rig_list(&rig), "0:1.1.0 active confirmed"), "%u: %s", at,
                           rig_list(&rig));
        rig_end(&rig);
        setup();
    }
    rig_start(&rig);
}

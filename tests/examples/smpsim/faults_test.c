/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that restarts at a request, and one whose power goes at each write to
 * its flash in an update.  It must come back by itself, be in a state that MCUboot allows, and let
 * the update come to its end, and another one after it.
 */
#include "rig.h"

static struct rig rig;
static struct blob old_image, new_image;

static void start(void)
{
    rig_init(&rig);
    blob_read(&old_image, APP_100);
    blob_read(&new_image, APP_110);
}

static void stop(void)
{
    rig_end(&rig);
}

TestSuite(faults, .init = start, .fini = stop);

/* ---- restarts ---- */

Test(faults, restart_at_a_request)
{
    rig.device_options.faults.restart_at = 3;
    rig_start(&rig);
    cr_expect(rig_alive(&rig));
    cr_expect(rig_alive(&rig));
    cr_expect_not(rig_alive(&rig), "it restarts instead of an answer");
    cr_expect(rig_told(&rig, "restarts at request 3"));
    rig_sleep(&rig, 500);
    cr_expect_not(rig_alive(&rig), "it boots");
    rig_sleep(&rig, 600);
    cr_expect(rig_alive(&rig), "and is back, for good");
    cr_expect(rig_alive(&rig));
}

Test(faults, what_the_request_wanted_is_not_done)
{
    rig.device_options.faults.restart_at = 2;
    rig_start(&rig);
    cr_expect(rig_alive(&rig));
    cr_expect_eq(rig_call(&rig, SMP_GROUP_IMG, 5, SMP_OP_WRITE, NULL)->error, SMP_ERR_TIMEOUT);
    cr_expect_not(rig_told(&rig, "erased"));
}

/* The device forgets an upload; the client begins anew. */
Test(faults, an_upload_lives_through_a_restart_at_any_request)
{
    for (uint64_t at = 1; at < 12; at++) {
        rig.device_options.faults.restart_at = at;
        rig_start(&rig);
        cr_expect_eq(rig_upload(&rig, &new_image), SMP_OK, "restart at %u", (unsigned)at);
        cr_expect_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.1.0");
        cr_expect_eq(rig_call(&rig, SMP_GROUP_IMG, 5, SMP_OP_WRITE, NULL)->error, SMP_OK);
        rig_stop(&rig);
        rig.events[0] = '\0';
    }
    rig_start(&rig); /* for the end */
}

/* ---- power cuts ---- */

/* The list as a careful updater asks for it: until the device answers. */
static const char *look(void)
{
    for (int i = 0; !rig_alive(&rig); i++) {
        cr_assert_lt(i, 50, "it never came back");
        rig_sleep(&rig, 100);
    }
    return rig_list(&rig);
}

/* What runs is whole, and what the trailers say is a state of MCUboot's. */
static void expect_allowed(const char *list, uint64_t cut)
{
    struct sim_boot_pair *pair = &rig.device->pairs[0];
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    enum smp_mcuboot_swap swap;

    cr_assert_eq(sim_boot_image(&pair->primary, true, &image), SMP_OK, "cut at %u: %s",
                 (unsigned)cut, list);
    cr_assert(image.hash_good);
    cr_assert_eq(sim_boot_swap_type(pair, &swap), SMP_OK);
    cr_assert(swap == SMP_MCUBOOT_SWAP_NONE || swap == SMP_MCUBOOT_SWAP_TEST ||
                  swap == SMP_MCUBOOT_SWAP_PERM || swap == SMP_MCUBOOT_SWAP_REVERT,
              "cut at %u: swap type %d", (unsigned)cut, (int)swap);
    if (swap != SMP_MCUBOOT_SWAP_NONE) /* whatever is to come next is whole, too */
        cr_assert(sim_boot_image(&pair->secondary, true, &image) == SMP_OK && image.hash_good,
                  "cut at %u: %s", (unsigned)cut, list);
}

static bool starts_with(const char *text, const char *start_of_it)
{
    return strncmp(text, start_of_it, strlen(start_of_it)) == 0;
}

/* Upload, test, reset, confirm: each step as the list says, until `to` runs for good. */
static void update(const struct blob *to, const char *version, uint64_t cut)
{
    char trial[32], good[32];

    snprintf(trial, sizeof(trial), "0:%s active;", version);
    snprintf(good, sizeof(good), "0:%s active confirmed", version);
    for (int steps = 0;; steps++) {
        const char *list = look();

        expect_allowed(list, cut);
        cr_assert_lt(steps, 12, "cut at %u: still %s", (unsigned)cut, list);
        if (starts_with(list, good)) {
            return;
        } else if (starts_with(list, trial)) {
            rig_call(
                &rig, SMP_GROUP_IMG, 0, SMP_OP_WRITE,
                &(struct smp_img_state_write_req){.size = sizeof(struct smp_img_state_write_req),
                                                  .has_confirm = true,
                                                  .confirm = true});
        } else if (strstr(list, "pending") != NULL) {
            rig_call(&rig, SMP_GROUP_OS, 5, SMP_OP_WRITE, NULL);
            rig_sleep(&rig, SIM_RESET_DELAY_MS + rig.device_options.boot_ms + 1);
        } else if (rig_upload(&rig, to) == SMP_OK) {
            look();
            rig_call(
                &rig, SMP_GROUP_IMG, 0, SMP_OP_WRITE,
                &(struct smp_img_state_write_req){.size = sizeof(struct smp_img_state_write_req),
                                                  .has_hash = true,
                                                  .hash = {to->hash, 32}});
        }
    }
}

/* Returns whether the power went at all. */
static bool update_with_cut(uint64_t cut, uint64_t seed)
{
    bool happened;

    rig.device_options.faults.power_cut_at = cut;
    rig.device_options.faults.seed = seed;
    rig.events[0] = '\0';
    rig_start(&rig);
    update(&new_image, "1.1.0", cut);
    happened = rig_told(&rig, "the power is cut");
    if (happened) { /* all is well again: the next update works */
        update(&old_image, "1.0.0", cut);
        cr_assert_str_eq(rig_list(&rig), "0:1.0.0 active confirmed; 1:1.1.0");
    }
    return happened;
}

static void start_anew(void)
{
    rig_end(&rig);
    rig_init(&rig);
}

/* How many writes it takes, seen on the way. */
static unsigned cut_everywhere(uint64_t seed)
{
    unsigned cuts = 0;

    while (update_with_cut(cuts + 1, seed)) {
        cuts++;
        start_anew();
    }
    return cuts;
}

Test(faults, power_cut_at_every_write_of_an_update)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        unsigned cuts = cut_everywhere(seed);

        cr_expect_gt(cuts, 60, "only %u cuts: upload, request, swap and confirm take more", cuts);
        start_anew();
    }
    rig_start(&rig);
}

Test(faults, power_cut_in_the_middle_of_the_boot)
{
    bool swapping = false;

    for (uint64_t cut = 20; !swapping; cut++) {
        cr_assert(update_with_cut(cut, 1));
        /* No request is under way: the boot loader itself finishes what it began. */
        const char *resets = strstr(rig.events, "resets\nthe power is cut");
        if (resets != NULL) {
            swapping = true;
            cr_expect(strstr(resets, "boots 1.1.0 from slot 0") != NULL ||
                          strstr(resets, "boots 1.0.0 from slot 0") != NULL,
                      "%s", rig.events);
        }
        start_anew();
    }
    rig_start(&rig);
}

/* ---- serial recovery: one slot, so a cut leaves no image, but never a dead device ---- */

static void enter_recovery(void)
{
    const struct smp_os_reset_req req = {
        .size = sizeof(req), .has_boot_mode = true, .boot_mode = SMP_OS_BOOT_RECOVERY};

    rig_call(&rig, SMP_GROUP_OS, 5, SMP_OP_WRITE, &req);
    rig_sleep(&rig, SIM_RESET_DELAY_MS + rig.device_options.boot_ms + 1);
}

/* Returns whether it got to the end. */
static bool write_in_recovery(void)
{
    const struct smp_update_options options = {.size = sizeof(options), .recovery = true};
    const struct smp_result *result = NULL;
    struct smp_source source;
    smp_id id = 0;

    smp_source_memory(&source, new_image.data, new_image.len);
    cr_assert_eq(smp_update_start(rig.session, &source, &options, NULL, NULL, &id), SMP_OK);
    cr_assert_eq(smp_wait(rig.session, id, &result), SMP_OK);
    return result->error == SMP_OK;
}

static bool recovered_from_cut(uint64_t cut)
{
    rig.device_options.profile = sim_profile_find("mcuboot");
    rig.device_options.faults.power_cut_at = cut;
    rig.device_options.faults.seed = cut;
    rig.events[0] = '\0';
    rig_start(&rig);
    for (int tries = 0; !write_in_recovery(); tries++) {
        cr_assert_lt(tries, 5, "cut at %u: %s", (unsigned)cut, rig.events);
        rig_sleep(&rig, 3000);
        if (rig_alive(&rig)) /* the old image was not touched yet */
            enter_recovery();
    }
    rig_sleep(&rig, 3000);
    cr_assert(starts_with(look(), "0:1.1.0 active confirmed"), "cut at %u: %s", (unsigned)cut,
              rig.events);
    return rig_told(&rig, "the power is cut");
}

Test(faults, power_cut_at_every_write_of_a_recovery)
{
    uint64_t cuts = 0;

    while (recovered_from_cut(cuts + 1)) {
        cuts++;
        start_anew();
    }
    cr_expect_gt(cuts, 20u, "only %u cuts", (unsigned)cuts);
}

/* ---- which faults are the links' ---- */

Test(faults, of_links_or_of_the_device)
{
    struct smp_faults faults = {
        .size = sizeof(faults), .seed = 1, .burst = 2, .restart_at = 1, .power_cut_at = 1};

    rig_start(&rig);
    cr_expect_not(sim_faults_of_links(&faults));
    faults.bytes_per_s = 1;
    cr_expect(sim_faults_of_links(&faults));
}

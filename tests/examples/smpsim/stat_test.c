/* SPDX-License-Identifier: Apache-2.0 */
/* Group statistics. */
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

TestSuite(stat, .init = setup, .fini = teardown);

static const struct smp_result *read_section(const char *name)
{
    struct smp_stat_read_req req = {.size = sizeof(req), .name = sim_str(name)};

    return rig_call(&rig, SMP_GROUP_STAT, 0, SMP_OP_READ, &req);
}

static uint64_t counter(const char *section, const char *name)
{
    const struct smp_stat_read_rsp *rsp = read_section(section)->rsp;

    cr_assert(rsp != NULL, "no section %s", section);
    for (size_t i = 0; i < rsp->n_fields; i++) {
        if (sim_str_is(rsp->fields[i]->name, name))
            return rsp->fields[i]->value;
    }
    cr_assert_fail("no counter %s", name);
    return 0;
}

Test(stat, every_section_of_the_list_can_be_read)
{
    const struct smp_stat_list_rsp *rsp;
    char names[8][32];
    size_t count;

    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_STAT, 1, SMP_OP_READ, NULL)->rsp;
    count = rsp->n_names;
    cr_assert(count >= 4 && count <= 8);
    for (size_t i = 0; i < count; i++)
        snprintf(names[i], sizeof(names[i]), "%.*s", (int)rsp->names[i].len, rsp->names[i].data);
    for (size_t i = 0; i < count; i++) {
        const struct smp_stat_read_rsp *section = read_section(names[i])->rsp;

        cr_assert(section != NULL && section->n_fields > 0, "%s", names[i]);
        cr_assert(sim_str_is(section->name, names[i]));
        cr_assert_not(section->has_group);
    }
}

Test(stat, counters_move)
{
    uint64_t requests, erases;

    rig_start(&rig);
    rig_sleep(&rig, 2500);
    cr_assert_eq(counter("smp_svr_stats", "ticks"), 2);
    requests = counter("smp", "requests");
    cr_assert_eq(counter("smp", "requests"), requests + 1);
    erases = counter("flash_sim_stats", "flash_erase_calls");
    struct blob app;
    blob_read(&app, APP_110);
    cr_assert_eq(rig_upload(&rig, &app), SMP_OK);
    cr_assert_gt(counter("flash_sim_stats", "flash_write_calls"), 0);
    cr_assert_geq(counter("flash_sim_stats", "flash_erase_calls"), erases);
    rig_reset(&rig);
    cr_assert_eq(counter("smp_svr_stats", "ticks"), 0, "they begin again at a boot");
}

Test(stat, counters_of_64_bits_are_cut_by_zephyr_only)
{
    rig_start(&rig);
    cr_assert_eq(counter("wide", "pattern"), 0x55667788u);
    rig_sleep(&rig, 5000);
    cr_assert_leq(counter("wide", "uptime_ns"), UINT32_MAX);
    rig_stop(&rig);
    rig.device_options.profile = sim_profile_find("mynewt");
    rig_start(&rig);
    cr_assert_eq(counter("wide", "pattern"), UINT64_C(0x1122334455667788));
    rig_sleep(&rig, 5000);
    cr_assert_gt(counter("wide", "uptime_ns"), UINT32_MAX);
    const struct smp_stat_read_rsp *rsp = read_section("wide")->rsp;
    cr_assert(rsp->has_group && sim_str_is(rsp->group, "sys"));
}

Test(stat, an_unknown_section)
{
    rig_start(&rig);
    cr_assert_eq(rig_rc(read_section("nope")), SMP_STAT_RC_INVALID_STAT_NAME);
    cr_assert_eq(rig_rc(read_section("")), SMP_STAT_RC_INVALID_STAT_NAME);
    cr_assert_eq(rig_rc(read_section("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn")), -SMP_RC_INVALID);
}

/* 3.4 answers a v1 client with the header of another answer, which is as good as none. */
Test(stat, an_unknown_section_is_silence_to_v1_on_3_4)
{
    rig.device_options.profile = sim_profile_find("zephyr-3.4");
    rig.session_options.v1 = true;
    rig_start(&rig);
    cr_assert_eq(read_section("nope")->error, SMP_ERR_TIMEOUT);
    cr_assert_eq(read_section("smp")->error, SMP_OK);
}

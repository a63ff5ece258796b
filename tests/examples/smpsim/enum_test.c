/* SPDX-License-Identifier: Apache-2.0 */
/* Group enumeration, and which groups a device has. */
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

TestSuite(enumeration, .init = setup, .fini = teardown);

/* The list as text, such as "10 8 1". */
static const char *list(void)
{
    static char text[128];
    const struct smp_enum_list_rsp *rsp = rig_call(&rig, SMP_GROUP_ENUM, 1, SMP_OP_READ, NULL)->rsp;
    size_t used = 0;

    cr_assert(rsp != NULL);
    text[0] = '\0';
    for (size_t i = 0; i < rsp->n_groups; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u", i > 0 ? " " : "",
                                 rsp->groups[i]);
    return text;
}

/* Whether the server has any command of the group, asked by all of them. */
static bool answers(uint16_t number)
{
    const struct smp_group *group = smp_group_find(rig.loop, number);

    for (size_t i = 0; i < smp_group_commands(group); i++) {
        const struct smp_command *command = smp_group_command(group, i);
        const struct smp_result *result;

        if (number == SMP_GROUP_OS && smp_command_id(command) == 5)
            continue; /* a reset */
        result = rig_raw(&rig, number, smp_command_id(command), smp_command_op(command), "\xa0", 1);
        if (result->error == SMP_OK || result->rc != SMP_RC_NOT_SUPPORTED || result->from_group)
            return true;
    }
    return false;
}

Test(enumeration, lists_what_there_is)
{
    const struct smp_enum_count_rsp *count;

    rig_start(&rig);
    cr_assert_str_eq(list(), "10 8 1 0 3 9 2 63");
    count = rig_call(&rig, SMP_GROUP_ENUM, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(count->count, 8);
}

Test(enumeration, groups_can_be_switched_on_and_off)
{
    static const uint16_t all[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 63, 66, 128};
    static const uint16_t have[] = {10, 8, 1, 0, 3, 2, 63, 11, 128};

    rig.device_options.with = SIM_GROUP_TRANSPORT | SIM_GROUP_MEMFAULT;
    rig.device_options.without = SIM_GROUP_SHELL;
    rig_start(&rig);
    cr_assert_str_eq(list(), "10 8 1 0 3 2 63 11 128");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        bool listed = false;

        for (size_t k = 0; k < sizeof(have) / sizeof(have[0]); k++)
            listed = listed || have[k] == all[i];
        cr_assert_eq(answers(all[i]), listed, "group %u", all[i]);
    }
}

Test(enumeration, one_at_a_time)
{
    struct smp_enum_single_req req = {.size = sizeof(req)};
    const struct smp_enum_single_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_ENUM, 2, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp->group == 10 && !rsp->has_end);
    req.has_index = true;
    req.index = 7;
    rsp = rig_call(&rig, SMP_GROUP_ENUM, 2, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp->group == 63 && rsp->has_end && rsp->end);
    req.index = 8;
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_ENUM, 2, SMP_OP_READ, &req)),
                 SMP_ENUM_RC_INDEX_TOO_LARGE);
    req.index = 65536;
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_ENUM, 2, SMP_OP_READ, &req)), -SMP_RC_INVALID);
}

Test(enumeration, details_of_all_or_some)
{
    uint16_t wanted[17] = {0, 1, 500, 0};
    struct smp_enum_details_req req = {.size = sizeof(req)};
    const struct smp_enum_details_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_ENUM, 3, SMP_OP_READ, &req)->rsp;
    cr_assert_eq(rsp->n_groups, 8);
    cr_assert(rsp->groups[1]->group == 8 && rsp->groups[1]->handlers == 5);
    cr_assert(sim_str_is(rsp->groups[7]->name, "zephyr basic mgmt"));
    req.n_groups = 4;
    req.groups = wanted;
    rsp = rig_call(&rig, SMP_GROUP_ENUM, 3, SMP_OP_READ, &req)->rsp;
    cr_assert_eq(rsp->n_groups, 2, "each once, and only those there are");
    cr_assert(rsp->groups[0]->group == 1 && rsp->groups[0]->handlers == 7);
    cr_assert(rsp->groups[1]->group == 0 && rsp->groups[1]->handlers == 9);
    req.n_groups = 17;
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_ENUM, 3, SMP_OP_READ, &req)),
                 SMP_ENUM_RC_TOO_MANY_GROUP_ENTRIES);
}

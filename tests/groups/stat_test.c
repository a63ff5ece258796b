/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics: typed calls to a server by the same tables.  Bytes: tests/vectors/stat.jsonl. */
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

TestSuite(stat, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_STAT, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(stat, read)
{
    static const struct smp_stat_counter rx = {.size = sizeof(rx), .name = STR("rx"), .value = 3};
    static const struct smp_stat_counter tx = {
        .size = sizeof(tx), .name = STR("tx"), .value = UINT64_MAX};
    static const struct smp_stat_counter *const fields[] = {&rx, &tx};
    const struct smp_stat_read_rsp rsp = {
        .size = sizeof(rsp), .has_name = true, .name = STR("smp"), .n_fields = 2, .fields = fields};
    const struct smp_stat_read_req req = {.size = sizeof(req), .name = STR("smp")};

    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_stat_read(duet.session, &req, WITH), SMP_OK);
    const struct smp_stat_read_rsp *got = duet_answer(&duet, "a1 646e616d65 63736d70");
    cr_assert(is(got->name, "smp"));
    cr_assert_eq(got->n_fields, 2);
    cr_assert(is(got->fields[1]->name, "tx"));
    cr_assert_eq(got->fields[1]->value, UINT64_MAX);
    cr_assert_not(got->has_group);
}

Test(stat, list)
{
    static const struct smp_str names[] = {STR("a"), STR("bc")};
    const struct smp_stat_list_rsp rsp = {.size = sizeof(rsp), .n_names = 2, .names = names};

    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_stat_list(duet.session, WITH), SMP_OK);
    const struct smp_stat_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_names, 2);
    cr_assert(is(got->names[1], "bc"));
}

/* To v1 Zephyr 3.4 says nothing valid about a section it does not know. */
Test(stat, a_device_that_says_nothing)
{
    const struct smp_stat_read_req req = {.size = sizeof(req), .name = STR("nope")};
    char text[256];
    smp_server_power(duet.server, false);
    cr_assert_eq(smp_stat_read(duet.session, &req, WITH), SMP_OK);
    const struct smp_result *result = duet_result(&duet);
    cr_assert_eq(result->error, SMP_ERR_TIMEOUT);
    smp_result_text(duet.world.loop, result, text, sizeof(text));
    cr_assert(strstr(text, "; list the sections first"), "%s", text);
}

Test(stat, a_device_without_it)
{
    char text[256];
    cr_assert_eq(smp_stat_list(duet.session, WITH), SMP_OK);
    smp_result_text(duet.world.loop, duet_result(&duet), text, sizeof(text));
    cr_assert(strstr(text, "it needs CONFIG_MCUMGR_GRP_STAT in the firmware"), "%s", text);
}

Test(stat, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},           {2, 5, "INVALID_GROUP"}, {3, 5, "INVALID_STAT_NAME"},
        {4, 3, "INVALID_STAT_SIZE"}, {5, 1, "WALK_ABORTED"},
    };
    duet_codes(SMP_GROUP_STAT, 1, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

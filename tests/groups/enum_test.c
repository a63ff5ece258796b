/* SPDX-License-Identifier: Apache-2.0 */
/* Enumeration: typed calls to a server by the same tables.  Bytes: tests/vectors/enum.jsonl. */
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

TestSuite(enum, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_ENUM, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(enum, count)
{
    const struct smp_enum_count_rsp rsp = {.size = sizeof(rsp), .count = 8};
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_enum_count(duet.session, WITH), SMP_OK);
    const struct smp_enum_count_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->count, 8);
}

Test(enum, list)
{
    static const uint16_t groups[] = {10, 0, 65535};
    const struct smp_enum_list_rsp rsp = {.size = sizeof(rsp), .n_groups = 3, .groups = groups};
    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_enum_list(duet.session, WITH), SMP_OK);
    const struct smp_enum_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_groups, 3);
    cr_assert_arr_eq(got->groups, groups, sizeof(groups));
}

Test(enum, single)
{
    const struct smp_enum_single_rsp rsp = {
        .size = sizeof(rsp), .group = 63, .has_end = true, .end = true};
    const struct smp_enum_single_req req = {.size = sizeof(req), .has_index = true, .index = 7};
    SERVE(2, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_enum_single(duet.session, &req, WITH), SMP_OK);
    const struct smp_enum_single_rsp *got = duet_answer(&duet, "a1 65696e646578 07");
    cr_assert_eq(got->group, 63);
    cr_assert(got->end);
}

static const struct smp_enum_group os = {.size = sizeof(os),
                                         .has_name = true,
                                         .name = STR("os mgmt"),
                                         .has_handlers = true,
                                         .handlers = 9};
static const struct smp_enum_group *const all[] = {&os};
static const struct smp_enum_details_rsp details = {
    .size = sizeof(details), .n_groups = 1, .groups = all};

Test(enum, details)
{
    static const uint16_t wanted[] = {0, 70};
    const struct smp_enum_details_req req = {.size = sizeof(req), .n_groups = 2, .groups = wanted};
    SERVE(3, SMP_OP_READ, &details);
    cr_assert_eq(smp_enum_details(duet.session, &req, WITH), SMP_OK);
    const struct smp_enum_details_rsp *got = duet_answer(&duet, "a1 6667726f757073 82 00 1846");
    cr_assert_eq(got->n_groups, 1);
    cr_assert_eq(got->groups[0]->group, 0);
    cr_assert(is(got->groups[0]->name, "os mgmt"));
    cr_assert_eq(got->groups[0]->handlers, 9);
}

Test(enum, details_of_all)
{
    SERVE(3, SMP_OP_READ, &details);
    cr_assert_eq(smp_enum_details(duet.session, NULL, WITH), SMP_OK);
    duet_answer(&duet, "a0");
}

Test(enum, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 3, "TOO_MANY_GROUP_ENTRIES"},
        {3, 1, "INSUFFICIENT_HEAP_FOR_ENTRIES"},
        {4, 1, "INDEX_TOO_LARGE"},
    };
    duet_codes(SMP_GROUP_ENUM, 0, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

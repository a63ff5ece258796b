/* SPDX-License-Identifier: Apache-2.0 */
/* Mynewt's tests: typed calls to a server by the same tables.  Bytes: tests/vectors/run.jsonl. */
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

TestSuite(run, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_RUN, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(run, test)
{
    const struct smp_run_test_req req = {
        .size = sizeof(req), .testname = STR("all"), .has_token = true, .token = STR("7")};
    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_run_test(duet.session, &req, WITH), SMP_OK);
    duet_answer(&duet, "a2 68746573746e616d65 63616c6c 65746f6b656e 6137");
}

Test(run, list)
{
    static const struct smp_str tests[] = {STR("crypto"), STR("flash")};
    const struct smp_run_list_rsp rsp = {.size = sizeof(rsp), .n_tests = 2, .tests = tests};
    SERVE(1, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_run_list(duet.session, WITH), SMP_OK);
    const struct smp_run_list_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_tests, 2);
    cr_assert(is(got->tests[1], "flash"));
}

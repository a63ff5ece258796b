/* SPDX-License-Identifier: Apache-2.0 */
/* The shell, and where an exit code ends and a refusal begins: typed calls to a server by the same tables.  Bytes: tests/vectors/shell.jsonl. */
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

TestSuite(shell, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_SHELL, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

static const struct smp_str argv[] = {STR("kernel"), STR("version")};
static const struct smp_shell_exec_req req = {.size = sizeof(req), .n_argv = 2, .argv = argv};
static const char *const asked = "a1 6461726776 82 666b65726e656c 6776657273696f6e";

Test(shell, exec)
{
    const struct smp_shell_exec_rsp rsp = {
        .size = sizeof(rsp), .output = STR("hi"), .has_ret = true, .ret = -8};
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    const struct smp_shell_exec_rsp *got = duet_answer(&duet, asked);
    cr_assert(is(got->output, "hi"));
    cr_assert_eq(smp_shell_exit_code(got), -8);
    cr_assert_not(got->has_rc);
}

/* What runs may do anything: it is not run twice. */
Test(shell, exec_is_not_repeated)
{
    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_server_power(duet.server, false);
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    cr_assert_eq(duet_result(&duet)->error, SMP_ERR_TIMEOUT);
    smp_session_get_stats(duet.session, &stats);
    cr_assert_eq(stats.repeated, 0);
}

/* A server from before `ret`: the exit code is the one `rc` there is. */
Test(shell, exit_code_in_rc)
{
    const struct smp_server_options old = {.size = sizeof(old), .v1_only = true, .rc_always = true};
    const struct smp_shell_exec_rsp rsp = {
        .size = sizeof(rsp), .output = STR(""), .has_rc = true, .rc = 7};
    duet_close(&duet);
    duet_open(&duet, &old, false);
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    const struct smp_shell_exec_rsp *got = duet_answer(&duet, asked);
    cr_assert_eq(smp_shell_exit_code(got), 7);
    cr_assert_not(got->has_ret);
}

/* One that says `rc: 0` to all success beside it. */
Test(shell, rc_beside_ret)
{
    const struct smp_shell_exec_rsp rsp = {
        .size = sizeof(rsp), .output = STR(""), .has_ret = true, .ret = 7, .has_rc = true};
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    const struct smp_shell_exec_rsp *got = duet_answer(&duet, asked);
    cr_assert_eq(smp_shell_exit_code(got), 7);
    cr_assert(got->has_rc);
}

Test(shell, refused)
{
    duet.rc = SMP_SHELL_RC_EMPTY_COMMAND;
    SERVE(0, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    const struct smp_result *result = duet_result(&duet);
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert(result->from_group);
    cr_assert_eq(result->rc, SMP_SHELL_RC_EMPTY_COMMAND);
}

Test(shell, not_there)
{
    cr_assert_eq(smp_shell_exec(duet.session, &req, WITH), SMP_OK);
    const struct smp_result *result = duet_result(&duet);
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert_not(result->from_group);
    cr_assert_eq(result->rc, SMP_RC_NOT_SUPPORTED);
}

Test(shell, no_exit_code_at_all)
{
    const struct smp_shell_exec_rsp rsp = {.size = sizeof(rsp)};
    cr_assert_eq(smp_shell_exit_code(&rsp), 0);
}

Test(shell, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 3, "COMMAND_TOO_LONG"},
        {3, 3, "EMPTY_COMMAND"},
    };
    duet_codes(SMP_GROUP_SHELL, 0, SMP_OP_WRITE, &req, codes, sizeof(codes) / sizeof(codes[0]));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Group shell: output and exit codes as recorded with Zephyr. */
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

TestSuite(shell, .init = setup, .fini = teardown);

/* Runs words, cut at the spaces, and gives the result. */
static const struct smp_result *run(const char *line)
{
    static char copy[1024];
    struct smp_str argv[64];
    struct smp_shell_exec_req req = {.size = sizeof(req), .argv = argv};

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        argv[req.n_argv++] = sim_str(word);
    return rig_call(&rig, SMP_GROUP_SHELL, 0, SMP_OP_WRITE, &req);
}

static void expect(const char *line, const char *output, int64_t code)
{
    const struct smp_result *result = run(line);
    const struct smp_shell_exec_rsp *rsp = result->rsp;

    cr_assert_eq(result->error, SMP_OK, "%s: %s", line, smp_error_name(result->error));
    cr_assert_eq(smp_shell_exit_code(rsp), code, "%s: %lld", line,
                 (long long)smp_shell_exit_code(rsp));
    cr_assert(sim_str_is(rsp->output, output), "%s: %.*s", line, (int)rsp->output.len,
              rsp->output.data);
}

static bool prints(const char *line, const char *part)
{
    const struct smp_shell_exec_rsp *rsp = run(line)->rsp;
    char text[4096];

    snprintf(text, sizeof(text), "%.*s", (int)rsp->output.len, rsp->output.data);
    return strstr(text, part) != NULL;
}

Test(shell, runs_commands)
{
    rig_start(&rig);
    expect("kernel version", "\r\nZephyr version 4.4.0\r\n", 0);
    expect("version", "\r\nZephyr version 4.4.0\r\n", 0);
    rig_sleep(&rig, 1234);
    expect("kernel uptime", "\r\nUptime: 1234 ms\r\n", 0);
    expect("echo a  b c", "\r\na b c\r\n", 0);
    cr_assert(prints("help", "kernel"));
    cr_assert(prints("kernel threads", "mcumgr smp"));
    cr_assert(prints("kernel", "Subcommands:"));
}

Test(shell, exit_codes_are_not_errors)
{
    rig_start(&rig);
    expect("nope", "\r\n\x1b[1;31mnope: command not found\r\n\x1b[m", -8);
    expect("fail 7", "\r\n\x1b[1;31mfailed as told: 7\r\n\x1b[m", 7);
    expect("fail -5", "\r\n\x1b[1;31mfailed as told: -5\r\n\x1b[m", -5);
    expect("fail", "\r\n\x1b[1;31mfailed as told: 1\r\n\x1b[m", 1);
    expect("kernel x x x x x x x x x x x x x x x x x x x x x x x x",
           "\r\n\x1b[1;31mToo many arguments in the command.\r\n\r\n\x1b[m", -8);
}

Test(shell, lines_that_are_none)
{
    struct smp_str empty = {"", 0};
    struct smp_shell_exec_req req = {.size = sizeof(req), .n_argv = 1, .argv = &empty};
    const struct smp_shell_exec_rsp *rsp;
    char line[300] = "";

    rig_start(&rig);
    cr_assert_eq(rig_rc(run("")), SMP_SHELL_RC_EMPTY_COMMAND);
    rsp = rig_call(&rig, SMP_GROUP_SHELL, 0, SMP_OP_WRITE, &req)->rsp;
    cr_assert(sim_str_is(rsp->output, "\r\n") && rsp->ret == -8);
    memset(line, 'a', 256);
    cr_assert_eq(rig_rc(run(line)), SMP_SHELL_RC_COMMAND_TOO_LONG);
    line[255] = '\0';
    cr_assert_eq(run(line)->error, SMP_OK);
}

Test(shell, output_is_cut_without_a_mark)
{
    char line[256] = "echo ";
    const struct smp_shell_exec_rsp *rsp;

    memset(line + 5, 'x', 250);
    rig.device_options.profile = sim_profile_find("zephyr-3.2");
    rig_start(&rig);
    rsp = run(line)->rsp;
    cr_assert_eq(rsp->output.len, 2 + 250 + 2);
    rsp = run("kernel threads")->rsp;
    cr_assert_eq(rsp->output.len, 256);
}

Test(shell, servers_before_3_3_tell_the_exit_code_as_rc)
{
    const struct smp_shell_exec_rsp *rsp;

    rig.device_options.profile = sim_profile_find("zephyr-3.2");
    rig_start(&rig);
    rsp = run("fail 7")->rsp;
    cr_assert(rsp->has_rc && rsp->rc == 7 && !rsp->has_ret);
    expect("fail 7", "\r\n\x1b[1;31mfailed as told: 7\r\n\x1b[m", 7);
    expect("version", "\r\nZephyr version 3.2.0\r\n", 0);
    cr_assert_eq(rig_rc(run("")), -SMP_RC_INVALID);
}

Test(shell, a_command_that_waits_holds_everything_up)
{
    rig_start(&rig);
    cr_assert_eq(run("kernel sleep 5000")->error, SMP_ERR_TIMEOUT);
    cr_assert_not(rig_alive(&rig));
    rig_sleep(&rig, 5000);
    cr_assert(rig_alive(&rig));
    rig.session_options.timeout_ms = 2000;
    smp_session_free(rig.session);
    cr_assert_eq(smp_session_new(rig.near, &rig.session_options, &rig.session), SMP_OK);
    expect("kernel sleep 1000", "\r\n", 0);
}

Test(shell, a_reset_ends_a_command_that_waits)
{
    rig_start(&rig);
    cr_assert_eq(run("kernel sleep 900")->error, SMP_ERR_TIMEOUT);
    rig_stop(&rig); /* frees it as well */
    rig_start(&rig);
    cr_assert_eq(run("kernel reboot")->error, SMP_ERR_TIMEOUT, "there is no answer");
    rig_sleep(&rig, rig.device_options.boot_ms);
    cr_assert(rig_alive(&rig));
    cr_assert(rig_told(&rig, "resets\n"));
}

Test(shell, what_is_echoed_cannot_grow)
{
    char line[256] = "echo ";

    memset(line + 5, '%', 250);
    rig_start(&rig);
    cr_assert(prints(line, "%%%%%%%%%%"));
}

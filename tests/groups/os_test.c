/* SPDX-License-Identifier: Apache-2.0 */
/* OS: typed calls to a server by the same tables.  Bytes: tests/vectors/os.jsonl. */
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

TestSuite(os, .init = set_up, .fini = tear_down);

#define SERVE(id, op, answer) duet_serve(&duet, SMP_GROUP_OS, id, op, answer)
#define WITH NULL, NULL, &duet.id

static bool is(struct smp_str text, const char *expected)
{
    return text.len == strlen(expected) && memcmp(text.data, expected, text.len) == 0;
}

Test(os, echo)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = STR("hi")};
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = STR("hi")};
    SERVE(0, SMP_OP_WRITE, &rsp);
    cr_assert_eq(smp_os_echo(duet.session, &req, WITH), SMP_OK);
    const struct smp_os_echo_rsp *got = duet_answer(&duet, "a1 6164 626869");
    cr_assert(is(got->text, "hi"));
}

/* By the other op there is no call of its own. */
Test(os, echo_read)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = STR("hi")};
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = STR("hi")};
    const struct smp_command *command =
        smp_command_find(duet.world.loop, SMP_GROUP_OS, 0, SMP_OP_READ);
    SERVE(0, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_session_call(duet.session, command, &req, WITH), SMP_OK);
    const struct smp_os_echo_rsp *got = duet_answer(&duet, "a1 6164 626869");
    cr_assert(is(got->text, "hi"));
}

Test(os, console_echo)
{
    const struct smp_os_console_echo_req req = {.size = sizeof(req), .echo = 1};
    SERVE(1, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_os_console_echo(duet.session, &req, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a1 646563686f 01"));
}

Test(os, task_stats)
{
    static const struct smp_os_task idle = {.size = sizeof(idle),
                                            .name = STR("idle"),
                                            .has_priority = true,
                                            .priority = -1,
                                            .has_stack_used = true,
                                            .stack_used = 26,
                                            .has_stack_size = true,
                                            .stack_size = 64};
    static const struct smp_os_task main_task = {
        .size = sizeof(main_task), .name = STR("main"), .has_runtime = true, .runtime = UINT64_MAX};
    static const struct smp_os_task *const tasks[] = {&idle, &main_task};
    const struct smp_os_task_stats_rsp rsp = {.size = sizeof(rsp), .n_tasks = 2, .tasks = tasks};
    SERVE(2, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_task_stats(duet.session, WITH), SMP_OK);
    const struct smp_os_task_stats_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_tasks, 2);
    cr_assert(is(got->tasks[0]->name, "idle"));
    cr_assert_eq(got->tasks[0]->priority, -1);
    cr_assert_eq(got->tasks[0]->stack_used, 26);
    cr_assert_not(got->tasks[0]->has_runtime);
    cr_assert(is(got->tasks[1]->name, "main"));
    cr_assert_eq(got->tasks[1]->runtime, UINT64_MAX);
    cr_assert_not(got->tasks[1]->has_priority);
}

Test(os, memory_pools)
{
    static const struct smp_os_memory_pool pool = {.size = sizeof(pool),
                                                   .name = STR("heap"),
                                                   .has_blocks = true,
                                                   .blocks = 2048,
                                                   .has_free_blocks = true,
                                                   .free_blocks = 100,
                                                   .has_min_free = true,
                                                   .min_free = 7};
    static const struct smp_os_memory_pool *const pools[] = {&pool};
    const struct smp_os_memory_pools_rsp rsp = {.size = sizeof(rsp), .n_pools = 1, .pools = pools};
    SERVE(3, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_memory_pools(duet.session, WITH), SMP_OK);
    const struct smp_os_memory_pools_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->n_pools, 1);
    cr_assert(is(got->pools[0]->name, "heap"));
    cr_assert_eq(got->pools[0]->blocks, 2048);
    cr_assert_eq(got->pools[0]->min_free, 7);
    cr_assert_not(got->pools[0]->has_block_size, "absent is not 0: it means 1");
}

Test(os, datetime_read)
{
    const struct smp_os_datetime rsp = {.size = sizeof(rsp),
                                        .datetime = STR("2026-11-21T07:37:00")};
    SERVE(4, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_datetime_read(duet.session, WITH), SMP_OK);
    const struct smp_os_datetime *got = duet_answer(&duet, "a0");
    cr_assert(is(got->datetime, "2026-11-21T07:37:00"));
}

Test(os, datetime_write)
{
    const struct smp_os_datetime req = {.size = sizeof(req), .datetime = STR("2026")};
    SERVE(4, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_os_datetime_write(duet.session, &req, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a1 686461746574696d65 6432303236"));
}

Test(os, reset)
{
    SERVE(5, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_os_reset(duet.session, NULL, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a0"));
}

Test(os, reset_into_the_boot_loader_by_force)
{
    const struct smp_os_reset_req req = {.size = sizeof(req),
                                         .has_force = true,
                                         .force = true,
                                         .has_boot_mode = true,
                                         .boot_mode = SMP_OS_BOOT_RECOVERY};
    SERVE(5, SMP_OP_WRITE, NULL);
    cr_assert_eq(smp_os_reset(duet.session, &req, WITH), SMP_OK);
    cr_assert_not_null(duet_answer(&duet, "a2 65666f726365 f5 69626f6f745f6d6f6465 01"));
}

Test(os, params)
{
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp), .buf_size = 384, .buf_count = 4};
    SERVE(6, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_params(duet.session, WITH), SMP_OK);
    const struct smp_os_params_rsp *got = duet_answer(&duet, "a0");
    cr_assert_eq(got->buf_size, 384);
    cr_assert_eq(got->buf_count, 4);
}

Test(os, info)
{
    const struct smp_os_info_req req = {
        .size = sizeof(req), .has_format = true, .format = STR("sv")};
    const struct smp_os_info_rsp rsp = {.size = sizeof(rsp), .output = STR("Zephyr 4.4.0")};
    SERVE(7, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_info(duet.session, &req, WITH), SMP_OK);
    const struct smp_os_info_rsp *got = duet_answer(&duet, "a1 66666f726d6174 627376");
    cr_assert(is(got->output, "Zephyr 4.4.0"));
}

Test(os, bootloader)
{
    const struct smp_os_bootloader_rsp rsp = {
        .size = sizeof(rsp), .has_bootloader = true, .bootloader = STR("MCUboot")};
    SERVE(8, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_bootloader(duet.session, NULL, WITH), SMP_OK);
    const struct smp_os_bootloader_rsp *got = duet_answer(&duet, "a0");
    cr_assert(is(got->bootloader, "MCUboot"));
    cr_assert_not(got->has_mode);
}

Test(os, bootloader_mode)
{
    const struct smp_os_bootloader_req req = {
        .size = sizeof(req), .has_query = true, .query = STR("mode")};
    const struct smp_os_bootloader_rsp rsp = {.size = sizeof(rsp),
                                              .has_mode = true,
                                              .mode = -1,
                                              .has_no_downgrade = true,
                                              .no_downgrade = true};
    SERVE(8, SMP_OP_READ, &rsp);
    cr_assert_eq(smp_os_bootloader(duet.session, &req, WITH), SMP_OK);
    const struct smp_os_bootloader_rsp *got = duet_answer(&duet, "a1 657175657279 646d6f6465");
    cr_assert_eq(got->mode, SMP_OS_MODE_UNKNOWN);
    cr_assert(got->no_downgrade);
    cr_assert_not(got->has_bootloader);
}

Test(os, codes)
{
    static const struct duet_code codes[] = {
        {1, 1, "UNKNOWN"},
        {2, 3, "INVALID_FORMAT"},
        {3, 5, "QUERY_YIELDS_NO_ANSWER"},
        {4, 5, "RTC_NOT_SET"},
        {5, 1, "RTC_COMMAND_FAILED"},
        {6, 1, "QUERY_RESPONSE_VALUE_NOT_VALID"},
        {7, 1, "HEAP_STATS_FETCH_FAILED"},
    };
    duet_codes(SMP_GROUP_OS, 4, SMP_OP_READ, NULL, codes, sizeof(codes) / sizeof(codes[0]));
}

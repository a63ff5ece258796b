/* SPDX-License-Identifier: Apache-2.0 */
/* Group OS. */
#include "rig.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(os, .init = setup, .fini = teardown);

static struct smp_str str(const char *text)
{
    return (struct smp_str){text, strlen(text)};
}

static bool is(struct smp_str s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.data, text, s.len) == 0;
}

Test(os, echoes_by_both_ops)
{
    struct smp_os_echo_req req = {.size = sizeof(req), .text = str("h\xc3\xa9llo")};
    const struct smp_os_echo_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, 0, 0, SMP_OP_WRITE, &req)->rsp;
    cr_assert(is(rsp->text, "h\xc3\xa9llo"));
    /* The same by the read op, which has no command of its own in every table. */
    cr_assert_eq(rig_raw(&rig, 0, 0, SMP_OP_READ, "\xa1\x61\x64\x61\x78", 5)->error, SMP_OK);
}

Test(os, has_no_console_echo)
{
    struct smp_os_console_echo_req req = {.size = sizeof(req), .echo = 1};

    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 1, SMP_OP_WRITE, &req)), -SMP_RC_NOT_SUPPORTED);
}

static uint64_t runtime(const char *name)
{
    const struct smp_os_task_stats_rsp *rsp = rig_call(&rig, 0, 2, SMP_OP_READ, NULL)->rsp;

    for (size_t i = 0; i < rsp->n_tasks; i++) {
        const struct smp_os_task *task = rsp->tasks[i];

        cr_assert(task->has_stack_used && task->has_stack_size);
        cr_assert(task->stack_used > 0 && task->stack_used <= task->stack_size);
        if (is(task->name, name))
            return task->runtime;
    }
    cr_assert_fail("no task %s", name);
    return 0;
}

Test(os, tasks_run)
{
    uint64_t idle, smp;

    rig_start(&rig);
    rig_sleep(&rig, 1000);
    idle = runtime("idle");
    smp = runtime("mcumgr smp");
    cr_assert_gt(idle, smp);
    rig_sleep(&rig, 1000);
    cr_assert_gt(runtime("idle"), idle);
    cr_assert_gt(runtime("mcumgr smp"), smp);
    rig_reset(&rig);
    cr_assert_lt(runtime("idle"), idle, "they start again at a boot");
}

Test(os, memory_moves_and_has_a_low_mark)
{
    uint64_t seen = 0;
    bool moved = false;

    rig_start(&rig);
    for (unsigned i = 0; i < 5; i++) {
        const struct smp_os_memory_pools_rsp *rsp = rig_call(&rig, 0, 3, SMP_OP_READ, NULL)->rsp;
        const struct smp_os_memory_pool *heap = NULL;

        cr_assert_eq(rsp->n_pools, 3);
        for (size_t p = 0; p < rsp->n_pools; p++) {
            cr_assert_leq(rsp->pools[p]->min_free, rsp->pools[p]->free_blocks);
            cr_assert_leq(rsp->pools[p]->free_blocks, rsp->pools[p]->blocks);
            if (!rsp->pools[p]->has_block_size)
                heap = rsp->pools[p];
        }
        cr_assert(heap != NULL, "a heap has no block size");
        moved = moved || (seen != 0 && heap->free_blocks != seen);
        seen = heap->free_blocks;
    }
    cr_assert(moved);
}

static int64_t set_clock(const char *text)
{
    struct smp_os_datetime req = {.size = sizeof(req), .datetime = str(text)};

    return rig_rc(rig_call(&rig, 0, 4, SMP_OP_WRITE, &req));
}

Test(os, clock_is_unset_until_set_and_runs_on)
{
    const struct smp_os_datetime *rsp;

    rig.device_options.rtc_unset = true;
    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 4, SMP_OP_READ, NULL)), SMP_OS_RC_RTC_NOT_SET);
    cr_assert_eq(set_clock("2026-13-03T04:05:06"), -SMP_RC_INVALID);
    cr_assert_eq(set_clock("2026-02-03T04:05:06"), 0);
    rig_sleep(&rig, 3000);
    rsp = rig_call(&rig, 0, 4, SMP_OP_READ, NULL)->rsp;
    cr_assert(is(rsp->datetime, "2026-02-03T04:05:09"));
    rig_reset(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 4, SMP_OP_READ, NULL)), 0, "also through a reset");
}

Test(os, clock_is_set_by_default)
{
    const struct smp_os_datetime *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, 0, 4, SMP_OP_READ, NULL)->rsp;
    cr_assert(rsp != NULL && rsp->datetime.len == 19);
}

Test(os, params_tell_the_buffers)
{
    const struct smp_os_params_rsp *rsp;

    rig.device_options.buf_size = 1000;
    rig.device_options.buf_count = 9;
    rig_start(&rig);
    rsp = rig_call(&rig, 0, 6, SMP_OP_READ, NULL)->rsp;
    cr_assert(rsp->buf_size == 1000 && rsp->buf_count == 9);
    rig_stop(&rig);
    rig.device_options.no_params = true;
    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 6, SMP_OP_READ, NULL)), -SMP_RC_NOT_SUPPORTED);
}

/* NULL: no format at all. */
static int64_t info(const char *format, char *output, size_t size)
{
    struct smp_os_info_req req = {.size = sizeof(req), .has_format = format != NULL};
    const struct smp_result *result;
    const struct smp_os_info_rsp *rsp;

    if (format != NULL)
        req.format = str(format);
    result = rig_call(&rig, 0, 7, SMP_OP_READ, &req);
    rsp = result->rsp;
    if (result->error == SMP_OK)
        snprintf(output, size, "%.*s", (int)rsp->output.len, rsp->output.data);
    return rig_rc(result);
}

Test(os, info_has_one_order)
{
    char a[300] = "", b[300] = "";

    rig_start(&rig);
    cr_assert_eq(info(NULL, a, sizeof(a)), 0);
    cr_assert_str_eq(a, "Zephyr");
    cr_assert_eq(info("", a, sizeof(a)), 0);
    cr_assert_str_eq(a, "Zephyr");
    cr_assert_eq(info("vs", a, sizeof(a)), 0);
    cr_assert_eq(info("sv", b, sizeof(b)), 0);
    cr_assert_str_eq(a, b);
    cr_assert_eq(strncmp(a, "Zephyr ", 7), 0);
    cr_assert_eq(info("a", a, sizeof(a)), 0);
    cr_assert_eq(info("oipmbvrns", b, sizeof(b)), 0);
    cr_assert_str_eq(a, b);
    cr_assert_eq(info("sz", a, sizeof(a)), SMP_OS_RC_INVALID_FORMAT);
    cr_assert_eq(info("az", a, sizeof(a)), SMP_OS_RC_INVALID_FORMAT);
}

Test(os, boot_loader_tells_its_mode)
{
    struct smp_os_bootloader_req req = {.size = sizeof(req)};
    const struct smp_os_bootloader_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, 0, 8, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp->has_bootloader && is(rsp->bootloader, "MCUboot") && !rsp->has_mode);
    req.has_query = true;
    req.query = str("mode");
    rsp = rig_call(&rig, 0, 8, SMP_OP_READ, &req)->rsp;
    cr_assert(rsp->has_mode && rsp->mode == SMP_OS_MODE_SWAP_MOVE && !rsp->has_bootloader);
    req.query = str("nope");
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 8, SMP_OP_READ, &req)), SMP_OS_RC_QUERY_YIELDS_NO_ANSWER);
}

static int64_t reset(bool force)
{
    struct smp_os_reset_req req = {.size = sizeof(req), .has_force = force, .force = force};

    return rig_rc(rig_call(&rig, 0, 5, SMP_OP_WRITE, &req));
}

Test(os, reset_can_need_force)
{
    struct blob app;
    struct smp_img_upload_req chunk = {.size = sizeof(chunk), .has_len = true, .has_data = true};

    blob_read(&app, APP_110);
    chunk.len = app.len;
    chunk.data = (struct smp_bytes){app.data, 512};
    rig.device_options.reset_needs_force = true;
    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 1, SMP_OP_WRITE, &chunk)), 0);
    cr_assert_eq(reset(false), -SMP_RC_BUSY);
    rig_sleep(&rig, 1000);
    cr_assert(rig_alive(&rig));
    cr_assert_eq(reset(true), 0);
    rig_sleep(&rig, 500);
    cr_assert_not(rig_alive(&rig));
}

Test(os, reset_takes_a_boot_mode)
{
    struct smp_os_reset_req req = {.size = sizeof(req), .has_boot_mode = true, .boot_mode = 1};

    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, 0, 5, SMP_OP_WRITE, &req)), 0);
    cr_assert(rig_told(&rig, "no serial recovery"), "%s", rig.events);
}

Test(os, an_old_server_speaks_v1)
{
    const struct smp_result *result;

    rig.device_options.v1 = true;
    rig_start(&rig);
    result = rig_call(&rig, 0, 6, SMP_OP_READ, NULL);
    cr_assert_eq(result->error, SMP_OK);
    cr_assert_eq(result->header.version, SMP_PROTOCOL_V1);
    cr_assert_eq(rig_rc(rig_call(&rig, 1, 0, SMP_OP_WRITE, NULL)), -SMP_RC_INVALID,
                 "image code 24 becomes rc 3");
}

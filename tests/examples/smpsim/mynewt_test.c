/* SPDX-License-Identifier: Apache-2.0 */
/* Groups log, crash and run, which only Mynewt has. */
#include "rig.h"
#include "text.h"

static struct rig rig;

static void setup(void)
{
    rig_init(&rig);
    rig.device_options.profile = sim_profile_find("mynewt");
}

static void teardown(void)
{
    rig_end(&rig);
}

TestSuite(mynewt, .init = setup, .fini = teardown);

/* All entries as "index:text; ..." */
static const char *show(const struct smp_log_show_req *req)
{
    static char text[8192];
    const struct smp_result *result = rig_call(&rig, SMP_GROUP_LOG, 0, SMP_OP_READ, req);
    const struct smp_log_show_rsp *rsp = result->rsp;
    size_t used = 0;

    cr_assert_eq(result->error, SMP_OK, "%s", smp_error_name(result->error));
    text[0] = '\0';
    for (size_t i = 0; i < rsp->n_logs; i++) {
        for (size_t k = 0; k < rsp->logs[i]->n_entries; k++) {
            const struct smp_log_entry *entry = rsp->logs[i]->entries[k];

            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%llu:%.*s",
                                     used > 0 ? "; " : "", (unsigned long long)entry->index,
                                     (int)entry->msg.as.bytes.len,
                                     (const char *)entry->msg.as.bytes.data);
        }
    }
    return text;
}

static int64_t append(const char *text)
{
    struct smp_log_append_field field = {.size = sizeof(field),
                                         .name = sim_str("msg"),
                                         .value = {.kind = SMP_KIND_STR, .as.str = sim_str(text)}};
    const struct smp_log_append_field *fields[] = {&field};
    struct smp_log_append_req req = {.size = sizeof(req), .n_fields = 1, .fields = fields};

    return rig_rc(rig_call(&rig, SMP_GROUP_LOG, 2, SMP_OP_WRITE, &req));
}

Test(mynewt, logs_are_shown_whole_or_in_part)
{
    struct smp_log_show_req req = {.size = sizeof(req)};

    rig_start(&rig);
    cr_assert_str_eq(show(&req), "1:started; 0:rsn:SOFT");
    cr_assert_eq(append("hello"), 0);
    cr_assert_str_eq(show(&req), "1:started; 2:hello; 0:rsn:SOFT");
    req.has_log_name = true;
    req.log_name = sim_str("messages");
    cr_assert_str_eq(show(&req), "1:started; 2:hello");
    req.has_index = true;
    req.index = 2;
    cr_assert_str_eq(show(&req), "2:hello");
    req = (struct smp_log_show_req){.size = sizeof(req), .has_ts = true, .ts = -1};
    cr_assert_str_eq(show(&req), "2:hello");
    req.ts = 1;
    cr_assert_str_eq(show(&req), "", "all were written at the boot");
    req = (struct smp_log_show_req){
        .size = sizeof(req), .has_log_name = true, .log_name = sim_str("nope")};
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_LOG, 0, SMP_OP_READ, &req)), -SMP_RC_NOT_FOUND);
}

Test(mynewt, a_log_is_a_ring_and_fits_the_answer)
{
    char text[32];
    const struct smp_log_show_rsp *rsp;

    rig.device_options.buf_size = 512;
    rig_start(&rig);
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof(text), "line %d", i);
        cr_assert_eq(append(text), 0);
    }
    cr_assert_eq(strncmp(show(NULL), "138:line 136; 139:line 137", 26), 0, "%s", show(NULL));
    rsp = rig_call(&rig, SMP_GROUP_LOG, 0, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(rsp->next_index, 202);
    cr_assert(rsp->logs[0]->n_entries > 1 && rsp->logs[0]->n_entries < 10);
}

Test(mynewt, logs_can_be_cleared_and_listed)
{
    const struct smp_log_list_rsp *list;
    const struct smp_log_level_list_rsp *levels;
    const struct smp_log_module_list_rsp *modules;

    rig_start(&rig);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_LOG, 1, SMP_OP_WRITE, NULL)), 0);
    cr_assert_str_eq(show(NULL), "");
    cr_assert_eq(append("after"), 0);
    cr_assert_str_eq(show(NULL), "2:after", "the index runs on");
    list = rig_call(&rig, SMP_GROUP_LOG, 5, SMP_OP_READ, NULL)->rsp;
    cr_assert(list->n_logs == 2 && sim_str_is(list->logs[1], "reboot_log"));
    levels = rig_call(&rig, SMP_GROUP_LOG, 4, SMP_OP_READ, NULL)->rsp;
    cr_assert(levels->n_levels == 5 && sim_str_is(levels->levels[3]->name, "ERROR"));
    cr_assert_eq(levels->levels[3]->number, 3);
    modules = rig_call(&rig, SMP_GROUP_LOG, 3, SMP_OP_READ, NULL)->rsp;
    cr_assert_eq(modules->n_modules, 5);
    cr_assert_eq(rig_rc(rig_raw(&rig, SMP_GROUP_LOG, 2, SMP_OP_WRITE, "\xa0", 1)), -SMP_RC_INVALID,
                 "nothing to append");
}

Test(mynewt, a_crash_is_silent_and_the_device_comes_back)
{
    struct smp_crash_trigger_req req = {.size = sizeof(req), .how = sim_str("div0")};

    rig_start(&rig);
    cr_assert_eq(rig_call(&rig, SMP_GROUP_CRASH, 0, SMP_OP_WRITE, &req)->error, SMP_ERR_TIMEOUT);
    cr_assert(rig_told(&rig, "crashes as told: div0"));
    cr_assert_eq(rig.crashes, 0, "the program goes on");
    rig_sleep(&rig, rig.device_options.boot_ms);
    cr_assert(rig_alive(&rig));
    cr_assert(strstr(show(NULL), "2:div0") != NULL, "%s", show(NULL));
    req.how = sim_str("nicely");
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_CRASH, 0, SMP_OP_WRITE, &req)), -SMP_RC_INVALID);
}

Test(mynewt, tests_run_and_leave_a_line_in_the_log)
{
    struct smp_run_test_req req = {.size = sizeof(req),
                                   .testname = sim_str("ram"),
                                   .has_token = true,
                                   .token = sim_str("t\x1b")};
    const struct smp_run_list_rsp *list;

    rig_start(&rig);
    list = rig_call(&rig, SMP_GROUP_RUN, 1, SMP_OP_READ, NULL)->rsp;
    cr_assert(list->n_tests == 3 && sim_str_is(list->tests[1], "ram"));
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_RUN, 0, SMP_OP_WRITE, &req)), 0);
    cr_assert(strstr(show(NULL), "2:ram passed, token t?") != NULL, "%s", show(NULL));
    req.testname = sim_str("all");
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_RUN, 0, SMP_OP_WRITE, &req)), 0);
    cr_assert(strstr(show(NULL), "5:clock passed") != NULL, "%s", show(NULL));
    req.testname = sim_str("nope");
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_RUN, 0, SMP_OP_WRITE, &req)), -SMP_RC_NOT_FOUND);
}

Test(mynewt, tasks_tell_more_and_the_console_can_be_switched)
{
    struct smp_os_console_echo_req req = {.size = sizeof(req), .echo = 0};
    const struct smp_os_task_stats_rsp *rsp;

    rig_start(&rig);
    rsp = rig_call(&rig, SMP_GROUP_OS, 2, SMP_OP_READ, NULL)->rsp;
    cr_assert(rsp->tasks[0]->has_switches && rsp->tasks[0]->has_last_checkin);
    cr_assert_eq(rig_rc(rig_call(&rig, SMP_GROUP_OS, 1, SMP_OP_WRITE, &req)), 0);
    cr_assert(rig_told(&rig, "console echo off"));
}

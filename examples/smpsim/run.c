/* SPDX-License-Identifier: Apache-2.0 */
/* Group run: tests built in, whose results go to the log. */
#include "device.h"
#include "text.h"

#include <smp/run.h>

#include <stdio.h>

static const char *const tests[] = {"flash", "ram", "clock"};
#define TESTS (sizeof(tests) / sizeof(tests[0]))

static void run_one(struct sim_device *device, const char *name, struct smp_str token)
{
    char line[SIM_LOG_TEXT], shown[SIM_SHOWN_MAX];

    snprintf(line, sizeof(line), "%s passed, token %s", name, sim_shown(token, shown));
    sim_log_add(device, SIM_LOG_TEST, SIM_LOG_INFO, sim_str(line));
}

static void test(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_run_test_req *req = request;
    bool all = sim_str_is(req->testname, "all"), found = false;

    for (size_t i = 0; i < TESTS; i++) {
        if (!all && !sim_str_is(req->testname, tests[i]))
            continue;
        found = true;
        run_one(user, tests[i], req->has_token ? req->token : sim_str(""));
    }
    if (found)
        smp_exchange_reply(exchange, NULL);
    else
        smp_exchange_refuse(exchange, SMP_RC_NOT_FOUND, NULL);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    struct smp_str names[TESTS];
    struct smp_run_list_rsp rsp = {.size = sizeof(rsp), .n_tests = TESTS, .tests = names};

    (void)request;
    (void)user;
    for (size_t i = 0; i < TESTS; i++)
        names[i] = sim_str(tests[i]);
    smp_exchange_reply(exchange, &rsp);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_WRITE, test},
    {1, SMP_OP_READ, list},
};

const struct sim_group sim_group_run = {
    .bit = SIM_GROUP_RUN,
    .id = SMP_GROUP_RUN,
    .name = "run",
    .title = "run mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
};

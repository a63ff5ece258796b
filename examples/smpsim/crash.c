/* SPDX-License-Identifier: Apache-2.0 */
/* Group crash: the device dies without an answer, and its watchdog boots it again. */
#include "device.h"
#include "text.h"

#include <smp/crash.h>

static const char *const ways[] = {"div0", "jump0", "ref0", "assert", "wdog"};

static void trigger(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_crash_trigger_req *req = request;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (!sim_str_is(req->how, ways[i]))
            continue;
        sim_device_event(device, SIM_EVENT_LINE, "crashes as told: %s", ways[i]);
        sim_log_add(device, SIM_LOG_REBOOT, SIM_LOG_CRITICAL, req->how);
        sim_device_keep_silent(exchange);
        sim_device_die(device);
        return;
    }
    smp_exchange_refuse(exchange, SMP_RC_INVALID, "t");
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_WRITE, trigger},
};

const struct sim_group sim_group_crash = {
    .bit = SIM_GROUP_CRASH,
    .id = SMP_GROUP_CRASH,
    .name = "crash",
    .title = "crash mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group OS: echo, tasks, memory, clock, reset, parameters, and what the device is.
 */
#include "os.h"

#include "clock.h"
#include "device.h"
#include "text.h"

#include <smp/os.h>

#include <stdio.h>
#include <string.h>

#define HEAP_BYTES 16384u

static void echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};

    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

/*
 * The threads of a Zephyr device with SMP over UDP, the least important last.
 * Stacks are in words of 4 bytes.
 */
static const struct task {
    const char *name;
    int priority;
    uint32_t state;
    uint32_t stack;
    uint32_t used;
    uint32_t per_mille; /* of the time; what is left is idle */
} tasks[] = {
    {"mcumgr smp", 3, SMP_OS_TASK_QUEUED, 512, 196, 4},
    {"smp_udp4", 0, SMP_OS_TASK_PENDING, 256, 98, 2},
    {"idle", 15, 0, 64, 18, 988},
    {"main", 0, SMP_OS_TASK_SLEEPING, 512, 240, 1},
    {"sysworkq", -1, SMP_OS_TASK_PENDING, 256, 72, 1},
    {"rx_q[0]", -1, SMP_OS_TASK_PENDING, 375, 121, 3},
    {"logging", 14, SMP_OS_TASK_SLEEPING, 192, 88, 1},
    {"net_mgmt", -1, SMP_OS_TASK_PENDING, 192, 64, 0},
};
#define TASKS (sizeof(tasks) / sizeof(tasks[0]))
/* What one of them takes in an answer, at most: a device with small buffers is a small one. */
#define TASK_BYTES 72u

/* Stacks are used a little deeper the more the device has seen. */
static uint32_t growth(uint64_t requests)
{
    uint32_t words = 0;

    for (; requests > 0; requests >>= 1)
        words += 2;
    return words;
}

bool sim_os_task(const struct sim_device *device, size_t index, struct smp_os_task *entry)
{
    uint64_t us = sim_device_uptime(device) / 1000;

    if (index >= TASKS)
        return false;
    const struct task *task = &tasks[index];
    uint32_t used = task->used + (index < 2 ? growth(device->os.requests) : 0);
    *entry = (struct smp_os_task){
        .size = sizeof(*entry),
        .name = sim_str(task->name),
        .has_priority = true,
        .priority = task->priority,
        .has_id = true,
        .id = index,
        .has_state = true,
        .state = task->state,
        .has_stack_used = true,
        .stack_used = used < task->stack ? used : task->stack,
        .has_stack_size = true,
        .stack_size = task->stack,
        .has_runtime = true,
        .runtime = us / 1000 * task->per_mille,
        /* What only Mynewt tells: it counts switches, and its tasks report to a watchdog. */
        .has_switches = device->profile->mynewt,
        .switches = us / 10000 * task->per_mille / 10 + index,
        .has_last_checkin = device->profile->mynewt,
        .has_next_checkin = device->profile->mynewt,
    };
    return true;
}

static void task_stats(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    size_t room =
        device->options.buf_size / (device->profile->mynewt ? 2 * TASK_BYTES : TASK_BYTES);
    struct smp_os_task entries[TASKS];
    const struct smp_os_task *pointers[TASKS];
    struct smp_os_task_stats_rsp rsp = {.size = sizeof(rsp), .tasks = pointers};

    (void)request;
    while (rsp.n_tasks < room && rsp.n_tasks < TASKS &&
           sim_os_task(device, rsp.n_tasks, &entries[rsp.n_tasks])) {
        pointers[rsp.n_tasks] = &entries[rsp.n_tasks];
        rsp.n_tasks++;
    }
    smp_exchange_reply(exchange, &rsp);
}

static void memory_pools(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    uint32_t buffers = device->options.buf_count;
    uint32_t heap = HEAP_BYTES - 2200 - (uint32_t)(device->os.requests * 56 % 1024);
    struct smp_os_memory_pool entries[] = {
        {.name = sim_str("smp_pool"),
         .has_block_size = true,
         .block_size = device->options.buf_size,
         .blocks = buffers,
         .free_blocks = buffers - 1,
         .min_free = 0},
        {.name = sim_str("net_rx_data"),
         .has_block_size = true,
         .block_size = 128,
         .blocks = 36,
         .free_blocks = 36 - device->os.requests % 3,
         .min_free = 33},
        {.name = sim_str("system_heap"), .blocks = HEAP_BYTES, .free_blocks = heap},
    };
    enum { POOLS = sizeof(entries) / sizeof(entries[0]) };
    const struct smp_os_memory_pool *pointers[POOLS];
    struct smp_os_memory_pools_rsp rsp = {.size = sizeof(rsp), .n_pools = POOLS, .pools = pointers};

    (void)request;
    if (heap < device->os.heap_min)
        device->os.heap_min = heap;
    entries[POOLS - 1].min_free = device->os.heap_min;
    for (size_t i = 0; i < POOLS; i++) {
        entries[i].size = sizeof(entries[i]);
        entries[i].has_blocks = entries[i].has_free_blocks = entries[i].has_min_free = true;
        pointers[i] = &entries[i];
    }
    smp_exchange_reply(exchange, &rsp);
}

static void datetime_read(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    char buffer[SIM_DATETIME_MAX];
    struct smp_os_datetime rsp = {.size = sizeof(rsp)};

    (void)request;
    if (!sim_rtc_text(&device->rtc, smp_loop_now(device->loop), buffer)) {
        smp_exchange_fail(exchange, SMP_OS_RC_RTC_NOT_SET, NULL);
        return;
    }
    rsp.datetime = sim_str(buffer);
    smp_exchange_reply(exchange, &rsp);
}

static void datetime_write(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_os_datetime *req = request;
    char shown[SIM_SHOWN_MAX];

    if (!sim_rtc_parse(&device->rtc, smp_loop_now(device->loop), req->datetime)) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, NULL);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "clock set to %s", sim_shown(req->datetime, shown));
    smp_exchange_reply(exchange, NULL);
}

static void reset(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_os_reset_req *req = request;
    bool force = req->has_force && req->force;

    if (device->options.reset_needs_force && device->img.upload.active && !force) {
        smp_exchange_refuse(exchange, SMP_RC_BUSY, NULL);
        return;
    }
    if (req->has_boot_mode && req->boot_mode != SMP_OS_BOOT_NORMAL) {
        device->recovery_asked = device->options.recovery;
        if (!device->options.recovery)
            sim_device_event(device, SIM_EVENT_LINE,
                             "boot mode %u asked for: this device has no serial recovery",
                             req->boot_mode);
    }
    smp_exchange_reply(exchange, NULL);
    sim_device_reset(device);
}

static void params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    struct smp_os_params_rsp rsp = {
        .size = sizeof(rsp),
        .buf_size =
            device->options.announce != 0 ? device->options.announce : device->options.buf_size,
        .buf_count = device->options.buf_count,
    };

    (void)request;
    if (device->options.no_params)
        smp_exchange_refuse(exchange, SMP_RC_NOT_SUPPORTED, NULL);
    else
        smp_exchange_reply(exchange, &rsp);
}

/* In the order of the answer, whatever the order of the question. */
static const struct {
    char letter;
    const char *value;
} info_parts[] = {
    {'s', "Zephyr"},
    {'n', "smpsim"},
    {'r', "684c9e8f32e4"},
    {'v', NULL}, /* the profile's */
    {'b', "Wed Jun  3 22:19:37 2026"},
    {'m', "arm"},
    {'p', "cortex-m33"},
    {'i', "smpsim/simulated"},
    {'o', "Zephyr"},
};
#define PARTS (sizeof(info_parts) / sizeof(info_parts[0]))

/* Marks the parts a format asks for; false: a letter that means nothing. */
static bool info_wanted(struct smp_str format, bool *wanted)
{
    for (size_t i = 0; i < format.len; i++) {
        bool known = format.data[i] == 'a';

        for (size_t k = 0; k < PARTS; k++) {
            if (format.data[i] == 'a' || format.data[i] == info_parts[k].letter)
                known = wanted[k] = true;
        }
        if (!known)
            return false;
    }
    return true;
}

static void info(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_os_info_req *req = request;
    bool any = req->has_format && req->format.len > 0;
    bool wanted[PARTS] = {false};
    char output[256] = "";
    struct smp_os_info_rsp rsp = {.size = sizeof(rsp)};

    if (!info_wanted(any ? req->format : sim_str("s"), wanted)) {
        smp_exchange_fail(exchange, SMP_OS_RC_INVALID_FORMAT, NULL);
        return;
    }
    for (size_t k = 0; k < PARTS; k++) {
        size_t used = strlen(output);

        if (wanted[k])
            snprintf(output + used, sizeof(output) - used, "%s%s", used > 0 ? " " : "",
                     info_parts[k].value != NULL ? info_parts[k].value : device->profile->version);
    }
    rsp.output = sim_str(output);
    smp_exchange_reply(exchange, &rsp);
}

static void bootloader(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_os_bootloader_req *req = request;
    struct smp_os_bootloader_rsp rsp = {.size = sizeof(rsp)};

    if (!req->has_query) {
        rsp.has_bootloader = true;
        rsp.bootloader = sim_str("MCUboot");
    } else if (sim_str_is(req->query, "mode")) {
        rsp.has_mode = true;
        rsp.mode = SMP_OS_MODE_SWAP_MOVE;
    } else if (device->profile->plain_query_error) {
        smp_exchange_refuse(exchange, SMP_OS_RC_QUERY_YIELDS_NO_ANSWER, NULL);
        return;
    } else {
        smp_exchange_fail(exchange, SMP_OS_RC_QUERY_YIELDS_NO_ANSWER, NULL);
        return;
    }
    smp_exchange_reply(exchange, &rsp);
}

/* Mynewt's: whether its console repeats what is typed. */
static void console_echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_console_echo_req *req = request;

    sim_device_event(user, SIM_EVENT_DETAIL, "console echo %s", req->echo != 0 ? "on" : "off");
    smp_exchange_reply(exchange, NULL);
}

static void boot(struct sim_device *device)
{
    device->os = (struct sim_os){.heap_min = HEAP_BYTES};
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, echo},
    {0, SMP_OP_WRITE, echo},
    {1, SMP_OP_WRITE, console_echo},
    {2, SMP_OP_READ, task_stats},
    {3, SMP_OP_READ, memory_pools},
    {4, SMP_OP_READ, datetime_read},
    {4, SMP_OP_WRITE, datetime_write},
    {5, SMP_OP_WRITE, reset},
    {6, SMP_OP_READ, params},
    {7, SMP_OP_READ, info},
    {8, SMP_OP_READ, bootloader},
};

const struct sim_group sim_group_os = {
    .bit = SIM_GROUP_OS,
    .id = SMP_GROUP_OS,
    .name = "os",
    .title = "os mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .boot = boot,
};

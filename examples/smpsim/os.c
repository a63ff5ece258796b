/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group OS: echo, tasks, memory, clock, reset, parameters, and what the device is.
 */
#include "os.h"

#include "clock.h"
#include "device.h"

#include <smp/os.h>

#include <stdio.h>
#include <string.h>

#define HEAP_BYTES 16384u

static struct smp_str text(const char *s)
{
    return (struct smp_str){s, strlen(s)};
}

static bool is(struct smp_str s, const char *other)
{
    return s.len == strlen(other) && memcmp(s.data, other, s.len) == 0;
}

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

static void task_stats(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    uint64_t us = sim_device_uptime(device) / 1000;
    struct smp_os_task entries[TASKS];
    const struct smp_os_task *pointers[TASKS];
    struct smp_os_task_stats_rsp rsp = {.size = sizeof(rsp), .n_tasks = TASKS, .tasks = pointers};

    (void)request;
    if (rsp.n_tasks > device->options.buf_size / TASK_BYTES)
        rsp.n_tasks = device->options.buf_size / TASK_BYTES;
    for (size_t i = 0; i < rsp.n_tasks; i++) {
        const struct task *task = &tasks[i];
        uint32_t used = task->used + (i < 2 ? growth(device->os.requests) : 0);

        entries[i] = (struct smp_os_task){
            .size = sizeof(entries[i]),
            .name = text(task->name),
            .has_priority = true,
            .priority = task->priority,
            .has_id = true,
            .id = i,
            .has_state = true,
            .state = task->state,
            .has_stack_used = true,
            .stack_used = used < task->stack ? used : task->stack,
            .has_stack_size = true,
            .stack_size = task->stack,
            .has_runtime = true,
            .runtime = us / 1000 * task->per_mille,
        };
        pointers[i] = &entries[i];
    }
    smp_exchange_reply(exchange, &rsp);
}

static void memory_pools(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    uint32_t buffers = device->options.buf_count;
    uint32_t heap = HEAP_BYTES - 2200 - (uint32_t)(device->os.requests * 56 % 1024);
    struct smp_os_memory_pool entries[] = {
        {.name = text("smp_pool"),
         .has_block_size = true,
         .block_size = device->options.buf_size,
         .blocks = buffers,
         .free_blocks = buffers - 1,
         .min_free = 0},
        {.name = text("net_rx_data"),
         .has_block_size = true,
         .block_size = 128,
         .blocks = 36,
         .free_blocks = 36 - device->os.requests % 3,
         .min_free = 33},
        {.name = text("system_heap"), .blocks = HEAP_BYTES, .free_blocks = heap},
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
    rsp.datetime = text(buffer);
    smp_exchange_reply(exchange, &rsp);
}

static void datetime_write(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_os_datetime *req = request;

    if (!sim_rtc_parse(&device->rtc, smp_loop_now(device->loop), req->datetime)) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, NULL);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "clock set to %.*s", (int)req->datetime.len,
                     req->datetime.data);
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
    if (req->has_boot_mode && req->boot_mode != SMP_OS_BOOT_NORMAL)
        sim_device_event(device, SIM_EVENT_LINE,
                         "boot mode %u asked for: this device has no serial recovery",
                         req->boot_mode);
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
    {'v', "4.4.0"},
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
    const struct smp_os_info_req *req = request;
    bool any = req->has_format && req->format.len > 0;
    bool wanted[PARTS] = {false};
    char output[256] = "";
    struct smp_os_info_rsp rsp = {.size = sizeof(rsp)};

    (void)user;
    if (!info_wanted(any ? req->format : text("s"), wanted)) {
        smp_exchange_fail(exchange, SMP_OS_RC_INVALID_FORMAT, NULL);
        return;
    }
    for (size_t k = 0; k < PARTS; k++) {
        size_t used = strlen(output);

        if (wanted[k])
            snprintf(output + used, sizeof(output) - used, "%s%s", used > 0 ? " " : "",
                     info_parts[k].value);
    }
    rsp.output = text(output);
    smp_exchange_reply(exchange, &rsp);
}

static void bootloader(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_bootloader_req *req = request;
    struct smp_os_bootloader_rsp rsp = {.size = sizeof(rsp)};

    (void)user;
    if (!req->has_query) {
        rsp.has_bootloader = true;
        rsp.bootloader = text("MCUboot");
    } else if (is(req->query, "mode")) {
        rsp.has_mode = true;
        rsp.mode = SMP_OS_MODE_SWAP_MOVE;
    } else {
        smp_exchange_fail(exchange, SMP_OS_RC_QUERY_YIELDS_NO_ANSWER, NULL);
        return;
    }
    smp_exchange_reply(exchange, &rsp);
}

void sim_os_boot(struct sim_device *device)
{
    device->os = (struct sim_os){.heap_min = HEAP_BYTES};
}

int sim_os_init(struct sim_device *device)
{
    static const struct sim_handler handlers[] = {
        {SMP_GROUP_OS, 0, SMP_OP_READ, echo},
        {SMP_GROUP_OS, 0, SMP_OP_WRITE, echo},
        {SMP_GROUP_OS, 2, SMP_OP_READ, task_stats},
        {SMP_GROUP_OS, 3, SMP_OP_READ, memory_pools},
        {SMP_GROUP_OS, 4, SMP_OP_READ, datetime_read},
        {SMP_GROUP_OS, 4, SMP_OP_WRITE, datetime_write},
        {SMP_GROUP_OS, 5, SMP_OP_WRITE, reset},
        {SMP_GROUP_OS, 6, SMP_OP_READ, params},
        {SMP_GROUP_OS, 7, SMP_OP_READ, info},
        {SMP_GROUP_OS, 8, SMP_OP_READ, bootloader},
    };

    return sim_device_handle(device, handlers, sizeof(handlers) / sizeof(handlers[0]));
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group log: one ring in memory, shown as two logs.  Entries of module REBOOT are in
 * `reboot_log`, all others in `messages`.
 */
#include "log.h"

#include "device.h"
#include "text.h"

#include <smp/log.h>

#include <string.h>

/* What one entry takes in an answer beside its text, and what all of them share. */
#define ENTRY_BYTES 72u
#define SHARED_BYTES 128u

enum { MESSAGES, REBOOT_LOG, LOGS };

static const struct {
    const char *name;
    uint64_t type; /* 1 memory, 2 storage */
} logs[LOGS] = {{"messages", 1}, {"reboot_log", 2}};

static int log_of(const struct sim_log_entry *entry)
{
    return entry->module == SIM_LOG_REBOOT ? REBOOT_LOG : MESSAGES;
}

void sim_log_add(struct sim_device *device, enum sim_log_module module, enum sim_log_level level,
                 struct smp_str text)
{
    struct sim_log *log = &device->log;
    struct sim_log_entry *entry;

    if (log->count < SIM_LOG_ENTRIES) {
        entry = &log->entries[log->count++];
    } else {
        entry = &log->entries[log->oldest];
        log->oldest = (log->oldest + 1) % SIM_LOG_ENTRIES;
    }
    entry->index = log->next_index++;
    entry->us = sim_device_uptime(device) / 1000;
    entry->module = (uint8_t)module;
    entry->level = (uint8_t)level;
    entry->len = (uint8_t)(text.len < SIM_LOG_TEXT ? text.len : SIM_LOG_TEXT);
    if (entry->len > 0)
        memcpy(entry->text, text.data, entry->len);
}

/* Entry `n` from the oldest one. */
static const struct sim_log_entry *entry_at(const struct sim_log *log, size_t n)
{
    return &log->entries[(log->oldest + n) % SIM_LOG_ENTRIES];
}

/* ---- show ---- */

/* An answer being put together. */
struct shown {
    size_t room; /* bytes left */
    struct smp_log_entry entries[SIM_LOG_ENTRIES];
    const struct smp_log_entry *pointers[LOGS][SIM_LOG_ENTRIES];
    size_t n_entries;
    struct smp_log logs[LOGS];
    const struct smp_log *log_pointers[LOGS];
};

static bool is_wanted(const struct smp_log_show_req *req, const struct sim_log *log,
                      const struct sim_log_entry *entry)
{
    if (req->has_ts && req->ts == -1) /* the newest one */
        return entry->index + 1 == log->next_index;
    return (!req->has_index || entry->index >= req->index) &&
           (!req->has_ts || req->ts <= 0 || entry->us >= (uint64_t)req->ts);
}

static bool show_entry(struct shown *shown, struct smp_log *log, int number,
                       const struct sim_log_entry *from)
{
    struct smp_log_entry *to = &shown->entries[shown->n_entries];
    size_t bytes = ENTRY_BYTES + from->len;

    if (bytes > shown->room)
        return false;
    shown->room -= bytes;
    *to = (struct smp_log_entry){
        .size = sizeof(*to),
        .index = from->index,
        .has_ts = true,
        .ts = (int64_t)from->us,
        .has_module = true,
        .module = from->module,
        .has_level = true,
        .level = from->level,
        .has_type = true,
        .type = sim_str("str"),
        .has_msg = true,
        .msg = {.kind = SMP_KIND_BYTES, .as.bytes = {(const uint8_t *)from->text, from->len}},
    };
    shown->pointers[number][log->n_entries++] = to;
    shown->n_entries++;
    return true;
}

static void show_log(struct shown *shown, const struct sim_log *log, int number,
                     const struct smp_log_show_req *req)
{
    struct smp_log *to = &shown->logs[number];
    bool fits = true;

    *to = (struct smp_log){.size = sizeof(*to),
                           .name = sim_str(logs[number].name),
                           .has_type = true,
                           .type = logs[number].type,
                           .entries = shown->pointers[number]};
    for (size_t i = 0; i < log->count && fits; i++) {
        const struct sim_log_entry *entry = entry_at(log, i);

        if (log_of(entry) == number && is_wanted(req, log, entry))
            fits = show_entry(shown, to, number, entry);
    }
}

static void show(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_log_show_req *req = request;
    struct shown shown = {.room = 0};
    struct smp_log_show_rsp rsp = {.size = sizeof(rsp),
                                   .has_next_index = true,
                                   .next_index = device->log.next_index,
                                   .logs = shown.log_pointers};

    if (device->options.buf_size > SHARED_BYTES)
        shown.room = device->options.buf_size - SHARED_BYTES;
    for (int i = 0; i < LOGS; i++) {
        if (req->has_log_name && req->log_name.len > 0 && !sim_str_is(req->log_name, logs[i].name))
            continue;
        show_log(&shown, &device->log, i, req);
        shown.log_pointers[rsp.n_logs++] = &shown.logs[i];
    }
    if (rsp.n_logs == 0)
        smp_exchange_refuse(exchange, SMP_RC_NOT_FOUND, NULL);
    else
        smp_exchange_reply(exchange, &rsp);
}

/* ---- the others ---- */

static void clear(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;

    (void)request;
    device->log.count = device->log.oldest = 0;
    smp_exchange_reply(exchange, NULL);
}

/* What an application would expect: `msg`, and nothing else that this one would keep. */
static void append(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_log_append_req *req = request;

    for (size_t i = 0; i < req->n_fields; i++) {
        const struct smp_value *value = &req->fields[i]->value;

        if (!sim_str_is(req->fields[i]->name, "msg") || value->kind != SMP_KIND_STR)
            continue;
        sim_log_add(user, SIM_LOG_DEFAULT, SIM_LOG_INFO, value->as.str);
        smp_exchange_reply(exchange, NULL);
        return;
    }
    smp_exchange_refuse(exchange, SMP_RC_INVALID, "msg");
}

#define NUMBER(text, value)                                                                        \
    {                                                                                              \
        .size = sizeof(struct smp_log_number), .name = {text, sizeof(text) - 1}, .number = value   \
    }

static void module_list(struct smp_exchange *exchange, const void *request, void *user)
{
    static const struct smp_log_number modules[] = {
        NUMBER("DEFAULT", SIM_LOG_DEFAULT), NUMBER("OS", SIM_LOG_OS),
        NUMBER("NEWTMGR", SIM_LOG_NEWTMGR), NUMBER("REBOOT", SIM_LOG_REBOOT),
        NUMBER("TEST", SIM_LOG_TEST),
    };
    enum { COUNT = sizeof(modules) / sizeof(modules[0]) };
    const struct smp_log_number *pointers[COUNT];
    struct smp_log_module_list_rsp rsp = {
        .size = sizeof(rsp), .n_modules = COUNT, .modules = pointers};

    (void)request;
    (void)user;
    for (size_t i = 0; i < COUNT; i++)
        pointers[i] = &modules[i];
    smp_exchange_reply(exchange, &rsp);
}

static void level_list(struct smp_exchange *exchange, const void *request, void *user)
{
    static const struct smp_log_number levels[] = {
        NUMBER("DEBUG", SIM_LOG_DEBUG),       NUMBER("INFO", SIM_LOG_INFO),
        NUMBER("WARN", SIM_LOG_WARN),         NUMBER("ERROR", SIM_LOG_ERROR),
        NUMBER("CRITICAL", SIM_LOG_CRITICAL),
    };
    enum { COUNT = sizeof(levels) / sizeof(levels[0]) };
    const struct smp_log_number *pointers[COUNT];
    struct smp_log_level_list_rsp rsp = {
        .size = sizeof(rsp), .n_levels = COUNT, .levels = pointers};

    (void)request;
    (void)user;
    for (size_t i = 0; i < COUNT; i++)
        pointers[i] = &levels[i];
    smp_exchange_reply(exchange, &rsp);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    struct smp_str names[LOGS];
    struct smp_log_list_rsp rsp = {.size = sizeof(rsp), .n_logs = LOGS, .logs = names};

    (void)request;
    (void)user;
    for (size_t i = 0; i < LOGS; i++)
        names[i] = sim_str(logs[i].name);
    smp_exchange_reply(exchange, &rsp);
}

static void boot(struct sim_device *device)
{
    sim_log_add(device, SIM_LOG_REBOOT, SIM_LOG_CRITICAL, sim_str("rsn:SOFT"));
    sim_log_add(device, SIM_LOG_OS, SIM_LOG_INFO, sim_str("started"));
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, show},        {1, SMP_OP_WRITE, clear},     {2, SMP_OP_WRITE, append},
    {3, SMP_OP_READ, module_list}, {4, SMP_OP_READ, level_list}, {5, SMP_OP_READ, list},
};

const struct sim_group sim_group_log = {
    .bit = SIM_GROUP_LOG,
    .id = SMP_GROUP_LOG,
    .name = "log",
    .title = "log mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .boot = boot,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group statistics.  The first three sections have the names of Zephyr's smp_svr sample on
 * a simulated board.
 */
#include "stat.h"

#include "device.h"
#include "packet.h"
#include "text.h"

#include <smp/stat.h>

#include <string.h>

/* Zephyr's default for CONFIG_MCUMGR_GRP_STAT_MAX_NAME_LEN, its NUL included. */
#define NAME_MAX_LEN 31u

typedef uint64_t read_counter(struct sim_device *device);

static uint64_t flash_writes(struct sim_device *device)
{
    uint64_t sum = 0;

    for (uint32_t n = 0; n < 2 * device->options.n_images; n++)
        sum += sim_device_slot(device, n)->writes;
    return sum;
}

static uint64_t flash_erases(struct sim_device *device)
{
    uint64_t sum = 0;

    for (uint32_t n = 0; n < 2 * device->options.n_images; n++)
        sum += sim_device_slot(device, n)->erases;
    return sum;
}

static uint64_t none(struct sim_device *device)
{
    (void)device;
    return 0;
}

static uint64_t ticks(struct sim_device *device)
{
    return sim_device_uptime(device) / (1000 * SIM_NS_PER_MS);
}

static uint64_t requests(struct sim_device *device)
{
    return device->os.requests;
}

static uint64_t starved(struct sim_device *device)
{
    return device->stat.starved;
}

static uint64_t lost(struct sim_device *device)
{
    return device->stat.lost;
}

static uint64_t uptime_ns(struct sim_device *device)
{
    return sim_device_uptime(device);
}

/* Shows who cuts and who swaps bytes. */
static uint64_t pattern(struct sim_device *device)
{
    (void)device;
    return UINT64_C(0x1122334455667788);
}

/* Sections in a row. */
static const struct counter {
    const char *section;
    const char *name;
    read_counter *read;
} counters[] = {
    {"flash_sim_stats", "flash_write_calls", flash_writes},
    {"flash_sim_stats", "flash_erase_calls", flash_erases},
    {"flash_sim_thresholds", "max_write_calls", none},
    {"flash_sim_thresholds", "max_erase_calls", none},
    {"flash_sim_thresholds", "max_len", none},
    {"smp_svr_stats", "ticks", ticks},
    {"smp", "requests", requests},
    {"smp", "starved", starved},
    {"smp", "lost", lost},
    {"wide", "uptime_ns", uptime_ns},
    {"wide", "pattern", pattern},
};
#define COUNTERS (sizeof(counters) / sizeof(counters[0]))

/* Zephyr's encoder cuts counters of 64 bits. */
static uint64_t value(struct sim_device *device, const struct counter *counter)
{
    uint64_t value = counter->read(device);

    return device->profile->mynewt ? value : (uint32_t)value;
}

static void unknown(struct sim_device *device, struct smp_exchange *exchange)
{
    if (!device->profile->old_stat)
        smp_exchange_fail(exchange, SMP_STAT_RC_INVALID_STAT_NAME, NULL);
    else if (sim_device_speaks_v1(device, exchange))
        sim_reply_stale(device, exchange);
    else
        sim_fail_as(device, exchange, SMP_GROUP_ZEPHYR, SMP_STAT_RC_INVALID_STAT_NAME);
}

static void read_section(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_stat_read_req *req = request;
    struct smp_stat_counter entries[COUNTERS];
    const struct smp_stat_counter *pointers[COUNTERS];
    struct smp_stat_read_rsp rsp = {
        .size = sizeof(rsp), .has_name = true, .name = req->name, .fields = pointers};

    if (req->name.len > NAME_MAX_LEN) {
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "name");
        return;
    }
    for (size_t i = 0; i < COUNTERS; i++) {
        size_t n = rsp.n_fields;

        if (!sim_str_is(req->name, counters[i].section))
            continue;
        entries[n] = (struct smp_stat_counter){.size = sizeof(entries[n]),
                                               .name = sim_str(counters[i].name),
                                               .value = value(device, &counters[i])};
        pointers[n] = &entries[n];
        rsp.n_fields++;
    }
    if (rsp.n_fields == 0) {
        unknown(device, exchange);
        return;
    }
    rsp.has_group = device->profile->mynewt;
    rsp.group = sim_str("sys");
    smp_exchange_reply(exchange, &rsp);
}

/* {"rc": 0, "stat_list": [...]} */
static void reply_with_rc(struct sim_device *device, struct smp_exchange *exchange,
                          const struct smp_stat_list_rsp *rsp)
{
    static const uint8_t head[] = {0xa2, 0x62, 'r', 'c', 0x00};
    const struct smp_message *message = smp_command_response(smp_exchange_command(exchange));
    uint8_t cbor[512];
    size_t len;

    /* The list is a map of one entry, whose head gives way. */
    if (smp_message_encode(message, rsp, cbor + sizeof(head) - 1, sizeof(cbor) - sizeof(head) + 1,
                           &len) != SMP_OK) {
        smp_exchange_refuse(exchange, SMP_RC_RESPONSE_TOO_LARGE, NULL);
        return;
    }
    memcpy(cbor, head, sizeof(head));
    sim_reply_cbor(device, exchange, cbor, len + sizeof(head) - 1);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct smp_str names[COUNTERS];
    struct smp_stat_list_rsp rsp = {.size = sizeof(rsp), .names = names};

    (void)request;
    for (size_t i = 0; i < COUNTERS; i++) {
        if (i == 0 || strcmp(counters[i].section, counters[i - 1].section) != 0)
            names[rsp.n_names++] = sim_str(counters[i].section);
    }
    if (device->profile->old_stat)
        reply_with_rc(device, exchange, &rsp);
    else
        smp_exchange_reply(exchange, &rsp);
}

static void boot(struct sim_device *device)
{
    device->stat = (struct sim_stat){0};
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, read_section},
    {1, SMP_OP_READ, list},
};

const struct sim_group sim_group_stat = {
    .bit = SIM_GROUP_STAT,
    .id = SMP_GROUP_STAT,
    .name = "stat",
    .title = "stat mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .boot = boot,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group settings.  Zephyr's values are bytes, Mynewt's are text.  A name can be written when
 * something owns what stands before its first slash; by default that is `app`.
 */
#include "settings.h"

#include "device.h"
#include "text.h"

#include <smp/settings.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Zephyr's default for CONFIG_MCUMGR_GRP_SETTINGS_VALUE_LEN: the most that is read at once. */
#define READ_MAX 32u

/* 3.4 numbers the codes in its own way. */
static void fail(const struct sim_device *device, struct smp_exchange *exchange, uint16_t rc)
{
    if (device->profile->old_settings) {
        if (rc == SMP_SETTINGS_RC_KEY_NOT_FOUND)
            rc = SMP_SETTINGS_RC_UNKNOWN;
        else if (rc == SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND)
            rc = SMP_SETTINGS_RC_KEY_NOT_FOUND;
    }
    smp_exchange_fail(exchange, rc, NULL);
}

/* Whether a name is one; if not, that has been answered. */
static bool is_named(const struct sim_device *device, struct smp_exchange *exchange,
                     struct smp_str name)
{
    if (name.len > 0 && name.len < SIM_SETTING_NAME_SIZE)
        return true;
    if (name.len == 0)
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "name");
    else
        fail(device, exchange, SMP_SETTINGS_RC_KEY_TOO_LONG);
    return false;
}

static uint16_t not_found(const struct sim_device *device, struct smp_str name)
{
    return sim_settings_owned(&device->settings, name) ? SMP_SETTINGS_RC_KEY_NOT_FOUND
                                                       : SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND;
}

static void read_value(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_settings_read_req *req = request;
    struct smp_settings_read_rsp rsp = {.size = sizeof(rsp)};
    struct sim_setting *entry;
    size_t len;

    if (!is_named(device, exchange, req->name))
        return;
    entry = sim_settings_find(&device->settings, req->name);
    if (entry == NULL || !entry->now.present) {
        fail(device, exchange, not_found(device, req->name));
        return;
    }
    len = entry->now.len;
    if (device->profile->mynewt) {
        rsp.value.kind = SMP_KIND_STR;
        rsp.value.as.str = (struct smp_str){(const char *)entry->now.data, len};
        smp_exchange_reply(exchange, &rsp);
        return;
    }
    rsp.has_max_size = req->has_max_size && req->max_size > READ_MAX;
    rsp.max_size = READ_MAX;
    if (len > READ_MAX)
        len = READ_MAX;
    if (req->has_max_size && len > req->max_size)
        len = req->max_size;
    rsp.value.kind = SMP_KIND_BYTES;
    rsp.value.as.bytes = (struct smp_bytes){entry->now.data, len};
    smp_exchange_reply(exchange, &rsp);
}

static bool keep(struct sim_device *device)
{
    if (sim_settings_write(&device->settings, device->options.state) == SMP_OK)
        return true;
    sim_device_event(device, SIM_EVENT_LINE, "settings cannot be saved: %s", strerror(errno));
    return false;
}

static bool save_all(struct sim_device *device)
{
    for (size_t i = 0; i < device->settings.count; i++)
        device->settings.entries[i].saved = device->settings.entries[i].now;
    return keep(device);
}

static void write_value(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_settings_write_req *req = request;
    enum smp_kind kind = device->profile->mynewt ? SMP_KIND_STR : SMP_KIND_BYTES;
    struct sim_setting *entry;
    char shown[SIM_SHOWN_MAX];

    if (req->value.kind != kind) { /* text and bytes have the same shape in the union */
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "val");
        return;
    }
    if (!is_named(device, exchange, req->name))
        return;
    if (!sim_settings_owned(&device->settings, req->name) ||
        req->value.as.bytes.len > SIM_SETTING_VALUE_MAX) {
        fail(device, exchange, SMP_SETTINGS_RC_ROOT_KEY_NOT_FOUND);
        return;
    }
    entry = sim_settings_add(&device->settings, req->name);
    if (entry == NULL) {
        fail(device, exchange, SMP_SETTINGS_RC_UNKNOWN);
        return;
    }
    sim_value_set(&entry->now, req->value.as.bytes.data, req->value.as.bytes.len);
    sim_device_event(device, SIM_EVENT_LINE, "setting %s written", sim_shown(req->name, shown));
    if (req->has_save && req->save && device->profile->mynewt)
        save_all(device);
    smp_exchange_reply(exchange, NULL);
}

static void delete_value(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_settings_delete_req *req = request;
    struct sim_setting *entry;

    if (!is_named(device, exchange, req->name))
        return;
    entry = sim_settings_find(&device->settings, req->name);
    if (entry == NULL || !entry->now.present) {
        if (device->profile->old_settings)
            smp_exchange_reply(exchange, NULL);
        else
            fail(device, exchange, SMP_SETTINGS_RC_KEY_NOT_FOUND);
        return;
    }
    entry->now = (struct sim_value){.present = device->profile->old_settings};
    if (entry->saved.present) {
        entry->saved.present = false;
        keep(device);
    }
    smp_exchange_reply(exchange, NULL);
}

static void commit(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    sim_device_event(user, SIM_EVENT_LINE, "settings committed");
    smp_exchange_reply(exchange, NULL);
}

static void load(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    struct sim_settings *settings = &device->settings;

    (void)request;
    for (size_t i = 0; i < settings->count; i++) {
        if (settings->entries[i].saved.present)
            settings->entries[i].now = settings->entries[i].saved;
    }
    sim_device_event(device, SIM_EVENT_LINE, "settings loaded");
    smp_exchange_reply(exchange, NULL);
}

static void save(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;

    (void)request;
    if (!save_all(device)) {
        fail(device, exchange, SMP_SETTINGS_RC_SAVE_NOT_SUPPORTED);
        return;
    }
    sim_device_event(device, SIM_EVENT_LINE, "settings saved");
    smp_exchange_reply(exchange, NULL);
}

/* ---- what there is before anything was saved ---- */

static bool put_first(struct sim_device *device, struct smp_str name, const void *data, size_t len)
{
    struct sim_setting *entry = sim_settings_add(&device->settings, name);

    return entry != NULL && sim_value_set(&entry->first, data, len);
}

/* NAME=TEXT */
static bool put_option(struct sim_device *device, const char *option)
{
    const char *equals = strchr(option, '=');

    return equals != NULL && put_first(device, (struct smp_str){option, (size_t)(equals - option)},
                                       equals + 1, strlen(equals + 1));
}

static void put_defaults(struct sim_device *device)
{
    static const uint8_t interval[] = {0xe8, 0x03, 0x00, 0x00}; /* 1000 */

    put_first(device, sim_str("app/name"), "smpsim", 6);
    if (device->profile->mynewt)
        put_first(device, sim_str("app/interval"), "1000", 4);
    else
        put_first(device, sim_str("app/interval"), interval, sizeof(interval));
}

static int open_group(struct sim_device *device, char *error, size_t error_size)
{
    put_defaults(device);
    for (size_t i = 0; i < SIM_SETTINGS_MAX && device->options.settings[i] != NULL; i++) {
        if (put_option(device, device->options.settings[i]))
            continue;
        snprintf(error, error_size,
                 "setting %s: give NAME=TEXT, the name below %u bytes, the text up to %u",
                 device->options.settings[i], SIM_SETTING_NAME_SIZE, SIM_SETTING_VALUE_MAX);
        return SMP_ERR_INVALID;
    }
    return sim_settings_read(&device->settings, device->options.state, error, error_size);
}

static void boot(struct sim_device *device)
{
    sim_settings_load(&device->settings);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, read_value}, {0, SMP_OP_WRITE, write_value}, {1, SMP_OP_WRITE, delete_value},
    {2, SMP_OP_WRITE, commit},    {3, SMP_OP_READ, load},         {3, SMP_OP_WRITE, save},
};

const struct sim_group sim_group_settings = {
    .bit = SIM_GROUP_SETTINGS,
    .id = SMP_GROUP_SETTINGS,
    .name = "settings",
    .title = "settings mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .open = open_group,
    .boot = boot,
};

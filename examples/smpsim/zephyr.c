/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Group Zephyr basic: erases the storage partition, which holds the saved settings and the
 * file system.  That is mounted and does not expect it: it fails until the next boot, and
 * is empty then.
 */
#include "device.h"

#include <smp/zephyr.h>

static void erase_storage(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;

    (void)request;
    for (size_t i = 0; i < device->settings.count; i++)
        device->settings.entries[i].saved.present = false;
    if (sim_settings_write(&device->settings, device->options.state) != SMP_OK) {
        smp_exchange_fail(exchange, SMP_ZEPHYR_RC_FLASH_ERASE_FAILED, NULL);
        return;
    }
    sim_files_wipe(&device->fs.files);
    sim_device_event(device, SIM_EVENT_LINE, "storage erased: settings and files");
    smp_exchange_reply(exchange, NULL);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_WRITE, erase_storage},
};

const struct sim_group sim_group_zephyr = {
    .bit = SIM_GROUP_ZEPHYR,
    .id = SMP_GROUP_ZEPHYR,
    .name = "zephyr",
    .title = "zephyr basic mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
};

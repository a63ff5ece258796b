/* SPDX-License-Identifier: Apache-2.0 */
/* Group Memfault (128): who the device is. */
#include "device.h"
#include "text.h"

#include <smp/memfault.h>

static void device_info(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_mcuboot_image *image = &device->boots[0].image;
    char version[SMP_MCUBOOT_VERSION_MAX];
    struct smp_memfault_device_info_rsp rsp = {
        .size = sizeof(rsp),
        .device_serial = sim_str("SMPSIM0001"),
        .hardware_version = sim_str("smpsim"),
        .software_type = sim_str("app"),
        .current_version = sim_str("none"),
    };

    (void)request;
    if (device->boots[0].bootable) {
        smp_mcuboot_version_text(&image->version, version);
        rsp.current_version = sim_str(version);
    }
    smp_exchange_reply(exchange, &rsp);
}

static void project_key(struct smp_exchange *exchange, const void *request, void *user)
{
    struct smp_memfault_project_key_rsp rsp = {.size = sizeof(rsp),
                                               .project_key = sim_str("simulated-project-key")};

    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, device_info},
    {1, SMP_OP_READ, project_key},
};

const struct sim_group sim_group_memfault = {
    .bit = SIM_GROUP_MEMFAULT,
    .id = SMP_GROUP_MEMFAULT,
    .name = "memfault",
    .title = "memfault mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "faults.h"

#include "device.h"

#include <inttypes.h>

bool sim_faults_of_links(const struct smp_faults *faults)
{
    return faults->drop != 0 || faults->duplicate != 0 || faults->reorder != 0 ||
           faults->corrupt != 0 || faults->truncate != 0 || faults->delay_ns != 0 ||
           faults->jitter_ns != 0 || faults->silent_after != 0 || faults->drop_above != 0 ||
           faults->bytes_per_s != 0 || faults->silent_after_bytes != 0;
}

bool sim_faults_request(struct sim_device *device)
{
    struct sim_faults *faults = &device->faults;

    if (++faults->requests != device->options.faults.restart_at)
        return false;
    sim_device_event(device, SIM_EVENT_LINE, "restarts at request %" PRIu64, faults->requests);
    sim_device_fall(device);
    return true;
}

/*
 * How much of a write is done when the power goes: any number of units, but not all.  Each unit is
 * written together or not at all.
 */
static uint32_t torn_length(struct sim_faults *faults, uint32_t len)
{
    faults->random = faults->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((faults->random >> 33) % (len / SIM_FLASH_ALIGN)) * SIM_FLASH_ALIGN;
}

static uint32_t flash_hook(void *user, struct sim_flash *flash, enum sim_flash_op op,
                           uint32_t offset, uint32_t len)
{
    struct sim_device *device = user;
    struct sim_faults *faults = &device->faults;

    (void)flash;
    if (faults->power_lost)
        return 0; /* no slot works without power */
    if (++faults->changes != device->options.faults.power_cut_at)
        return len;
    faults->power_lost = true;
    sim_device_event(device, SIM_EVENT_LINE,
                     "the power is cut at change %" PRIu64 " of the flash: %s of %" PRIu32
                     " bytes at %" PRIu32,
                     faults->changes, op == SIM_FLASH_WRITE ? "a write" : "an erase", len, offset);
    sim_device_fall(device);
    return torn_length(faults, len);
}

void sim_faults_arm(struct sim_device *device)
{
    device->faults.random = device->options.faults.seed;
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++) {
        sim_device_slot(device, n)->hook = flash_hook;
        sim_device_slot(device, n)->hook_user = device;
    }
}

void sim_faults_power_on(struct sim_device *device)
{
    device->faults.power_lost = false;
    for (uint32_t n = 0; n < 2 * device->options.n_images; n++)
        sim_flash_power_on(sim_device_slot(device, n));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "group.h"

#include "device.h"

#include <string.h>

static const struct sim_group *const groups[] = {
    &sim_group_enum,     &sim_group_fs,       &sim_group_img,  &sim_group_os,
    &sim_group_settings, &sim_group_shell,    &sim_group_stat, &sim_group_zephyr,
    &sim_group_log,      &sim_group_crash,    &sim_group_run,  &sim_group_transport,
    &sim_group_suit,     &sim_group_memfault,
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

const struct sim_group *sim_group_at(size_t index)
{
    return index < GROUPS ? groups[index] : NULL;
}

const struct sim_group *sim_group_find(const char *name)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (strcmp(groups[i]->name, name) == 0)
            return groups[i];
    }
    return NULL;
}

const char *sim_group_names(void)
{
    return "enum, fs, img, os, settings, shell, stat, zephyr, log, crash, run, transport, suit, "
           "memfault";
}

static int serve(struct sim_device *device, const struct sim_group *group)
{
    for (size_t i = 0; i < group->n_handlers; i++) {
        const struct sim_handler *handler = &group->handlers[i];
        int error = SMP_OK;

        if (!sim_profile_misses(device->profile, group->id, handler->id))
            error = smp_server_handle(device->server, group->id, handler->id, handler->op,
                                      handler->handle, device);
        if (error != SMP_OK)
            return error;
    }
    return SMP_OK;
}

int sim_groups_serve(struct sim_device *device)
{
    int error = SMP_OK;

    for (size_t i = 0; i < GROUPS && error == SMP_OK; i++) {
        if (device->groups & groups[i]->bit)
            error = serve(device, groups[i]);
    }
    return error == SMP_OK ? sim_custom_serve(device) : error;
}

void sim_groups_halt(struct sim_device *device)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (groups[i]->halt != NULL)
            groups[i]->halt(device);
    }
}

void sim_groups_boot(struct sim_device *device)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (groups[i]->boot != NULL)
            groups[i]->boot(device);
    }
    sim_custom_boot(device);
}

void sim_groups_close(struct sim_device *device)
{
    for (size_t i = 0; i < GROUPS; i++) {
        if (groups[i]->close != NULL)
            groups[i]->close(device);
    }
    sim_custom_close(device);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups a device can have.  Each is a file of its own with one constant: its
 * handlers and what to do at its birth, at a boot, and at its death.
 */
#ifndef SMPSIM_GROUP_H
#define SMPSIM_GROUP_H

#include "profile.h"

#include <smp/server.h>

#include <stddef.h>
#include <stdint.h>

struct sim_device;

/* One command's handler; its user pointer is the device. */
struct sim_handler {
    uint8_t id;
    uint8_t op;
    smp_handler *handle;
};

struct sim_group {
    enum sim_group_bit bit;
    uint16_t id;
    const char *name;  /* for options */
    const char *title; /* as Zephyr's enumeration tells it */
    const struct sim_handler *handlers;
    size_t n_handlers;
    /* The rest may be NULL. */
    int (*open)(struct sim_device *device, char *error, size_t error_size); /* once */
    void (*halt)(struct sim_device *device);  /* the power goes: nothing waits any more */
    void (*boot)(struct sim_device *device);  /* what was in RAM is gone */
    void (*close)(struct sim_device *device); /* also when it was never opened */
};

extern const struct sim_group sim_group_enum, sim_group_fs, sim_group_img, sim_group_os,
    sim_group_settings, sim_group_shell, sim_group_stat, sim_group_zephyr, sim_group_log,
    sim_group_crash, sim_group_run, sim_group_transport, sim_group_suit, sim_group_memfault;

/* All groups, in the order in which Zephyr's enumeration lists them; NULL past the last. */
const struct sim_group *sim_group_at(size_t index);
/* The group of that name, or NULL. */
const struct sim_group *sim_group_find(const char *name);
/* All names, separated by ", ". */
const char *sim_group_names(void);

/* What the members of the same names say, for all groups. */
void sim_groups_halt(struct sim_device *device);
void sim_groups_boot(struct sim_device *device);
void sim_groups_close(struct sim_device *device);

/* Registers the handlers of the groups that the device has. */
int sim_groups_serve(struct sim_device *device);

#endif

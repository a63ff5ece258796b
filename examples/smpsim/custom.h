/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups that a description file adds (groupfile.h).  Nobody knows what their commands do, so
 * the device remembers: a write stores its fields, each under its key, and answers give what is
 * stored there.  A key means the same in all commands of its group.
 */
#ifndef SMPSIM_CUSTOM_H
#define SMPSIM_CUSTOM_H

#include "custom_value.h"

#include <smp/message.h>

#include <stddef.h>
#include <stdint.h>

#define SIM_CUSTOM_MAX 32u      /* groups */
#define SIM_GROUP_FILES_MAX 16u /* files and folders of them */

struct sim_device;
struct sim_custom_command;

struct sim_custom {
    const struct smp_group *groups[SIM_CUSTOM_MAX];
    size_t n_groups;
    struct sim_custom_command *commands;
    size_t n_commands;
    struct sim_custom_values values;
    unsigned messages; /* made so far, for their names */
    void *memory;      /* for what is decoded */
};

/* Reads the files; groups that they describe anew are no longer the simulator's own. */
int sim_custom_open(struct sim_device *device, char *error, size_t error_size);
int sim_custom_serve(struct sim_device *device);
/* Everything has its first value again. */
void sim_custom_boot(struct sim_device *device);
void sim_custom_close(struct sim_device *device);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Values of options, and what is said of wrong ones. */
#ifndef SMPSIM_OPTIONS_VALUES_H
#define SMPSIM_OPTIONS_VALUES_H

#include "device.h"

/* Says what is wrong; returns SIM_EXIT_USAGE. */
int sim_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each takes a value, or complains; -1 to go on. */
int sim_set_profile(struct sim_device_options *device, const char *name);
int sim_set_error_key(struct sim_device_options *device, const char *key);
int sim_add_group(const char *option, const char *name, uint32_t *set);
int sim_set_mount(struct sim_device_options *device, const char *path);
int sim_set_faults(struct smp_faults *faults, const char *text);
/* One of them, by an option of its name. */
int sim_set_fault(struct smp_faults *faults, const char *name, const char *value);

#endif

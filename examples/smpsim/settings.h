/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of the simulated device: what the application has in RAM, and what was
 * saved: the file `settings` in the state folder, a line NAME=HEX each.
 */
#ifndef SMPSIM_SETTINGS_H
#define SMPSIM_SETTINGS_H

#include <smp/message.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_SETTINGS_MAX 32u
/* Zephyr's default for CONFIG_MCUMGR_GRP_SETTINGS_NAME_LEN, its NUL included. */
#define SIM_SETTING_NAME_SIZE 32u
#define SIM_SETTING_VALUE_MAX 200u

struct sim_value {
    bool present;
    uint8_t len;
    uint8_t data[SIM_SETTING_VALUE_MAX];
};

struct sim_setting {
    char name[SIM_SETTING_NAME_SIZE];
    struct sim_value now;   /* lost at a reset */
    struct sim_value saved; /* what the file says */
    struct sim_value first; /* when nothing was saved */
};

struct sim_settings {
    struct sim_setting entries[SIM_SETTINGS_MAX];
    size_t count;
};

/* The entry of that name, or NULL. */
struct sim_setting *sim_settings_find(struct sim_settings *settings, struct smp_str name);
/* Whether some module owns what stands before the first slash. */
bool sim_settings_owned(const struct sim_settings *settings, struct smp_str name);
/* The entry of that name, made when missing; NULL: no room, or no name. */
struct sim_setting *sim_settings_add(struct sim_settings *settings, struct smp_str name);
/* False: too long. */
bool sim_value_set(struct sim_value *value, const void *data, size_t len);

/* What was saved, or else the first value, becomes what the application has. */
void sim_settings_load(struct sim_settings *settings);
/*
 * Reads the file; one that is missing says that nothing was saved.
 * SMP_OK; SMP_ERR_MALFORMED or SMP_ERR_SYSTEM, and a sentence in `error`.
 */
int sim_settings_read(struct sim_settings *settings, const char *state, char *error, size_t size);
/* Writes what is marked as saved: the file changes at once and whole.  SMP_ERR_SYSTEM: errno. */
int sim_settings_write(const struct sim_settings *settings, const char *state);

#endif

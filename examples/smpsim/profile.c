/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include <smp/header.h>

#include <stddef.h>
#include <string.h>

#define ZEPHYR_GROUPS                                                                              \
    (SIM_GROUP_FS | SIM_GROUP_IMG | SIM_GROUP_OS | SIM_GROUP_SHELL | SIM_GROUP_STAT |              \
     SIM_GROUP_ZEPHYR)

#define CONSOLE_ECHO                                                                               \
    {                                                                                              \
        SMP_GROUP_OS, 1                                                                            \
    }
#define MEMORY_POOLS                                                                               \
    {                                                                                              \
        SMP_GROUP_OS, 3                                                                            \
    }
#define PARAMS                                                                                     \
    {                                                                                              \
        SMP_GROUP_OS, 6                                                                            \
    }
#define OS_INFO                                                                                    \
    {                                                                                              \
        SMP_GROUP_OS, 7                                                                            \
    }
#define BOOT_LOADER                                                                                \
    {                                                                                              \
        SMP_GROUP_OS, 8                                                                            \
    }
#define CORE_LIST                                                                                  \
    {                                                                                              \
        SMP_GROUP_IMG, 3                                                                           \
    }
#define CORE_LOAD                                                                                  \
    {                                                                                              \
        SMP_GROUP_IMG, 4                                                                           \
    }
#define SLOT_INFO                                                                                  \
    {                                                                                              \
        SMP_GROUP_IMG, 6                                                                           \
    }
#define FS_CLOSE                                                                                   \
    {                                                                                              \
        SMP_GROUP_FS, 4                                                                            \
    }

/* The first one is what a device is when nobody says anything. */
static const struct sim_profile profiles[] = {
    {
        .name = "zephyr-4.4",
        .version = "4.4.0",
        .groups = ZEPHYR_GROUPS | SIM_GROUP_ENUM | SIM_GROUP_SETTINGS,
        .n_missing = 3,
        .missing = {CONSOLE_ECHO, CORE_LIST, CORE_LOAD},
        .always_resets = true,
        .shell_output = 512,
    },
    {
        /* Recorded was 3.4.99, which has settings and enumeration already. */
        .name = "zephyr-3.4",
        .version = "3.4.99",
        .groups = ZEPHYR_GROUPS | SIM_GROUP_ENUM | SIM_GROUP_SETTINGS,
        .n_missing = 4,
        .missing = {CONSOLE_ECHO, MEMORY_POOLS, CORE_LIST, CORE_LOAD},
        .err_as_ret = true,
        .guard_pending = true,
        .old_erase = true,
        .plain_query_error = true,
        .old_fs_codes = true,
        .old_settings = true,
        .old_stat = true,
        .shell_output = 2048,
    },
    {
        .name = "zephyr-3.2",
        .version = "3.2.0",
        .groups = ZEPHYR_GROUPS,
        .n_missing = 8,
        .missing = {CONSOLE_ECHO, MEMORY_POOLS, OS_INFO, BOOT_LOADER, CORE_LIST, CORE_LOAD,
                    SLOT_INFO, FS_CLOSE},
        .v1_only = true,
        .rc_always = true,
        .guard_pending = true,
        .old_erase = true,
        .fs_closes = true,
        .old_fs_codes = true,
        .shell_rc = true,
        .shell_output = 256,
    },
    {
        .name = "mynewt",
        .version = "1.13.0",
        .groups = SIM_GROUP_FS | SIM_GROUP_IMG | SIM_GROUP_OS | SIM_GROUP_SETTINGS |
                  SIM_GROUP_SHELL | SIM_GROUP_STAT | SIM_GROUP_LOG | SIM_GROUP_CRASH |
                  SIM_GROUP_RUN,
        .n_missing = 5,
        .missing = {PARAMS, OS_INFO, BOOT_LOADER, SLOT_INFO, FS_CLOSE},
        .v1_only = true,
        .rc_always = true,
        .no_params = true,
        .fs_closes = true,
        .old_fs_codes = true,
        .shell_rc = true,
        .shell_output = 512,
        .mynewt = true,
    },
    {
        .name = "mcuboot", /* and the application is the first one */
        .version = "4.4.0",
        .groups = ZEPHYR_GROUPS | SIM_GROUP_ENUM | SIM_GROUP_SETTINGS,
        .n_missing = 3,
        .missing = {CONSOLE_ECHO, CORE_LIST, CORE_LOAD},
        .always_resets = true,
        .shell_output = 512,
        .recovery = true,
    },
};
#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

const struct sim_profile *sim_profile_find(const char *name)
{
    for (size_t i = 0; i < PROFILES; i++) {
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    }
    return NULL;
}

const char *sim_profile_names(void)
{
    return "zephyr-4.4, zephyr-3.4, zephyr-3.2, mynewt, mcuboot";
}

bool sim_profile_misses(const struct sim_profile *profile, uint16_t group, uint8_t id)
{
    for (size_t i = 0; i < profile->n_missing; i++) {
        if (profile->missing[i].group == group && profile->missing[i].id == id)
            return true;
    }
    return false;
}

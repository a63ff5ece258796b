/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of server the device runs: one table of all the differences.
 *
 * Where there are recordings of real devices, the profile does as they did; what
 * the handlers do that is not asked for here is what the current Zephyr does.
 */
#ifndef SMPSIM_PROFILE_H
#define SMPSIM_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

/* Groups of the simulator, as bits of a set. */
enum sim_group_bit {
    SIM_GROUP_ENUM = 1u << 0,
    SIM_GROUP_FS = 1u << 1,
    SIM_GROUP_IMG = 1u << 2,
    SIM_GROUP_OS = 1u << 3,
    SIM_GROUP_SETTINGS = 1u << 4,
    SIM_GROUP_SHELL = 1u << 5,
    SIM_GROUP_STAT = 1u << 6,
    SIM_GROUP_ZEPHYR = 1u << 7,
    SIM_GROUP_LOG = 1u << 8,
    SIM_GROUP_CRASH = 1u << 9,
    SIM_GROUP_RUN = 1u << 10,
    SIM_GROUP_TRANSPORT = 1u << 11,
    SIM_GROUP_SUIT = 1u << 12,
    SIM_GROUP_MEMFAULT = 1u << 13,
};

#define SIM_MISSING_MAX 8u

/* A command that the server does not have, in a group that it has. */
struct sim_missing {
    uint16_t group;
    uint8_t id;
};

struct sim_profile {
    const char *name;
    const char *version; /* of the system, as the shell tells it */
    uint32_t groups;     /* enum sim_group_bit */
    uint8_t n_missing;
    struct sim_missing missing[SIM_MISSING_MAX];

    /* packets */
    bool v1_only;    /* answers as before SMP v2, whatever the request's version */
    bool rc_always;  /* `rc: 0` in answers of success */
    bool err_as_ret; /* group errors under `ret` */

    /* commands */
    bool no_params;         /* buffer size and count are not told */
    bool guard_pending;     /* no upload and no erase while an image is pending */
    bool old_erase;         /* an empty or unknown slot is an error of the flash */
    bool plain_query_error; /* boot loader: an unknown query is a plain `rc` 3 */
    bool fs_closes;         /* a file is closed after each chunk */
    bool old_fs_codes;      /* no code for a missing mount or an empty file; to v1 always 1 */
    bool old_settings;      /* other codes for unknown names; deleting empties */
    bool old_stat;      /* lists have `rc`; unknown sections: another group's code, stale headers */
    bool always_resets; /* whatever the keys of a reset hold */
    bool shell_rc;      /* a shell command's exit code in `rc` */
    uint16_t shell_output; /* the most a shell command's output can be, then it is cut */
    bool mynewt;           /* settings are text, counters have 64 bits, a console, core dumps */
    bool recovery;         /* has MCUboot's serial recovery, and is in it at power-on */
};

/* The profile of that name, or NULL. */
const struct sim_profile *sim_profile_find(const char *name);
/* All of them, separated by ", ". */
const char *sim_profile_names(void);
/* Whether the server lacks a command of a group that it has. */
bool sim_profile_misses(const struct sim_profile *profile, uint16_t group, uint8_t id);

#endif

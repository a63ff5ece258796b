/* SPDX-License-Identifier: Apache-2.0 */
/* Group log of the simulated device: Mynewt's. */
#ifndef SMPSIM_LOG_H
#define SMPSIM_LOG_H

#include <smp/message.h>

#include <stddef.h>
#include <stdint.h>

struct sim_device;

#define SIM_LOG_ENTRIES 64u
#define SIM_LOG_TEXT 64u

/* Numbers as Mynewt has them. */
enum sim_log_level {
    SIM_LOG_DEBUG,
    SIM_LOG_INFO,
    SIM_LOG_WARN,
    SIM_LOG_ERROR,
    SIM_LOG_CRITICAL,
};
enum sim_log_module {
    SIM_LOG_DEFAULT = 0,
    SIM_LOG_OS = 1,
    SIM_LOG_NEWTMGR = 2,
    SIM_LOG_REBOOT = 6,
    SIM_LOG_TEST = 8,
};

struct sim_log_entry {
    uint64_t index;
    uint64_t us; /* since the boot */
    uint8_t module;
    uint8_t level;
    uint8_t len;
    char text[SIM_LOG_TEXT];
};

/* The newest entries of both logs; kept over resets. */
struct sim_log {
    struct sim_log_entry entries[SIM_LOG_ENTRIES];
    size_t count;  /* of the places in use */
    size_t oldest; /* the place that is overwritten next, when all are in use */
    uint64_t next_index;
};

/* Adds an entry; what is too long is cut. */
void sim_log_add(struct sim_device *device, enum sim_log_module module, enum sim_log_level level,
                 struct smp_str text);

#endif

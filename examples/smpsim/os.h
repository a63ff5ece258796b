/* SPDX-License-Identifier: Apache-2.0 */
/* Group OS of the simulated device. */
#ifndef SMPSIM_OS_H
#define SMPSIM_OS_H

#include <stdint.h>

struct sim_device;

/* Lost at a reset. */
struct sim_os {
    uint64_t requests; /* executed since the last boot */
    uint32_t heap_min; /* fewest bytes of heap ever free */
};

/* Registers the handlers. */
int sim_os_init(struct sim_device *device);
/* After each boot. */
void sim_os_boot(struct sim_device *device);

#endif

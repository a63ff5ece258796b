/* SPDX-License-Identifier: Apache-2.0 */
/* Group OS of the simulated device. */
#ifndef SMPSIM_OS_H
#define SMPSIM_OS_H

#include <smp/os.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_device;

/* Lost at a reset. */
struct sim_os {
    uint64_t requests;          /* executed since the last boot */
    uint32_t heap_min;          /* fewest bytes of heap ever free */
    struct smp_header current;  /* of the request that is executed */
    struct smp_header previous; /* of the one before */
};

/* Tells about a task; false: there is none with that index. */
bool sim_os_task(const struct sim_device *device, size_t index, struct smp_os_task *task);

#endif

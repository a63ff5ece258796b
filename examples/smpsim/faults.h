/* SPDX-License-Identifier: Apache-2.0 */
/* What goes wrong: with the links, and with the device itself at a request or a write to flash. */
#ifndef SMPSIM_FAULTS_H
#define SMPSIM_FAULTS_H

#include "flash.h"

#include <smp/loopback.h>

#include <stdbool.h>
#include <stdint.h>

struct sim_device;

struct sim_faults {
    uint64_t requests; /* so many came */
    uint64_t changes;  /* writes and erased sectors of all slots, after the factory's */
    bool power_lost;
    uint64_t random;
};

/* Whether links suffer, not only the device. */
bool sim_faults_of_links(const struct smp_faults *faults);

/* Counts what happens from now on. */
void sim_faults_arm(struct sim_device *device);
/* A request came.  True: the device is down now, and nobody will answer it. */
bool sim_faults_request(struct sim_device *device);
/* The flash works again after a power cut. */
void sim_faults_power_on(struct sim_device *device);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that lack a key the library's tables require.  Zephyr's handlers look for themselves
 * what they need, and some do without.
 */
#ifndef SMPSIM_LENIENT_H
#define SMPSIM_LENIENT_H

#include <smp/server.h>

struct sim_device;

/* Answers a request in which something is missing or wrong that the device does without. */
void sim_lenient(struct sim_device *device, struct smp_exchange *exchange);

#endif

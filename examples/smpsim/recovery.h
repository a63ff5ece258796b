/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MCUboot's serial recovery: what answers when no application runs.  Console echo, reset,
 * parameters, image list, and an upload into the primary slot; all else is `rc` 8.
 */
#ifndef SMPSIM_RECOVERY_H
#define SMPSIM_RECOVERY_H

#define SIM_RECOVERY_BUF_SIZE 1024u
#define SIM_RECOVERY_BUF_COUNT 8u /* lines that it can hold; it tells 1 */

#include <smp/server.h>

struct sim_device;

/* Registers its handlers. */
int sim_recovery_serve(struct sim_device *device);

/* Answers those commands whose request it does not look at, whatever that holds. */
void sim_recovery_lenient(struct sim_device *device, struct smp_exchange *exchange);

#endif

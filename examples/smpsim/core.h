/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core dump of Mynewt devices: the file `core` in the state folder, put there
 * by whoever wants the device to have crashed.
 */
#ifndef SMPSIM_CORE_H
#define SMPSIM_CORE_H

#include <smp/server.h>

void sim_core_list(struct smp_exchange *exchange, const void *request, void *user);
void sim_core_load(struct smp_exchange *exchange, const void *request, void *user);
void sim_core_erase(struct smp_exchange *exchange, const void *request, void *user);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Image upload: one session, kept in RAM. */
#ifndef SMPSIM_UPLOAD_H
#define SMPSIM_UPLOAD_H

#include <smp/server.h>

struct sim_device;

/* The handler of group 1, command 1. */
void sim_upload_handle(struct smp_exchange *exchange, const void *request, void *user);
/* Ends the session, as a reset and an erase do. */
void sim_upload_forget(struct sim_device *device);

#endif

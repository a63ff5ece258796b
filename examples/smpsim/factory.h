/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to a device before anybody has it: it gets its first firmware. */
#ifndef SMPSIM_FACTORY_H
#define SMPSIM_FACTORY_H

#include <stddef.h>

struct sim_device;

/*
 * Programs the files of the options into the primary slots that hold nothing that
 * boots, and boots those.  To be called after the boot loader has run.  On failure
 * `error` holds a sentence.
 */
int sim_factory_program(struct sim_device *device, char *error, size_t size);

#endif

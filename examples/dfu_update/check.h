/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The health check: a shell command that ends with status 0 when the new image is good.  It finds
 * DFU_ADDRESS, DFU_SERIAL, DFU_FROM and DFU_VERSION in its environment, and SMP_DEVICE for smpctl.
 */
#ifndef DFU_CHECK_H
#define DFU_CHECK_H

#include <smp/update.h>

struct run;
struct unit;

void check_start(struct unit *unit, const struct smp_update_report *report);
/* Ends the command, if one runs. */
void check_stop(struct unit *unit);
/* Some child has ended. */
void check_reap(struct run *run);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Several devices at once: -d given again, or --devices FILE. */
#ifndef SMPCTL_MANY_H
#define SMPCTL_MANY_H

struct smpctl;

/*
 * Runs ctl->command: for the one device the options name, or for each of them
 * at the same time.  Returns the worst status.
 */
int many_run(struct smpctl *ctl);

#endif

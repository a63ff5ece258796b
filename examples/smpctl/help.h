/* SPDX-License-Identifier: Apache-2.0 */
/* Help: for everything, for a family of commands, for one command. */
#ifndef SMPCTL_HELP_H
#define SMPCTL_HELP_H

struct smpctl;

/* Prints what fits ctl->command and ctl->family to standard output. */
void help_print(struct smpctl *ctl);

#endif

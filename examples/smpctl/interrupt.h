/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C and SIGTERM, noticed by a loop instead of ending the process. */
#ifndef SMPCTL_INTERRUPT_H
#define SMPCTL_INTERRUPT_H

#include <smp/loop.h>

#include <stdbool.h>

/*
 * From now on a signal makes the loop call on_signal; a second one ends the
 * process as usual.  One loop at a time.  Returns an error of the library's.
 */
int interrupt_watch(struct smp_loop *loop, void (*on_seen)(void *user), void *user);

/* Signals end the process again. */
void interrupt_unwatch(void);

/* Whether a signal came. */
bool interrupt_seen(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-C, SIGTERM and Ctrl-Z, noticed by a loop instead of ending or stopping the process at once. */
#ifndef SMPCTL_INTERRUPT_H
#define SMPCTL_INTERRUPT_H

#include <smp/loop.h>

#include <stdbool.h>

/*
 * From now on a signal makes the loop call on_signal; a second one ends the
 * process as usual.  One loop at a time.  Returns an error of the library's.
 */
int interrupt_watch(struct smp_loop *loop, void (*on_seen)(void *user), void *user);

/*
 * Ctrl-Z (SIGTSTP), as long as signals are watched: calls on_stop(true, user), stops the process, and
 * calls on_stop(false, user) when it goes on.
 */
void interrupt_on_stop(void (*on_stop)(bool stops, void *user));

/* Signals end the process again. */
void interrupt_unwatch(void);

/* Whether a signal came. */
bool interrupt_seen(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A link that goes down in the middle, as when a board that is its own USB device
 * resets: with --wait or --console it is opened again as soon as it is back.
 */
#ifndef SMPCTL_KEEPER_H
#define SMPCTL_KEEPER_H

#include <smp/session.h>

struct smpctl;

/* Before ctl's session is made: sets what it needs, if the user wants the link kept. */
void keeper_begin(struct smpctl *ctl, struct smp_session_options *options);
void keeper_end(struct smpctl *ctl);

/*
 * Shows the console's text after a reset, until it has been quiet for a while,
 * through the loss of a port that comes back.  Sends nothing: a boot loader that
 * hears SMP while it starts may stay.
 */
void keeper_follow(struct smpctl *ctl);

#endif

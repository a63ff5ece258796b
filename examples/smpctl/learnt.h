/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What transfers found out about a device and the way to it (how many packets at
 * once, how large), kept from run to run: smpctl/devices.json in the user's state
 * folder.  Only a help: a file that is missing, damaged or not writable is as none.
 */
#ifndef SMPCTL_LEARNT_H
#define SMPCTL_LEARNT_H

struct smpctl;

/* Tells ctl's session what is known, and has it kept when the device is closed. */
void learnt_begin(struct smpctl *ctl);

/* Forgets what is kept of ctl's device: it may have been mended meanwhile. */
void learnt_forget(struct smpctl *ctl);

/* Keeps what ctl's session has learnt since. */
void learnt_end(struct smpctl *ctl);

#endif

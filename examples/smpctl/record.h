/* SPDX-License-Identifier: Apache-2.0 */
/* --record: the session's packets, kept in a file (recording.h). */
#ifndef SMPCTL_RECORD_H
#define SMPCTL_RECORD_H

struct smpctl;

/*
 * Watches the packets of ctl->transport; if --record was given: begins the file,
 * or goes on with it.  Returns STATUS_DONE or what was reported.
 */
int record_begin(struct smpctl *ctl);

/* Ends it.  Returns the status, or what was reported when not all could be written. */
int record_end(struct smpctl *ctl, int status);

#endif

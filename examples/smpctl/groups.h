/* SPDX-License-Identifier: Apache-2.0 */
/* Description files of groups of the user's own: see groupfile.h. */
#ifndef SMPCTL_GROUPS_H
#define SMPCTL_GROUPS_H

struct smpctl;

/*
 * Adds to the loop what --groups names, or else what lies in the folder
 * smpctl/groups of the user's configuration, if the command can use it.
 * Returns STATUS_DONE, or what was reported.
 */
int groups_load(struct smpctl *ctl);

#endif

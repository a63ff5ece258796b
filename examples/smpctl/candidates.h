/* SPDX-License-Identifier: Apache-2.0 */
/* What can stand next on a command line. */
#ifndef SMPCTL_CANDIDATES_H
#define SMPCTL_CANDIDATES_H

struct smpctl;

/*
 * Prints what the last word can become, one a line, behind a tab what it is;
 * `:file` stands for the names of files.
 */
void candidates_put(struct smpctl *ctl, const char *const *words, int n);

#endif

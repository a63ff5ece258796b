/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of this machine that is written: first under a temporary name in the
 * same folder, so that under its own there is always a whole file or the old one.
 */
#ifndef SMPCTL_SAVE_H
#define SMPCTL_SAVE_H

#include <smp/transfer.h>

#include <limits.h>

struct smpctl;

struct save {
    char path[PATH_MAX];      /* its own name */
    char temporary[PATH_MAX]; /* "": there is none */
    int fd;
    struct smp_sink sink;
};

/*
 * Begins a file.  path may be a folder: then the last part of remote is its
 * name, unless that could lead elsewhere.  Returns STATUS_DONE, or what was
 * reported; save_end() is due in both cases.
 */
int save_begin(struct smpctl *ctl, const char *path, const char *remote, struct save *save);

/* Gives the file its own name.  Returns STATUS_DONE or what was reported. */
int save_keep(struct smpctl *ctl, struct save *save);

/* Closes, and removes what was not kept. */
void save_end(struct save *save);

#endif

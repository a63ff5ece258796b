/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of this machine that is written: first under a temporary name in the
 * same folder, so that under its own there is always a whole file or the old one.
 */
#ifndef SMPCTL_SAVE_H
#define SMPCTL_SAVE_H

#include <smp/transfer.h>

#include <limits.h>
#include <stdint.h>

#define SAVE_WORTH 16384u /* bytes; fewer are fetched again as soon */

struct smpctl;

struct save {
    char path[PATH_MAX];      /* its own name */
    char temporary[PATH_MAX]; /* "": there is none */
    int fd;
    uint64_t held; /* bytes that an earlier run left */
    struct smp_sink sink;
};

/*
 * Begins a file.  path may be a folder: then the last part of remote is its
 * name, unless that could lead elsewhere.  Returns STATUS_DONE, or what was
 * reported; save_end() is due in both cases.
 */
int save_begin(struct smpctl *ctl, const char *path, const char *remote, struct save *save);

/*
 * The same, but going on with what an earlier run left under the name with .part
 * behind it; held says how much.  When somebody else writes there just now: as
 * save_begin().
 */
int save_begin_part(struct smpctl *ctl, const char *path, const char *remote, struct save *save);

/* Forgets what was held behind `length` bytes.  Returns STATUS_DONE or what was reported. */
int save_cut(struct smpctl *ctl, struct save *save, uint64_t length);

/* Leaves what came for another run, if that is worth it: save_end() does not remove it. */
void save_leave(struct smpctl *ctl, struct save *save);

/* Gives the file its own name.  Returns STATUS_DONE or what was reported. */
int save_keep(struct smpctl *ctl, struct save *save);

/* Closes, and removes what was not kept. */
void save_end(struct save *save);

#endif

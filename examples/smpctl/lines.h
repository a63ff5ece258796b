/* SPDX-License-Identifier: Apache-2.0 */
/* Lines a user types, with editing and history where libedit is installed. */
#ifndef SMPCTL_LINES_H
#define SMPCTL_LINES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

struct lines {
    bool terminal;          /* somebody types; else it is a file or pipe, without prompt */
    bool editing;           /* libedit is there */
    char history[PATH_MAX]; /* where it is kept, "": nowhere */
    char *line;
    size_t room;
};

void lines_open(struct lines *lines);

/* The next line without its end, valid until the next call; NULL at the end. */
const char *lines_read(struct lines *lines, const char *prompt);

/* Keeps the history. */
void lines_close(struct lines *lines);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals as the system makes them, with a link to the side that clients open. */
#ifndef SMPI_TRANSPORTS_PTY_TERMINAL_H
#define SMPI_TRANSPORTS_PTY_TERMINAL_H

#include <limits.h>
#include <stdbool.h>

enum { SMPI_TERMINAL_PATH = 64 };

struct smpi_terminal {
    int fd;                        /* our side, non-blocking; -1: none */
    char path[SMPI_TERMINAL_PATH]; /* the other side */
    char link[PATH_MAX];           /* to it; "": none */
};

/*
 * Opens one, raw from the start.  The other side counts as hung up until somebody opens it.
 * `link` may be NULL.  On error what was done is undone by smpi_terminal_close().
 */
int smpi_terminal_open(struct smpi_terminal *terminal, const char *link);
void smpi_terminal_close(struct smpi_terminal *terminal, bool unlink_it);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smpctl, the command line for SMP devices: what its parts share.
 *
 * main.c finds the command, options.c reads the options, and one cmd_*.c holds
 * each family of commands.  A command opens the device (device.h), asks, and
 * prints (output.h); whatever fails is reported where it fails and becomes the
 * exit status.
 */
#ifndef SMPCTL_H
#define SMPCTL_H

#include "options.h"

#include <smp/smp.h>

#include <stdbool.h>

/* Exit statuses, as help.c tells them. */
enum status {
    STATUS_DONE = 0,
    STATUS_DEVICE = 1,        /* the device refused */
    STATUS_USAGE = 2,         /* wrong options or arguments */
    STATUS_LINK = 3,          /* no answer, no usable answer, or no link */
    STATUS_FILE = 4,          /* a file of this machine, standard output included */
    STATUS_INTERRUPTED = 130, /* Ctrl-C, as a shell would say it */
};

struct smpctl;

/* One command. */
struct command {
    const char *name;    /* "image test" */
    const char *args;    /* "HASH|SLOT|FILE", or "" */
    const char *summary; /* one line */
    const char *help;    /* more lines, or NULL */
    int min_args;
    int max_args;               /* -1: any number */
    struct poptOption *options; /* its own options, or NULL */
    int (*run)(struct smpctl *ctl);
};

/* One run of the program. */
struct smpctl {
    const char *name;              /* what it was called as: "smpctl", "mcumgr" */
    const struct command *command; /* NULL: none was named */
    const char *family;            /* "image", when only that was named */
    const char *const *args;       /* what follows the command */
    int n_args;
    struct options options;

    char device[160]; /* as messages name it: "udp://[::1]:1337" */
    struct smp_loop *loop;
    struct smp_transport *transport;
    struct smp_session *session;
};

#endif

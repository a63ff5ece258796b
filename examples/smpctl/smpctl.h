/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smpctl, the command line for SMP devices: what its parts share.
 *
 * main.c finds the command, options.c reads the options, and one cmd_*.c holds
 * each family of commands.  A command opens the device (device.h), asks, and
 * prints (output.h); whatever fails is reported where it fails and becomes the
 * exit status.  A command knows one device only; many.c runs it for several.
 */
#ifndef SMPCTL_H
#define SMPCTL_H

#include "link.h"
#include "options.h"

#include <smp/smp.h>

#include <stdbool.h>
#include <stdio.h>

/* Exit statuses, as help.c tells them. */
enum status {
    STATUS_DONE = 0,
    STATUS_DEVICE = 1,        /* the device refused */
    STATUS_USAGE = 2,         /* wrong options or arguments */
    STATUS_LINK = 3,          /* no answer, no usable answer, or no link */
    STATUS_FILE = 4,          /* a file of this machine, standard output included */
    STATUS_INTERRUPTED = 130, /* Ctrl-C, as a shell would say it */
};

struct progress;
struct recorder;
struct smpctl;
struct task;

enum command_flag {
    LOCAL = 1,  /* needs no device */
    ALONE = 2,  /* one device at a time: it talks with the user */
    TABLES = 4, /* wants the groups of description files */
};

/* One command. */
struct command {
    const char *name;    /* "image test" */
    const char *args;    /* "HASH|SLOT|FILE"; NULL: none */
    const char *summary; /* one line */
    const char *help;    /* more lines, or NULL */
    int min_args;
    int max_args;               /* ANY: any number */
    int flags;                  /* enum command_flag */
    struct poptOption *options; /* its own options, or NULL */
    int (*run)(struct smpctl *ctl);
};

#define ANY (-1)

/* One run of a command, for one device. */
struct smpctl {
    const char *name;              /* what it was called as: "smpctl", "mcumgr" */
    const struct command *command; /* NULL: none was named */
    const char *family;            /* "image", when only that was named */
    const char *const *args;       /* what follows the command */
    int n_args;
    struct options options;

    char device[160]; /* as messages name it: "udp://[::1]:1337" */
    const char *hint; /* what to think of when no answer comes, or NULL */
    struct smp_loop *loop;
    struct link link;
    struct smp_transport *transport;
    struct smp_session *session;
    smp_id waiting;                  /* what device_wait() waits for, or 0 */
    const struct smp_result *result; /* its end */
    bool learning;                   /* what the session learns is kept */
    struct recorder *recorder;       /* of --record, or NULL */
    struct progress *progress;       /* of the transfer under way */

    FILE *out;         /* where its text goes */
    const char *label; /* with several devices: which one this is, for messages */
    struct task *task; /* the flow of this one, or NULL */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Options: the general ones, and finding the command among them. */
#ifndef SMPCTL_OPTIONS_H
#define SMPCTL_OPTIONS_H

#include <smp/loop.h>

#include <popt.h>
#include <stdbool.h>

struct smpctl;

/* The general options.  Strings are owned, NULL when not given. */
struct options {
    char *conn;
    char *conntype;
    char *connstring;
    char *connextra;
    char **urls; /* -d, as often as it was given */
    char *devices_file;
    char *groups_file;
    const char *device; /* the one of urls and file that is meant; not owned */
    char *record;
    char *loglevel;
    double timeout; /* seconds; 0 when not given */
    double wait;    /* seconds; 0 when not given */
    int console;
    int tries; /* 0 when not given */
    int verbose;
    int json;
    int help;
    int version;
    enum smp_log_level level; /* from loglevel and verbose */
    poptContext context;
};

/* The seconds to wait for an answer, and how often to ask. */
#define DEFAULT_TIMEOUT 10.0
#define DEFAULT_TRIES 1

/*
 * Reads the whole command line: sets ctl->command (NULL when there is none, or
 * when help is wanted for a whole family), args and options.
 * Returns STATUS_DONE, or what options_fail said.
 */
int options_parse(struct smpctl *ctl, int argc, const char **argv);

/* The table of the general options. */
const struct poptOption *options_general(void);

/* Prints help for ctl->command's options, or only the general ones. */
void options_print_help(struct smpctl *ctl, const char *usage);

void options_free(struct options *options);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. */
#ifndef DFU_OPTIONS_H
#define DFU_OPTIONS_H

#include <popt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit statuses; of several devices the highest counts. */
enum status {
    STATUS_DONE = 0,
    STATUS_DEVICE = 1,   /* a device refused */
    STATUS_USAGE = 2,    /* wrong options or arguments */
    STATUS_LINK = 3,     /* no answer, no usable answer, or no link */
    STATUS_FILE = 4,     /* a file of this machine: the image, the key, the audit log */
    STATUS_NOT_GOOD = 5, /* the new image did not start, or was found bad and taken back */
    STATUS_INTERRUPTED = 130,
};

enum confirm {
    CONFIRM_NEVER, /* it stays on trial */
    CONFIRM_YES,
    CONFIRM_ASK,
    CONFIRM_CHECK, /* when a command says so */
};

struct options {
    const char *image;
    const char **devices; /* [SERIAL=]ADDRESS */
    size_t n_devices;
    enum confirm confirm;
    char *check; /* CONFIRM_CHECK: the command */
    double check_seconds;
    char *key;
    char *audit;
    char *verify; /* only check this audit log */
    char *who;
    int no_downgrade;
    int again;
    int recovery;
    int force_reset;
    int number;   /* of the image */
    int parallel; /* devices at a time */
    int window;
    int chunk;
    double wait, link; /* seconds; 0: as the library has it */
    int json;
    int quiet;
    int verbose;

    poptContext context;
    char *devices_file;
    char *confirm_word;
};

/* Returns -1 to go on, or the status to exit with; what is wrong was told. */
int options_read(struct options *options, int argc, const char **argv);
/* Where the address in "SERIAL=ADDRESS" begins: at the beginning when no serial number is given. */
const char *options_address(const char *device);
void options_free(struct options *options);

#endif

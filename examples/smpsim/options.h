/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. */
#ifndef SMPSIM_OPTIONS_H
#define SMPSIM_OPTIONS_H

#include "device.h"
#include "serial.h"

#include <smp/loopback.h>

#include <stdbool.h>
#include <stddef.h>

#define SIM_UDP_MAX 8u

enum sim_exit {
    SIM_EXIT_OK = 0,
    SIM_EXIT_USAGE = 2,
    SIM_EXIT_LINK = 3,   /* an address cannot be listened on */
    SIM_EXIT_FILE = 4,   /* a file or the state folder */
    SIM_EXIT_CRASH = 70, /* the device died of an overrun */
};

struct sim_options {
    struct sim_device_options device;
    struct smp_faults faults;
    const char *udp[SIM_UDP_MAX];
    size_t n_udp;
    struct sim_serial_options serial;
    const char *replay; /* a recording to be, instead of a device; NULL: none */
    bool replay_delays;
    bool quiet;
    bool verbose;
    struct sim_option_memory *memory; /* holds the strings */
};

/*
 * Reads the command line; -1 to go on, else the exit status, and everything has been said.
 * Free with sim_options_free() in both cases.
 */
int sim_options_read(struct sim_options *options, int argc, const char **argv);
void sim_options_free(struct sim_options *options);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a session, kept in a file: JSON, one document a line.
 *
 *     {"smp_recording":1,"device":"serial:///dev/ttyACM0","by":"smpctl 0.1.0"}
 *     {"time":1763722800.012345,"to":"device","bytes":"0800000100003500..."}
 *     {"time":1763722800.013512,"to":"host","bytes":"0900..."}
 *
 * The first line says what the file is: 1 is the version of this format, and
 * all other keys there are for people.  Each further line is one packet: seconds
 * since 1970, where it went, and its bytes, SMP's header first, in hexadecimal.
 * Other keys of a packet's line are passed over, and so are empty lines.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- writing ---- */

struct recorder;

/*
 * Begins a file; an old one is replaced.  device, by: for people, plain text.
 * NULL: errno says why.
 */
struct recorder *recorder_new(const char *path, const char *device, const char *by);

/* Adds a packet, and writes it out at once.  Returns 0, or errno, each time after a failure. */
int recorder_add(struct recorder *recorder, bool to_device, const uint8_t *packet, size_t len);

/* Closes.  Returns 0, or errno when not all could be written.  NULL is ignored. */
int recorder_close(struct recorder *recorder);

/* ---- reading ---- */

struct recorded {
    double time;
    bool to_device;
    const uint8_t *packet;
    size_t len; /* 1 to 65543 */
};

struct recording {
    struct recorded *packets;
    size_t n;
    uint8_t *bytes; /* of all packets */
};

/* Whether text begins as a recording does. */
bool recording_is(const char *text, size_t len);

/*
 * Takes a recording apart.  name: for the error, which says name, line and
 * reason.  False: error is set and nothing is to be freed.
 */
bool recording_parse(const char *name, const char *text, size_t len, struct recording *recording,
                     char *error, size_t size);

/* The same from a file. */
bool recording_read(const char *path, struct recording *recording, char *error, size_t size);

void recording_free(struct recording *recording);

#endif

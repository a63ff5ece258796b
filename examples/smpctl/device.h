/* SPDX-License-Identifier: Apache-2.0 */
/* The device: which one, the way to it, and waiting for its answers. */
#ifndef SMPCTL_DEVICE_H
#define SMPCTL_DEVICE_H

#include <smp/session.h>

#include <stdint.h>

struct smpctl;

/* How a command wants its session; zero: the general options and their defaults. */
struct device_needs {
    uint32_t patience_ms; /* for an answer, unless -t says otherwise: erasing flash takes long */
    uint32_t window;      /* overrules what the device said */
    bool lossy;           /* many packets: without -r, try 4 times within the time of -t */
};

/* Makes loop, transport and session for the device the options name.  needs may be NULL. */
int device_open(struct smpctl *ctl, const struct device_needs *needs);

/* Closes whatever is open. */
void device_close(struct smpctl *ctl);

/*
 * Waits for one request's end.  error: what submitting it returned.  Returns a
 * success, valid until the next call, or NULL: then the failure was reported
 * and status is set.
 */
const struct smp_result *device_wait(struct smpctl *ctl, int error, smp_id id, int *status);

/* The same, then prints: JSON, or what print writes (NULL: "Done"). */
int device_finish(struct smpctl *ctl, int error, smp_id id,
                  void (*print)(const struct smp_result *result));

#endif

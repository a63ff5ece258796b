/* SPDX-License-Identifier: Apache-2.0 */
/* The device: which one, the way to it, and waiting for its answers. */
#ifndef SMPCTL_DEVICE_H
#define SMPCTL_DEVICE_H

#include <smp/session.h>

#include <stdbool.h>
#include <stdint.h>

struct smpctl;

/* How a command wants its session; zero: the general options and their defaults. */
struct device_needs {
    uint32_t patience_ms; /* for an answer, unless -t says otherwise: erasing flash takes long */
    uint32_t window;      /* overrules what the device said */
    bool lossy;           /* many packets: without -r, ask once a second within the time of -t */
};

/* Makes the loop alone, with the groups of description files if the command wants them. */
int device_loop(struct smpctl *ctl);

/* Makes loop, transport and session for the device the options name.  needs may be NULL. */
int device_open(struct smpctl *ctl, const struct device_needs *needs);

/* Closes whatever is open. */
void device_close(struct smpctl *ctl);

/* Every request is submitted with this as `done` and ctl as `user`, so that it can be waited for. */
smp_callback device_done;

/* From now on Ctrl-C cancels what is waited for, instead of ending the program at once. */
int device_catch_interrupts(struct smpctl *ctl);

/* Before and after the process is stopped (Ctrl-Z): a transfer pauses. */
void device_stop(struct smpctl *ctl, bool stops);

/*
 * Waits for one request's end.  error: what submitting it returned.  Returns a
 * result, valid until the next call, or NULL: then the failure was reported and
 * status is set.
 */
const struct smp_result *device_await(struct smpctl *ctl, int error, smp_id id, int *status);

/* The same, but a result that is no success was reported and is NULL too. */
const struct smp_result *device_wait(struct smpctl *ctl, int error, smp_id id, int *status);

typedef void device_print(const struct smp_result *result);

/* Reports a failure, or prints a success: JSON, or what print writes (NULL: "Done"). */
int device_report(struct smpctl *ctl, const struct smp_result *result, device_print *print);

/* Waits and reports. */
int device_finish(struct smpctl *ctl, int error, smp_id id, device_print *print);

/* All of it for a command without a request's fields. */
typedef int device_call(struct smp_session *session, smp_callback *done, void *user, smp_id *id);
int device_ask(struct smpctl *ctl, device_call *call, device_print *print);

#endif

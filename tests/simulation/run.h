/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of the simulation: a client and a device of smpsim over a bad link, all of it decided by
 * a seed, on a fake clock.
 */
#ifndef TESTS_SIMULATION_RUN_H
#define TESTS_SIMULATION_RUN_H

#include "device.h"

#include <smp/smp.h>

enum job { JOB_UPDATE, JOB_FILE_UPLOAD, JOB_FILE_DOWNLOAD, JOBS };

struct run {
    uint64_t seed;
    const char *folder;      /* the device's; wiped before and after */
    const char *faults_text; /* these faults, whatever the seed says; NULL: the seed's */
    bool trace;

    /* what the seed decided */
    uint64_t random;
    enum job job;
    struct sim_device_options options;
    struct smp_faults faults;
    uint64_t work_ns;
    size_t bytes;
    uint8_t *data;    /* what is sent, or lies on the device */
    uint8_t *got;     /* what was received */
    uint8_t hash[32]; /* of an image */

    /* the world */
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *near;
    struct smp_transport *far;
    struct smp_session *session;
    struct sim_device *device;
    size_t live; /* blocks of the library's memory */

    /* how it went */
    const char *step; /* what was done last */
    unsigned phase;   /* of an update */
    int error;        /* SMP_OK: all of it was done */
    int64_t rc;       /* what the device said */
    uint64_t took_ms;
    uint64_t moved_at;    /* loop time of the last progress, or of the last call's beginning */
    uint64_t error_ms;    /* from then to an error, at most */
    unsigned calls;       /* begun */
    unsigned completions; /* callbacks */
    bool twice;           /* a call completed again */
    uint64_t packets;     /* requests that the device executed */
    uint32_t overruns;    /* requests that found no buffer, or none for the answer */
    const char *mistake;  /* of the library, seen on the way; NULL: none */
};

const char *run_job_name(enum job job);
/* Does it all.  NULL: all is as it should be; else what is not. */
const char *run_seed(struct run *run);

/* decide.c: everything in a run that chance decides. */
void run_decide(struct run *run);

/* judge.c: whether it ended as it may. */
const char *run_judge(struct run *run);
/* Whether an update's report tells what the device is left with. */
void run_check_report(struct run *run, const struct smp_update_report *report);

#endif

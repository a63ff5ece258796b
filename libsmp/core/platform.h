/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the loop needs of the operating system.  core/ knows this interface
 * only; platform/ implements it once for each kind of system.
 */
#ifndef SMPI_CORE_PLATFORM_H
#define SMPI_CORE_PLATFORM_H

#include <smp/loop.h>

/* Never: no deadline. */
#define SMPI_NEVER UINT64_MAX

struct smpi_platform;

struct smp_watch {
    struct smp_loop *loop;
    smp_watch_callback *callback; /* NULL once freed: events still collected are dropped */
    void *user;
    int fd;
    unsigned events; /* asked for */
    size_t index;    /* the platform's own use */
};

struct smpi_platform_ops {
    /* SMP_ERR_SYSTEM or SMP_ERR_NO_MEMORY.  Memory comes from the loop's allocator. */
    int (*open)(struct smp_loop *loop, struct smpi_platform **platform);
    /* Closes descriptors and frees memory; nothing that a parent process would notice. */
    void (*close)(struct smpi_platform *platform);
    /* The one descriptor, or SMP_ERR_UNSUPPORTED. */
    int (*fd)(const struct smpi_platform *platform);
    /* Monotonic nanoseconds. */
    uint64_t (*now)(void);
    /* A number that differs between processes, for fork detection. */
    uint64_t (*process)(void);
    /* Seed for sequence numbers: unpredictable enough to tell two runs apart. */
    uint64_t (*random)(void);
    /*
     * Collects what is ready, blocking until `until` (SMPI_NEVER: for ever; 0 or the
     * past: not at all), then calls smpi_watch_fire() for each, at most `budget`.
     * Returns how many, or SMP_ERR_SYSTEM.  A wake ends the blocking and counts.
     */
    int (*poll)(struct smpi_platform *platform, uint64_t until, int budget);
    /* Makes the descriptor readable at `due` (SMPI_NEVER: not by time). */
    void (*arm)(struct smpi_platform *platform, uint64_t due);
    /* Any thread, signal handlers. */
    void (*wake)(struct smpi_platform *platform);
    int (*watch)(struct smpi_platform *platform, struct smp_watch *watch);
    int (*rewatch)(struct smpi_platform *platform, struct smp_watch *watch);
    void (*unwatch)(struct smpi_platform *platform, struct smp_watch *watch);
};

/* The build's own; defined in platform/. */
const struct smpi_platform_ops *smpi_platform_default(void);

/* Called by a platform for each ready watch, inside its `poll`. */
void smpi_watch_fire(struct smp_watch *watch, unsigned events);

#endif

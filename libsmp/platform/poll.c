/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any POSIX system: poll() over an array, and a pipe to itself for
 * smp_loop_wake().  There is no single descriptor to give away, and poll()
 * counts in milliseconds: deadlines are kept to the next full one.
 */
#include "platform/platform.h"

#include "core/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

struct smpi_platform {
    struct smp_loop *loop;
    int wake; /* the pipe's end to write to; slot 0 polls the other one */
    size_t count;
    size_t capacity;
    struct pollfd *slots;       /* fd < 0: paused, or its watch is gone */
    struct smp_watch **watches; /* of each slot; NULL: free to use again */
    size_t cursor;              /* where the next turn begins, so that none waits for ever */
};

/* ---- slots ---- */

static int grow(struct smpi_platform *platform)
{
    struct smp_loop *loop = platform->loop;
    size_t capacity = platform->capacity == 0 ? 8 : platform->capacity * 2;
    struct pollfd *slots = smpi_alloc(loop, capacity * sizeof(*slots));
    struct smp_watch **watches = smpi_alloc(loop, capacity * sizeof(struct smp_watch *));
    if (slots == NULL || watches == NULL) {
        smpi_free(loop, slots);
        smpi_free(loop, watches);
        return SMP_ERR_NO_MEMORY;
    }
    if (platform->count > 0) {
        memcpy(slots, platform->slots, platform->count * sizeof(*slots));
        memcpy(watches, platform->watches, platform->count * sizeof(struct smp_watch *));
    }
    smpi_free(loop, platform->slots);
    smpi_free(loop, platform->watches);
    platform->slots = slots;
    platform->watches = watches;
    platform->capacity = capacity;
    return SMP_OK;
}

/* Slots never move, so that watches may come and go while a turn goes through them. */
static int take_slot(struct smpi_platform *platform, size_t *slot)
{
    for (size_t i = 1; i < platform->count; i++) {
        if (platform->watches[i] == NULL) {
            *slot = i;
            return SMP_OK;
        }
    }
    if (platform->count == platform->capacity) {
        int error = grow(platform);
        if (error != SMP_OK) {
            return error;
        }
    }
    *slot = platform->count++;
    return SMP_OK;
}

static int platform_rewatch(struct smpi_platform *platform, struct smp_watch *watch)
{
    struct pollfd *slot = &platform->slots[watch->index];
    slot->fd = watch->events == 0 ? -1 : watch->fd;
    slot->events = (short)((watch->events & SMP_WATCH_READ ? POLLIN : 0) |
                           (watch->events & SMP_WATCH_WRITE ? POLLOUT : 0));
    return SMP_OK;
}

static int platform_watch(struct smpi_platform *platform, struct smp_watch *watch)
{
    int error = take_slot(platform, &watch->index);
    if (error != SMP_OK) {
        return error;
    }
    platform->watches[watch->index] = watch;
    platform->slots[watch->index].revents = 0;
    return platform_rewatch(platform, watch);
}

static void platform_unwatch(struct smpi_platform *platform, struct smp_watch *watch)
{
    platform->watches[watch->index] = NULL;
    platform->slots[watch->index].fd = -1;
    platform->slots[watch->index].revents = 0;
}

/* ---- waking ---- */

static void platform_wake(struct smpi_platform *platform)
{
    int error = errno; /* signal handlers must not change it */
    ssize_t written = write(platform->wake, "", 1);
    (void)written; /* it can only be full, and then it is readable */
    errno = error;
}

static void clear_wake(struct smpi_platform *platform)
{
    char bytes[64];
    while (read(platform->slots[0].fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
    }
}

static bool set_flags(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* ---- polling ---- */

static int timeout_until(const struct smpi_platform *platform, uint64_t until)
{
    uint64_t now = platform->loop->now;
    if (until == SMPI_NEVER) {
        return -1;
    }
    if (until <= now) {
        return 0;
    }
    uint64_t ms = (until - now - 1) / SMPI_MS + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* What to tell the watch of slot `i`, if anything; 0 when it was paused meanwhile. */
static unsigned take_events(struct smpi_platform *platform, size_t i)
{
    const struct smp_watch *watch = platform->watches[i];
    int said = platform->slots[i].revents;
    platform->slots[i].revents = 0;
    if (watch == NULL || watch->events == 0) {
        return 0;
    }
    unsigned events = (said & POLLIN ? (unsigned)SMP_WATCH_READ : 0) |
                      (said & POLLOUT ? (unsigned)SMP_WATCH_WRITE : 0);
    events &= watch->events;
    return said & (POLLERR | POLLHUP | POLLNVAL) ? events | SMP_WATCH_READ : events;
}

/* Tells the watches of ready slots, beginning where the last turn ended. */
static int dispatch(struct smpi_platform *platform, int ready, int budget)
{
    const size_t count = platform->count;
    size_t i = platform->cursor;
    int told = 0;
    for (size_t n = 0; n < count && ready > 0 && told < budget && !platform->loop->wait.done; n++) {
        i = i + 1 < count ? i + 1 : 0;
        if (platform->slots[i].revents == 0) {
            continue;
        }
        ready--;
        if (i == 0) {
            platform->slots[0].revents = 0;
            clear_wake(platform);
            told++;
            continue;
        }
        unsigned events = take_events(platform, i);
        if (events != 0) {
            told++;
            smpi_watch_fire(platform->watches[i], events);
        }
    }
    platform->cursor = i;
    return told;
}

static int platform_poll(struct smpi_platform *platform, uint64_t until, int budget)
{
    int ready = poll(platform->slots, (nfds_t)platform->count, timeout_until(platform, until));
    platform->loop->now = smpi_clock_now(); /* what is told now happened now, not before the wait */
    if (ready < 0) {
        return errno == EINTR ? 0 : SMP_ERR_SYSTEM;
    }
    return dispatch(platform, ready, budget);
}

/* ---- the rest ---- */

static void platform_close(struct smpi_platform *platform)
{
    if (platform->wake >= 0) {
        close(platform->wake);
        close(platform->slots[0].fd);
    }
    smpi_free(platform->loop, platform->slots);
    smpi_free(platform->loop, platform->watches);
    smpi_free(platform->loop, platform);
}

static int platform_open(struct smp_loop *loop, struct smpi_platform **platform)
{
    int ends[2];
    struct smpi_platform *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    made->wake = -1;
    if (grow(made) != SMP_OK) {
        platform_close(made);
        return SMP_ERR_NO_MEMORY;
    }
    if (pipe(ends) != 0) {
        platform_close(made);
        return SMP_ERR_SYSTEM;
    }
    made->wake = ends[1];
    made->slots[0] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    made->count = 1;
    if (!set_flags(ends[0]) || !set_flags(ends[1])) {
        platform_close(made);
        return SMP_ERR_SYSTEM;
    }
    *platform = made;
    return SMP_OK;
}

static int platform_fd(const struct smpi_platform *platform)
{
    (void)platform;
    return SMP_ERR_UNSUPPORTED;
}

static void platform_arm(struct smpi_platform *platform, uint64_t due)
{
    (void)platform; /* each poll is told how long it may take */
    (void)due;
}

const struct smpi_platform_ops *smpi_platform_poll(void)
{
    static const struct smpi_platform_ops ops = {
        .open = platform_open,
        .close = platform_close,
        .fd = platform_fd,
        .now = smpi_clock_now,
        .process = smpi_clock_process,
        .random = smpi_clock_random,
        .poll = platform_poll,
        .arm = platform_arm,
        .wake = platform_wake,
        .watch = platform_watch,
        .rewatch = platform_rewatch,
        .unwatch = platform_unwatch,
    };
    return &ops;
}

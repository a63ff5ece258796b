/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux: one epoll descriptor with everything in it: the watches, a timerfd and
 * an eventfd for smp_loop_wake().  Event frameworks watch that descriptor alone.
 *
 * The timer is set lazily.  Each answer moves the next deadline a little into
 * the future; leaving the timer where it is costs one wake too many when it
 * fires, instead of a system call for each packet.  A timer that fired is not
 * read either: it stays readable until the end of the turn sets it anew.
 */
#include "platform/platform.h"

#if defined(__linux__)

#include "core/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Events taken from the kernel at once. */
enum { BATCH = 64 };

struct smpi_platform {
    struct smp_loop *loop;
    int epoll;
    int timer;
    int event;
    uint64_t armed; /* when the timer fires; SMPI_NEVER: it is off */
    bool spent;     /* a poll saw the timer fire, or may have: the next arm must set it */
    struct epoll_event events[BATCH];
};

static void platform_close(struct smpi_platform *platform)
{
    const int fds[] = {platform->epoll, platform->timer, platform->event};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    smpi_free(platform->loop, platform);
}

/* Adds one of the platform's own descriptors, known by the address of its member. */
static bool add_own(struct smpi_platform *platform, int *fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = fd}};
    return *fd >= 0 && epoll_ctl(platform->epoll, EPOLL_CTL_ADD, *fd, &event) == 0;
}

static int platform_open(struct smp_loop *loop, struct smpi_platform **platform)
{
    struct smpi_platform *made = smpi_alloc(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->loop = loop;
    made->armed = SMPI_NEVER;
    made->epoll = epoll_create1(EPOLL_CLOEXEC);
    made->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    made->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    /* Reading an epoll descriptor is meaningless, but Go's poller asks for the flag. */
    if (made->epoll < 0 || fcntl(made->epoll, F_SETFL, O_NONBLOCK) != 0 ||
        !add_own(made, &made->timer) || !add_own(made, &made->event)) {
        int error = errno;
        platform_close(made);
        errno = error;
        return SMP_ERR_SYSTEM;
    }
    *platform = made;
    return SMP_OK;
}

static int platform_fd(const struct smpi_platform *platform)
{
    return platform->epoll;
}

static void platform_wake(struct smpi_platform *platform)
{
    const uint64_t one = 1;
    int error = errno; /* signal handlers must not change it */
    ssize_t written = write(platform->event, &one, sizeof(one));
    (void)written; /* it can only be full, and then it is readable */
    errno = error;
}

/*
 * Left alone, a timer that is due earlier still fires, and one that has fired
 * unseen keeps the descriptor readable.  Setting it, or a wake, always gives an
 * edge-triggered watcher of the descriptor a fresh edge.  For now it is a wake:
 * a timer set to the past goes the way of an interrupt, which costs a virtual
 * machine thirty times as much.
 */
static void platform_arm(struct smpi_platform *platform, uint64_t due)
{
    if (!platform->spent && platform->armed <= due) {
        return;
    }
    if (due <= platform->loop->now) {
        platform_wake(platform);
        return;
    }
    struct itimerspec when = {.it_value = {0, 0}}; /* zero: off */
    if (due != SMPI_NEVER) {
        when.it_value.tv_sec = (time_t)(due / 1000000000u);
        when.it_value.tv_nsec = (long)(due % 1000000000u);
    }
    timerfd_settime(platform->timer, TFD_TIMER_ABSTIME, &when, NULL);
    platform->armed = due;
    platform->spent = false;
}

static void clear_wake(struct smpi_platform *platform)
{
    uint64_t count;
    ssize_t got = read(platform->event, &count, sizeof(count));
    (void)got;
}

static uint32_t wanted(const struct smp_watch *watch)
{
    return (watch->events & SMP_WATCH_READ ? (uint32_t)EPOLLIN : 0) |
           (watch->events & SMP_WATCH_WRITE ? (uint32_t)EPOLLOUT : 0);
}

/* What to tell a watch of what epoll said; 0 when it was paused meanwhile. */
static unsigned translate(const struct smp_watch *watch, uint32_t said)
{
    unsigned events = (said & EPOLLIN ? (unsigned)SMP_WATCH_READ : 0) |
                      (said & EPOLLOUT ? (unsigned)SMP_WATCH_WRITE : 0);
    events &= watch->events;
    if (watch->events != 0 && (said & (EPOLLERR | EPOLLHUP)) != 0) {
        events |= SMP_WATCH_READ;
    }
    return events;
}

/*
 * Hands out a batch.  Returns how many were told.  A watch freed on the way is
 * still in memory, without its callback, until the turn is over.
 */
static int dispatch(struct smpi_platform *platform, int count)
{
    int told = 0;
    int i = 0;
    for (; i < count && !platform->loop->wait.done; i++) {
        const struct epoll_event *event = &platform->events[i];
        if (event->data.ptr == &platform->timer) {
            platform->spent = true;
        } else if (event->data.ptr == &platform->event) {
            clear_wake(platform);
            told++;
        } else {
            struct smp_watch *watch = event->data.ptr;
            unsigned events = translate(watch, event->events);
            if (events != 0) {
                told++;
                smpi_watch_fire(watch, events);
            }
        }
    }
    if (i < count) {
        platform->spent = true; /* the timer may be among those not looked at */
    }
    return told;
}

/* One batch.  Returns how many were told, or -1. */
static int poll_once(struct smpi_platform *platform, int timeout, int budget)
{
    int room = budget < BATCH ? budget : BATCH;
    int count = epoll_wait(platform->epoll, platform->events, room, timeout);
    platform->loop->now = smpi_clock_now(); /* what is told now happened now, not before the wait */
    if (count < 0) {
        return errno == EINTR ? 0 : -1;
    }
    if (count == room) {
        platform->spent = true; /* the timer may be among those left behind */
    }
    return dispatch(platform, count);
}

/*
 * Without blocking, polls until nothing is ready: whoever watches the descriptor
 * for edges gets no new one for what is left behind.
 */
static int platform_poll(struct smpi_platform *platform, uint64_t until, int budget)
{
    bool block = until > platform->loop->now;
    int told = 0;
    int n;
    if (block) {
        platform_arm(platform, until);
    }
    do {
        n = poll_once(platform, block ? -1 : 0, budget - told);
        told += n > 0 ? n : 0;
    } while (n > 0 && !block && told < budget && !platform->loop->wait.done);
    return n < 0 && told == 0 ? SMP_ERR_SYSTEM : told;
}

/* watch->index: 1 when epoll knows it.  A paused watch leaves, or its hang-up would never end. */
static int platform_rewatch(struct smpi_platform *platform, struct smp_watch *watch)
{
    struct epoll_event event = {.events = wanted(watch), .data = {.ptr = watch}};
    bool in = watch->events != 0;
    int operation = watch->index == 0 ? EPOLL_CTL_ADD : in ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    if (watch->index == 0 && !in) {
        return SMP_OK;
    }
    if (epoll_ctl(platform->epoll, operation, watch->fd, &event) != 0) {
        return errno == ENOMEM ? SMP_ERR_NO_MEMORY : SMP_ERR_SYSTEM;
    }
    watch->index = in ? 1 : 0;
    return SMP_OK;
}

static int platform_watch(struct smpi_platform *platform, struct smp_watch *watch)
{
    watch->index = 0;
    return platform_rewatch(platform, watch);
}

static void platform_unwatch(struct smpi_platform *platform, struct smp_watch *watch)
{
    if (watch->index != 0) {
        epoll_ctl(platform->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
        watch->index = 0;
    }
}

const struct smpi_platform_ops *smpi_platform_epoll(void)
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

#endif

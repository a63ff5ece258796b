/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * The loop: what waits, the memory pools, the table of groups.
 *
 * Embedding: watch smp_loop_fd() for readability in any event framework and
 * call smp_loop_process() when it is readable.  Nothing else is needed: timers
 * are inside the same descriptor.  Programs without a framework call
 * smp_loop_run(), or smp_wait() (session.h) for one request at a time.
 *
 * Threads: a loop and everything made on it belong to one thread.  Only
 * smp_loop_wake() and smp_loop_stop() may be called from any thread and from
 * signal handlers.  Different loops may live in different threads.
 *
 * After fork() the child's calls on the parent's loop return SMP_ERR_FORKED;
 * the `_free` functions then only close descriptors and free memory.
 */
#ifndef SMP_LOOP_H
#define SMP_LOOP_H

#include <smp/error.h>
#include <smp/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct smp_loop;

/** How much a log line matters. */
enum smp_log_level {
    SMP_LOG_CRITICAL = 0,
    SMP_LOG_ERROR = 1,
    SMP_LOG_WARN = 2,
    SMP_LOG_INFO = 3,
    SMP_LOG_DEBUG = 4, /**< Every packet, with decoded names. */
};

/** Receives log lines.  @p text has no newline and is borrowed.  Requests cannot be made here: they
 *  return SMP_ERR_REENTRANT while a packet is being made. */
typedef void smp_log_callback(enum smp_log_level level, const char *text, void *user);

/** Where memory comes from.  `alloc` returns zeroed memory or NULL. */
struct smp_allocator {
    void *(*alloc)(size_t bytes, void *user);
    void (*free)(void *memory, void *user);
    void *user;
};

/** A clock of the caller's own, for simulation and tests. */
struct smp_clock {
    /** Monotonic time in nanoseconds. */
    uint64_t (*now)(void *user);
    /** Passes the time until @p until, in nanoseconds: called where the loop would block. */
    void (*sleep)(uint64_t until, void *user);
    void *user;
};

/** Options of a loop; zero means default. */
struct smp_loop_options {
    size_t size;                           /**< sizeof(struct smp_loop_options). */
    const struct smp_allocator *allocator; /**< Copied.  Default: calloc and free. */
    const struct smp_clock *clock;         /**< Copied.  Default: the system's monotonic clock. */
    uint32_t requests;                     /**< Request slots to keep.  Default 64, and 2 more per session. */
    uint32_t arena;                        /**< Bytes one decoded message may take.  Default 65536. */
    smp_log_callback *log;                 /**< May be NULL. */
    void *log_user;
    enum smp_log_level log_level;          /**< Lines above this level are not made.  Default: critical only. */
};

/**
 * Makes a loop.
 * @param options  May be NULL.
 * @param loop     Out; free with smp_loop_free() after everything made on it.
 * @retval SMP_ERR_NO_MEMORY, SMP_ERR_SYSTEM
 * @since 0.1
 */
SMP_API int smp_loop_new(const struct smp_loop_options *options, struct smp_loop **loop);

/**
 * Frees a loop.  Sessions, servers and transports on it must be freed first.
 * Inside a callback the freeing is put off until the callback has returned.
 * NULL is ignored.  @since 0.1
 */
SMP_API void smp_loop_free(struct smp_loop *loop);

/**
 * The one descriptor to watch for readability (epoll on Linux, kqueue on BSD and macOS).
 * Owned by the loop.
 * @retval SMP_ERR_UNSUPPORTED  this build only polls, or the loop has a clock of its own: use
 *                              smp_loop_timeout() and call smp_loop_process() in time.
 * @since 0.1
 */
SMP_API int smp_loop_fd(const struct smp_loop *loop);

/**
 * Does what is due, never blocks, and returns after a bounded amount of work.
 * Callbacks are called from here.
 * @retval 0  nothing is left to do now.
 * @retval 1  more is due: call again (the descriptor stays readable).
 * @retval SMP_ERR_CLOSED  a callback freed the loop: it is gone now.
 * @retval SMP_ERR_REENTRANT, SMP_ERR_FORKED, SMP_ERR_SYSTEM
 * @since 0.1
 */
SMP_API int smp_loop_process(struct smp_loop *loop);

/** Milliseconds until smp_loop_process() is due: 0 now, -1 no timer is running.  @since 0.1 */
SMP_API int smp_loop_timeout(struct smp_loop *loop);

/**
 * Processes and blocks until smp_loop_stop(), or until nothing is left to wait for.
 * @return SMP_OK, or the error of smp_loop_process().  @since 0.1
 */
SMP_API int smp_loop_run(struct smp_loop *loop);

/**
 * Processes once, blocking up to @p timeout_ms first (-1: until something happens).
 * @return as smp_loop_process().  @since 0.1
 */
SMP_API int smp_loop_turn(struct smp_loop *loop, int timeout_ms);

/** Ends smp_loop_run().  Any thread, and signal handlers.  @since 0.1 */
SMP_API void smp_loop_stop(struct smp_loop *loop);

/** Makes the loop's descriptor readable once.  Any thread, and signal handlers.  @since 0.1 */
SMP_API void smp_loop_wake(struct smp_loop *loop);

/**
 * Promises that smp_loop_process() follows at once, on this thread: until then what is submitted
 * does not make the descriptor readable.  That saves a system call for each submission, and
 * nobody who watches the descriptor is woken for nothing.  The promise ends with that turn.
 * @retval SMP_ERR_FORKED  there is no promise.
 * @since 0.1
 */
SMP_API int smp_loop_promise(struct smp_loop *loop);

/** The loop's time in nanoseconds, as of the last call into the library.  @since 0.1 */
SMP_API uint64_t smp_loop_now(const struct smp_loop *loop);

/** What to watch a descriptor for. */
enum smp_watch_events {
    SMP_WATCH_READ = 1,
    SMP_WATCH_WRITE = 2,
};

struct smp_watch;

/** Called from smp_loop_process().  @p events: enum smp_watch_events, hang-up shows as READ. */
typedef void smp_watch_callback(int fd, unsigned events, void *user);

/**
 * Watches a descriptor (for transports, and programs without a framework).
 * @param fd  Not owned; unwatch before closing it.
 * @retval SMP_ERR_NO_MEMORY, SMP_ERR_SYSTEM, SMP_ERR_UNSUPPORTED (a loop with its own clock)
 * @since 0.1
 */
SMP_API int smp_watch_new(struct smp_loop *loop, int fd, unsigned events,
                          smp_watch_callback *callback, void *user, struct smp_watch **watch);
/** Changes what is watched for; 0 pauses.  @since 0.1 */
SMP_API int smp_watch_set(struct smp_watch *watch, unsigned events);
/** Stops watching.  Safe inside any callback.  NULL is ignored.  @since 0.1 */
SMP_API void smp_watch_free(struct smp_watch *watch);

struct smp_timer;

/** Called once per start, from smp_loop_process(). */
typedef void smp_timer_callback(void *user);

/** Makes a stopped timer.  @retval SMP_ERR_NO_MEMORY  @since 0.1 */
SMP_API int smp_timer_new(struct smp_loop *loop, smp_timer_callback *callback, void *user,
                          struct smp_timer **timer);
/** (Re)starts a timer to fire once, @p ns nanoseconds from now.  @since 0.1 */
SMP_API void smp_timer_start(struct smp_timer *timer, uint64_t ns);
/** Stops a timer; harmless when it is not running.  @since 0.1 */
SMP_API void smp_timer_stop(struct smp_timer *timer);
/** Stops and frees.  Safe inside any callback.  NULL is ignored.  @since 0.1 */
SMP_API void smp_timer_free(struct smp_timer *timer);

#ifdef __cplusplus
}
#endif
#endif

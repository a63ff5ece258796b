/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every platform must do.  A test file defines SUITE and PLATFORM, the
 * function that returns the platform's operations, and includes this.
 */
#include "core/loop.h"
#include "platform/platform.h"

#include <smp/loop.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIPES = 400 };

struct pipe_watch {
    int ends[2];
    struct smp_watch *watch;
    unsigned told; /* times the callback came */
    unsigned events;
    struct pipe_watch *victim; /* freed in the callback */
    bool keep;                 /* leave the byte in the pipe */
};

static struct smp_loop *new_loop(void)
{
    struct smp_loop *loop;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    if (loop->ops != PLATFORM()) {
        loop->ops->close(loop->platform);
        loop->ops = PLATFORM();
        cr_assert_eq(loop->ops->open(loop, &loop->platform), SMP_OK);
    }
    return loop;
}

static void on_pipe(int fd, unsigned events, void *user)
{
    struct pipe_watch *p = user;
    char byte;
    cr_assert_eq(fd, p->ends[0]);
    p->told++;
    p->events = events;
    if (!p->keep) {
        ssize_t got = read(fd, &byte, 1);
        (void)got;
    }
    if (p->victim != NULL) {
        struct pipe_watch *victim = p->victim;
        p->victim = NULL;
        smp_watch_free(victim->watch);
        victim->watch = NULL;
    }
}

static void pipe_open(struct smp_loop *loop, struct pipe_watch *p)
{
    memset(p, 0, sizeof(*p));
    cr_assert_eq(pipe(p->ends), 0);
    cr_assert_eq(smp_watch_new(loop, p->ends[0], SMP_WATCH_READ, on_pipe, p, &p->watch), SMP_OK);
}

static void pipe_close(struct pipe_watch *p)
{
    smp_watch_free(p->watch);
    close(p->ends[0]);
    if (p->ends[1] >= 0) {
        close(p->ends[1]);
    }
}

static void put(const struct pipe_watch *p)
{
    cr_assert_eq(write(p->ends[1], "x", 1), 1);
}

static uint64_t clock_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- watches ---- */

Test(SUITE, readable_is_told_once_per_byte)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    cr_expect_eq(smp_loop_process(loop), 0);
    cr_expect_eq(p.told, 0);
    put(&p);
    cr_expect_eq(smp_loop_process(loop), 0);
    cr_expect_eq(p.told, 1);
    cr_expect_eq(p.events, SMP_WATCH_READ);
    cr_expect_eq(smp_loop_process(loop), 0);
    cr_expect_eq(p.told, 1);
    pipe_close(&p);
    smp_loop_free(loop);
}

static void on_writable(int fd, unsigned events, void *user)
{
    (void)fd;
    *(unsigned *)user = events;
}

Test(SUITE, writable_is_told_while_asked_for)
{
    struct smp_loop *loop = new_loop();
    struct smp_watch *watch;
    unsigned events = 0;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(smp_watch_new(loop, ends[1], 0, on_writable, &events, &watch), SMP_OK);
    smp_loop_process(loop);
    cr_expect_eq(events, 0);
    cr_expect_eq(smp_watch_set(watch, SMP_WATCH_WRITE), SMP_OK);
    smp_loop_process(loop);
    cr_expect_eq(events, SMP_WATCH_WRITE);
    events = 0;
    cr_expect_eq(smp_watch_set(watch, 0), SMP_OK);
    smp_loop_process(loop);
    cr_expect_eq(events, 0);
    smp_watch_free(watch);
    close(ends[0]);
    close(ends[1]);
    smp_loop_free(loop);
}

Test(SUITE, hang_up_shows_as_readable_and_a_paused_watch_hears_nothing)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    close(p.ends[1]);
    p.ends[1] = -1;
    smp_loop_turn(loop, 0);
    cr_expect_geq(p.told, 1);
    cr_expect_eq(p.events, SMP_WATCH_READ);
    cr_expect_eq(smp_watch_set(p.watch, 0), SMP_OK);
    while (smp_loop_process(loop) == 1) {
    }
    p.told = 0;
    uint64_t before = clock_ns();
    smp_loop_turn(loop, 20);
    cr_expect_eq(p.told, 0);
    cr_expect_geq(clock_ns() - before, 19000000u, "a paused hang-up must not end the blocking");
    cr_expect_eq(smp_watch_set(p.watch, SMP_WATCH_READ), SMP_OK);
    smp_loop_turn(loop, 0);
    cr_expect_geq(p.told, 1);
    pipe_close(&p);
    smp_loop_free(loop);
}

Test(SUITE, a_watch_freed_in_the_same_batch_does_not_fire)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p[2];
    pipe_open(loop, &p[0]);
    pipe_open(loop, &p[1]);
    p[0].victim = &p[1];
    p[1].victim = &p[0];
    put(&p[0]);
    put(&p[1]);
    smp_loop_process(loop);
    smp_loop_process(loop);
    cr_expect_eq(p[0].told + p[1].told, 1, "told %u and %u", p[0].told, p[1].told);
    pipe_close(&p[0]);
    pipe_close(&p[1]);
    smp_loop_free(loop);
}

static void pause_other(int fd, unsigned events, void *user)
{
    struct pipe_watch *p = user;
    (void)fd;
    (void)events;
    p->told++;
    smp_watch_set(p->victim->watch, 0);
}

static void expect_one_paused(bool hang_up)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p[2];
    for (int i = 0; i < 2; i++) {
        pipe_open(loop, &p[i]);
        smp_watch_free(p[i].watch);
        p[i].victim = &p[1 - i];
        cr_assert_eq(
            smp_watch_new(loop, p[i].ends[0], SMP_WATCH_READ, pause_other, &p[i], &p[i].watch),
            SMP_OK);
        put(&p[i]);
        if (hang_up) {
            close(p[i].ends[1]);
            p[i].ends[1] = -1;
        }
    }
    smp_loop_turn(loop, 0);
    cr_expect((p[0].told == 0) != (p[1].told == 0), "told %u and %u", p[0].told, p[1].told);
    pipe_close(&p[0]);
    pipe_close(&p[1]);
    smp_loop_free(loop);
}

Test(SUITE, a_watch_paused_in_the_same_batch_does_not_fire)
{
    expect_one_paused(false);
    expect_one_paused(true);
}

Test(SUITE, a_watch_may_free_itself)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    p.victim = &p;
    p.keep = true;
    put(&p);
    smp_loop_process(loop);
    smp_loop_process(loop);
    cr_expect_eq(p.told, 1);
    cr_expect_null(p.watch);
    pipe_close(&p);
    smp_loop_free(loop);
}

struct renewal {
    struct smp_loop *loop;
    struct pipe_watch *p;
    unsigned told;
};

/* Frees its watch and makes a new one, as a transport does that reconnects in a callback. */
static void renew(int fd, unsigned events, void *user)
{
    struct renewal *r = user;
    char byte;
    (void)events;
    cr_assert_eq(read(fd, &byte, 1), 1);
    r->told++;
    smp_watch_free(r->p->watch);
    cr_assert_eq(smp_watch_new(r->loop, fd, SMP_WATCH_READ, renew, r, &r->p->watch), SMP_OK);
}

Test(SUITE, a_watch_may_be_renewed_in_its_callback)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    smp_watch_free(p.watch);
    struct renewal r = {.loop = loop, .p = &p};
    cr_assert_eq(smp_watch_new(loop, p.ends[0], SMP_WATCH_READ, renew, &r, &p.watch), SMP_OK);
    for (unsigned i = 1; i <= 5; i++) {
        put(&p);
        smp_loop_turn(loop, 0);
        cr_expect_eq(r.told, i);
    }
    pipe_close(&p);
    smp_loop_free(loop);
}

Test(SUITE, work_is_bounded_and_nobody_is_forgotten)
{
    struct smp_loop *loop = new_loop();
    static struct pipe_watch p[PIPES];
    int turns = 0;
    int result;
    for (int i = 0; i < PIPES; i++) {
        pipe_open(loop, &p[i]);
        put(&p[i]);
    }
    int told = loop->ops->poll(loop->platform, 0, 10);
    cr_expect_eq(told, 10);
    do {
        result = smp_loop_process(loop);
        turns++;
    } while (result == 1 && turns < 100);
    cr_expect_eq(result, 0);
    cr_expect_gt(turns, 1, "400 descriptors are more than one turn's work");
    for (int i = 0; i < PIPES; i++) {
        cr_expect_eq(p[i].told, 1, "pipe %d was told %u times", i, p[i].told);
        pipe_close(&p[i]);
    }
    smp_loop_free(loop);
}

/* One that always has something to say must not silence the others. */
Test(SUITE, busy_descriptors_do_not_starve_others)
{
    struct smp_loop *loop = new_loop();
    static struct pipe_watch p[20];
    for (int i = 0; i < 20; i++) {
        pipe_open(loop, &p[i]);
        p[i].keep = true;
        put(&p[i]);
    }
    for (int i = 0; i < 10; i++) {
        cr_expect_eq(loop->ops->poll(loop->platform, 0, 4), 4);
    }
    for (int i = 0; i < 20; i++) {
        cr_expect_geq(p[i].told, 1, "pipe %d was not heard", i);
        pipe_close(&p[i]);
    }
    smp_loop_free(loop);
}

/* ---- time ---- */

static void on_timer(void *user)
{
    *(uint64_t *)user = clock_ns();
}

Test(SUITE, timers_are_never_early_and_hardly_late)
{
    struct smp_loop *loop = new_loop();
    struct smp_timer *timer;
    uint64_t fired = 0;
    cr_assert_eq(smp_timer_new(loop, on_timer, &fired, &timer), SMP_OK);
    for (uint64_t ms = 1; ms <= 9; ms += 4) {
        fired = 0;
        uint64_t start = clock_ns();
        smp_timer_start(timer, ms * 1000000);
        while (fired == 0 && clock_ns() - start < 5000000000u) {
            smp_loop_turn(loop, -1);
        }
        cr_expect_geq(fired, start + ms * 1000000);
        cr_expect_lt(fired, start + ms * 1000000 + 500000000, "a machine may be busy, not dead");
    }
    smp_timer_free(timer);
    smp_loop_free(loop);
}

Test(SUITE, an_earlier_deadline_wins_over_one_set_before)
{
    struct smp_loop *loop = new_loop();
    uint64_t now = loop->ops->now();
    loop->ops->arm(loop->platform, now + 60000000000u);
    loop->now = now;
    loop->ops->poll(loop->platform, now + 2000000, 10);
    cr_expect_lt(loop->ops->now() - now, 30000000000u);
    smp_loop_free(loop);
}

/* ---- waking ---- */

static void *wake_later(void *user)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    nanosleep(&pause, NULL);
    smp_loop_wake(user);
    return NULL;
}

Test(SUITE, another_thread_can_wake_it, .timeout = 20)
{
    struct smp_loop *loop = new_loop();
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, wake_later, loop), 0);
    cr_expect_geq(smp_loop_turn(loop, -1), 0); /* would block for ever */
    pthread_join(thread, NULL);
    uint64_t before = clock_ns();
    smp_loop_turn(loop, 10);
    cr_expect_geq(clock_ns() - before, 9000000u, "one wake is one wake");
    smp_loop_free(loop);
}

Test(SUITE, many_wakes_are_one)
{
    struct smp_loop *loop = new_loop();
    for (int i = 0; i < 100000; i++) {
        smp_loop_wake(loop);
    }
    cr_expect_geq(smp_loop_turn(loop, -1), 0);
    smp_loop_process(loop);
    uint64_t before = clock_ns();
    smp_loop_turn(loop, 10);
    cr_expect_geq(clock_ns() - before, 9000000u);
    smp_loop_free(loop);
}

static struct smp_loop *signal_loop;

static void stop_on_signal(int number)
{
    (void)number;
    smp_loop_stop(signal_loop);
}

static void ignore_signal(int number)
{
    (void)number;
}

static void install(void (*handler)(int number))
{
    struct sigaction action = {.sa_handler = handler};
    cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
}

static void alarm_in(long microseconds)
{
    struct itimerspec when = {.it_value = {.tv_nsec = microseconds * 1000}};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    timer_t timer;
    cr_assert_eq(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    cr_assert_eq(timer_settime(timer, 0, &when, NULL), 0);
}

Test(SUITE, a_signal_handler_can_stop_it, .timeout = 20)
{
    signal_loop = new_loop();
    signal_loop->users++; /* as a server would: waits for ever */
    install(stop_on_signal);
    alarm_in(5000);
    cr_expect_eq(smp_loop_run(signal_loop), SMP_OK);
    signal_loop->users--;
    smp_loop_free(signal_loop);
}

Test(SUITE, a_signal_is_not_an_error, .timeout = 20)
{
    struct smp_loop *loop = new_loop();
    install(ignore_signal);
    alarm_in(5000);
    cr_expect_geq(smp_loop_turn(loop, 1000), 0);
    smp_loop_free(loop);
}

/* ---- processes ---- */

static int inherited_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1000; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    return count;
}

Test(SUITE, descriptors_are_closed_on_exec)
{
    int before = inherited_descriptors();
    struct smp_loop *loop = new_loop();
    cr_expect_eq(inherited_descriptors(), before);
    smp_loop_free(loop);
}

Test(SUITE, a_forked_child_is_told_and_does_no_harm, .timeout = 20)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        int forked = smp_loop_process(loop) == SMP_ERR_FORKED;
        smp_watch_free(p.watch);
        smp_loop_free(loop);
        _exit(forked ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    put(&p);
    smp_loop_turn(loop, 1000);
    cr_expect_eq(p.told, 1, "the parent's watch must survive the child's freeing");
    pipe_close(&p);
    smp_loop_free(loop);
}

Test(SUITE, seeds_differ)
{
    cr_expect_neq(PLATFORM()->random(), PLATFORM()->random());
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* What the pipe carries. */
enum { END = 'e', STOP = 's' };

/* Signal handlers can only see what is global. */
static volatile sig_atomic_t seen;
static int ends[2] = {-1, -1}; /* a pipe: the handler writes, the loop reads */

static struct smp_watch *watch;
static struct smp_timer *again; /* after a stop */
static void (*call)(void *user);
static void (*call_stop)(bool stops, void *user);
static void *call_user;

static void tell(char what)
{
    int saved = errno;
    if (write(ends[1], &what, 1) < 0) {
        /* the pipe is full: the loop will read it anyway */
    }
    errno = saved;
}

static void on_signal(int number)
{
    (void)number;
    seen = 1;
    tell(END);
}

static void on_stop_signal(int number)
{
    (void)number;
    tell(STOP);
}

static void on_again(void *user)
{
    (void)user;
    if (call_stop) {
        call_stop(false, call_user);
    }
}

/* The loop's clock knows of the time that has passed only in its next turn. */
static void stop(void)
{
    call_stop(true, call_user);
    kill(getpid(), SIGSTOP);
    smp_timer_start(again, 0);
}

static void on_readable(int fd, unsigned events, void *user)
{
    char byte;
    (void)events;
    (void)user;
    if (read(fd, &byte, 1) == 1) {
        byte == STOP &&call_stop ? stop() : call(call_user);
    }
}

int interrupt_watch(struct smp_loop *loop, void (*on_seen)(void *user), void *user)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    if (watch) {
        return SMP_OK;
    }
    if (ends[0] < 0 && pipe(ends) != 0) {
        return SMP_ERR_SYSTEM;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    call = on_seen;
    call_user = user;
    seen = 0;
    int error = smp_timer_new(loop, on_again, NULL, &again);
    if (error) {
        return error;
    }
    error = smp_watch_new(loop, ends[0], SMP_WATCH_READ, on_readable, NULL, &watch);
    if (error) {
        smp_timer_free(again);
        return error;
    }
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return SMP_OK;
}

void interrupt_on_stop(void (*on_stop)(bool stops, void *user))
{
    struct sigaction action = {.sa_handler = on_stop_signal, .sa_flags = (int)SA_RESTART};
    call_stop = on_stop;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, NULL);
}

void interrupt_unwatch(void)
{
    if (watch) {
        signal(SIGTSTP, SIG_DFL);
        call_stop = NULL;
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        smp_timer_free(again);
        smp_watch_free(watch);
        watch = NULL;
    }
}

bool interrupt_seen(void)
{
    return seen != 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "run.h"

#include "ask.h"
#include "audit.h"
#include "check.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- signals: the handler writes into a pipe, the loop reads it ---- */

static int ends[2] = {-1, -1};

static void on_signal(int number)
{
    int saved = errno;
    char byte = number == SIGCHLD ? 'c' : 'i';
    if (write(ends[1], &byte, 1) < 0) {
        /* full: the loop will read what is in it anyway */
    }
    errno = saved;
}

static void interrupt(struct run *run)
{
    run->interrupted = true;
    for (size_t i = 0; i < run->n_units; i++) {
        unit_cancel(&run->units[i]);
    }
}

static void on_readable(int fd, unsigned events, void *user)
{
    struct run *run = user;
    char bytes[64];
    ssize_t n = read(fd, bytes, sizeof bytes);
    (void)events;
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == 'c') {
            check_reap(run);
        } else {
            interrupt(run);
        }
    }
}

static int catch_signals(struct run *run)
{
    const struct sigaction child = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    /* The second one ends the program at once. */
    const struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    if (pipe(ends) != 0) {
        return SMP_ERR_SYSTEM;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    int error = smp_watch_new(run->loop, ends[0], SMP_WATCH_READ, on_readable, run, &run->signals);
    if (error == SMP_OK) {
        sigaction(SIGCHLD, &child, NULL);
        sigaction(SIGINT, &stop, NULL);
        sigaction(SIGTERM, &stop, NULL);
        signal(SIGPIPE, SIG_IGN);
    }
    return error;
}

/* ---- units ---- */

void run_unit_over(struct unit *unit)
{
    struct run *run = unit->run;
    run->n_over++;
    run->status = unit->status > run->status ? unit->status : run->status;
    show_result(unit);
}

static void close_those_over(struct run *run)
{
    for (size_t i = 0; i < run->n_started; i++) {
        if (run->units[i].stage == UNIT_OVER) {
            unit_close(&run->units[i]);
        }
    }
}

static void start_more(struct run *run)
{
    while (!run->interrupted && run->n_started < run->n_units &&
           run->n_started - run->n_over < (size_t)run->options->parallel) {
        unit_start(&run->units[run->n_started++]);
    }
}

static void turn(struct run *run)
{
    start_more(run);
    while (run->n_over < run->n_started) {
        if (smp_loop_turn(run->loop, -1) < 0) {
            show_error("the loop failed: %s", strerror(errno));
            run->status = STATUS_LINK > run->status ? STATUS_LINK : run->status;
            return;
        }
        close_those_over(run);
        start_more(run);
    }
    if (run->interrupted) {
        run->status = STATUS_INTERRUPTED;
        if (run->n_started < run->n_units) {
            show_error("interrupted: %zu devices were not begun with",
                       run->n_units - run->n_started);
        }
    }
}

/* ---- all of it ---- */

static int fail(const char *what, const char *error)
{
    show_error("%s: %s", what, error);
    return STATUS_FILE;
}

static int open_files(struct run *run)
{
    const struct options *o = run->options;
    char error[512];
    if (o->key && !key_read(o->key, &run->key, error, sizeof error)) {
        return fail(o->key, error);
    }
    if (!image_open(o->image, &run->key, &run->image, error, sizeof error)) {
        return fail(o->image, error);
    }
    if (o->audit) {
        run->audit = audit_open(o->audit, o->who, error, sizeof error);
        return run->audit ? STATUS_DONE : fail(o->audit, error);
    }
    return STATUS_DONE;
}

static int make_units(struct run *run)
{
    run->units = calloc(run->options->n_devices, sizeof *run->units);
    if (!run->units) {
        return fail("devices", "out of memory");
    }
    run->n_units = run->options->n_devices;
    for (size_t i = 0; i < run->n_units; i++) {
        unit_init(&run->units[i], run, run->options->devices[i]);
    }
    return STATUS_DONE;
}

static void close_all(struct run *run)
{
    ask_close(run);
    for (size_t i = 0; i < run->n_units; i++) {
        run->units[i].id = 0;
        check_stop(&run->units[i]);
        unit_close(&run->units[i]);
        free(run->units[i].serial);
    }
    smp_watch_free(run->signals);
    smp_loop_free(run->loop);
    audit_close(run->audit);
    image_close(&run->image);
    free(run->units);
}

int run_all(const struct options *options)
{
    struct run run = {.options = options, .image = {.fd = -1}};
    run.terminal = !options->json && !options->quiet && isatty(STDERR_FILENO);
    int status = open_files(&run);
    status = status == STATUS_DONE ? make_units(&run) : status;
    if (status == STATUS_DONE) {
        int error = smp_loop_new(NULL, &run.loop);
        error = error ? error : catch_signals(&run);
        if (error) {
            show_error("%s", smp_error_text(error));
            status = STATUS_LINK;
        } else {
            turn(&run);
            show_clear();
            show_summary(&run);
            status = run.status;
        }
    }
    close_all(&run);
    return status;
}

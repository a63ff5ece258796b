/* SPDX-License-Identifier: Apache-2.0 */
/* smpsim: a simulated SMP device.  See docs/smpsim.md. */
#include "faults.h"
#include "options.h"
#include "replay.h"

#include <smp/loop.h>
#include <smp/loopback.h>
#include <smp/udp.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link {
    struct smp_transport *transport;
    char place[SMP_UDP_ADDRESS_MAX]; /* where it listens */
};

/* What a run holds, in the order of its making. */
struct run {
    struct sim_options options;
    struct smp_loop *loop;
    struct link links[SIM_UDP_MAX];
    struct sim_serial serial;
    struct sim_device *device;
    struct sim_replay *replay; /* instead of the device */
    int status;                /* of the exit, when the device ends the run */
};

/* Only for the signal handler. */
static struct smp_loop *signalled;

static void on_signal(int number)
{
    (void)number;
    smp_loop_stop(signalled);
}

static void catch_signals(struct smp_loop *loop)
{
    struct sigaction stop = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};

    signalled = loop;
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* who reads our lines may go away */
}

/* The end is under way: another signal must not look for the loop. */
static void ignore_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

/* As Zephyr prints a crash on ARM, for people who look for it in logs. */
static void print_fault(const char *why)
{
    fprintf(stderr,
            "smpsim: %s\n"
            "E: ***** BUS FAULT *****\n"
            "E:   Precise data bus error\n"
            "E:   BFAR Address: 0x00000008\n"
            "E: >>> ZEPHYR FATAL ERROR 25: Unknown error on CPU 0\n"
            "E: Current thread: 0x20001a40 (smp_udp4)\n"
            "E: Halting system\n",
            why);
}

static void on_event(enum sim_event event, const char *text, void *user)
{
    struct run *run = user;

    switch (event) {
    case SIM_EVENT_DETAIL:
        if (!run->options.verbose)
            return;
        /* fall through */
    case SIM_EVENT_LINE:
        sim_serial_log(&run->serial, text);
        if (!run->options.quiet)
            printf("smpsim: %s\n", text);
        return;
    case SIM_EVENT_CRASH:
        print_fault(text);
        run->status = SIM_EXIT_CRASH;
        break;
    case SIM_EVENT_BROKEN:
        fprintf(stderr, "smpsim: %s\n", text);
        run->status = SIM_EXIT_FILE;
        break;
    }
    smp_loop_stop(run->loop);
}

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    (void)level;
    (void)user;
    fprintf(stderr, "%s\n", text);
}

static int make_loop(struct run *run)
{
    struct smp_loop_options options = {
        .size = sizeof(options),
        .log = on_log,
        .log_level = run->options.verbose ? SMP_LOG_DEBUG : SMP_LOG_WARN,
    };
    int error = smp_loop_new(&options, &run->loop);

    if (error != SMP_OK)
        fprintf(stderr, "smpsim: %s\n", smp_error_text(error));
    return error;
}

static int complain_of_address(const char *address, int error)
{
    if (error == SMP_ERR_INVALID) {
        fprintf(stderr,
                "smpsim: --udp %s: give a numeric address and a port, such as 127.0.0.1:1337"
                " or [::1]:0\n",
                address);
        return SIM_EXIT_USAGE;
    }
    if (error == SMP_ERR_EXISTS) {
        fprintf(stderr, "smpsim: --udp %s: another program listens there already\n", address);
        return SIM_EXIT_LINK;
    }
    fprintf(stderr, "smpsim: --udp %s: %s%s%s\n", address, smp_error_text(error),
            error == SMP_ERR_SYSTEM ? ": " : "", error == SMP_ERR_SYSTEM ? strerror(errno) : "");
    return SIM_EXIT_LINK;
}

/* Opens the sockets, each with the bad link in front of it. */
static int open_links(struct run *run)
{
    const struct sim_options *options = &run->options;

    for (size_t n = 0; n < options->n_udp; n++) {
        struct link *link = &run->links[n];
        struct smp_faults faults = options->faults;
        struct smp_transport *udp;
        int error = smp_udp_listen(run->loop, options->udp[n], &udp);

        if (error != SMP_OK)
            return complain_of_address(options->udp[n], error);
        link->transport = udp;
        error = smp_udp_local_address(udp, link->place, sizeof(link->place));
        faults.seed += n; /* two links are not bad in step */
        if (error == SMP_OK && sim_faults_of_links(&faults))
            error = smp_faulty_new(udp, &faults, &link->transport);
        if (error != SMP_OK) {
            link->transport = udp;
            return complain_of_address(options->udp[n], error);
        }
    }
    return sim_serial_open(&run->serial, run->loop, &options->serial, options->device.buf_size,
                           sim_faults_of_links(&options->faults) ? &options->faults : NULL);
}

static int listen_by(struct run *run, struct smp_transport *transport)
{
    return run->replay != NULL ? sim_replay_listen(run->replay, transport)
                               : sim_device_listen(run->device, transport);
}

static int serve(struct run *run)
{
    for (size_t n = 0; n < run->options.n_udp; n++) {
        int error = listen_by(run, run->links[n].transport);

        if (error != SMP_OK)
            return complain_of_address(run->options.udp[n], error);
        printf("smpsim: listening on udp %s\n", run->links[n].place);
    }
    if (run->serial.transport != NULL) {
        int error = listen_by(run, run->serial.transport);

        if (error != SMP_OK) {
            fprintf(stderr, "smpsim: %s\n", smp_error_text(error));
            return SIM_EXIT_LINK;
        }
        printf("smpsim: listening on %s (%s)\n", run->options.serial.path,
               smp_pty_path(run->serial.transport));
    }
    if (smp_loop_run(run->loop) != SMP_OK) {
        fprintf(stderr, "smpsim: the loop failed: %s\n", strerror(errno));
        return SIM_EXIT_LINK;
    }
    return run->status;
}

static int start_device(struct run *run)
{
    char error[1024];

    run->options.device.event = on_event;
    run->options.device.event_user = run;
    if (sim_device_new(run->loop, &run->options.device, &run->device, error, sizeof(error)) ==
        SMP_OK)
        return SIM_EXIT_OK;
    fprintf(stderr, "smpsim: %s\n", error);
    return SIM_EXIT_FILE;
}

static int start_replay(struct run *run)
{
    const struct sim_options *options = &run->options;
    char text[1024];

    run->replay =
        sim_replay_new(run->loop, options->replay, options->replay_delays, text, sizeof(text));
    if (run->replay == NULL) {
        fprintf(stderr, "smpsim: %s\n", text);
        return SIM_EXIT_FILE;
    }
    sim_replay_describe(run->replay, text, sizeof(text));
    on_event(SIM_EVENT_LINE, text, run);
    return SIM_EXIT_OK;
}

static int run_device(struct run *run)
{
    int status = SIM_EXIT_LINK;

    if (make_loop(run) != SMP_OK)
        return status;
    catch_signals(run->loop);
    status = open_links(run);
    if (status == SIM_EXIT_OK)
        status = run->options.replay != NULL ? start_replay(run) : start_device(run);
    if (status == SIM_EXIT_OK)
        status = serve(run);
    ignore_signals();
    sim_device_free(run->device);
    sim_replay_free(run->replay);
    for (size_t n = 0; n < run->options.n_udp; n++)
        smp_transport_free(run->links[n].transport);
    sim_serial_close(&run->serial);
    smp_loop_free(run->loop);
    return status;
}

int main(int argc, const char **argv)
{
    struct run run = {0};
    int status = sim_options_read(&run.options, argc, argv);

    setvbuf(stdout, NULL, _IOLBF, 0); /* lines come out at once, in pipes too */
    if (status < 0)
        status = run_device(&run);
    sim_options_free(&run.options);
    return status;
}

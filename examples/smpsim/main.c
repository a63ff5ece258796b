/* SPDX-License-Identifier: Apache-2.0 */
/* smpsim: a simulated SMP device.  See docs/smpsim.md. */
#include "options.h"

#include <smp/loop.h>
#include <smp/loopback.h>
#include <smp/udp.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a run holds, in the order of its making. */
struct run {
    struct sim_options options;
    struct smp_loop *loop;
    struct sim_device *device;
    struct smp_transport *transports[SIM_UDP_MAX];
    int status; /* of the exit, when the device ends the run */
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

static bool any_fault(const struct smp_faults *faults)
{
    return faults->drop != 0 || faults->delay_ns != 0;
}

/* Opens one socket, with the bad link in front of it.  `place` gets where it listens. */
static int listen_udp(struct run *run, size_t n, char *place, size_t size)
{
    const char *address = run->options.udp[n];
    struct smp_faults faults = run->options.faults;
    struct smp_transport *udp, *bad;
    int error = smp_udp_listen(run->loop, address, &udp);

    if (error != SMP_OK) {
        fprintf(stderr, "smpsim: --udp %s: %s%s%s\n", address, smp_error_text(error),
                error == SMP_ERR_SYSTEM ? ": " : "",
                error == SMP_ERR_SYSTEM ? strerror(errno) : "");
        return error == SMP_ERR_INVALID ? SIM_EXIT_USAGE : SIM_EXIT_LINK;
    }
    run->transports[n] = udp;
    error = smp_udp_local_address(udp, place, size);
    faults.seed += n; /* two links are not bad in step */
    if (error == SMP_OK && any_fault(&faults)) {
        error = smp_faulty_new(udp, &faults, &bad);
        if (error == SMP_OK)
            run->transports[n] = bad; /* owns the socket now */
    }
    if (error == SMP_OK)
        error = sim_device_listen(run->device, run->transports[n]);
    if (error == SMP_OK)
        return SIM_EXIT_OK;
    fprintf(stderr, "smpsim: %s: %s\n", address, smp_error_text(error));
    return SIM_EXIT_LINK;
}

static int serve(struct run *run)
{
    int status;

    for (size_t n = 0; n < run->options.n_udp; n++) {
        char place[SMP_UDP_ADDRESS_MAX];

        status = listen_udp(run, n, place, sizeof(place));
        if (status != SIM_EXIT_OK)
            return status;
        printf("smpsim: listening on udp %s\n", place);
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

int main(int argc, const char **argv)
{
    struct run run = {0};
    int status = sim_options_read(&run.options, argc, argv);

    if (status >= 0) {
        sim_options_free(&run.options);
        return status;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    status = SIM_EXIT_LINK;
    if (make_loop(&run) == SMP_OK) {
        catch_signals(run.loop);
        status = start_device(&run);
        if (status == SIM_EXIT_OK)
            status = serve(&run);
    }
    sim_device_free(run.device);
    for (size_t n = 0; n < run.options.n_udp; n++)
        smp_transport_free(run.transports[n]);
    smp_loop_free(run.loop);
    sim_options_free(&run.options);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* smpbridge: SMP clients on one kind of link share a device on another. */
#include "bridge.h"
#include "url.h"

#include <errno.h>
#include <popt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum status { STATUS_DONE = 0, STATUS_USAGE = 2, STATUS_LINK = 3 };

enum { EACH = 16, EACH_MAX = 64, TIMEOUT_S = 10, TIMEOUT_MAX_S = 600 };

struct run {
    char *device;
    char *listen[BRIDGE_LISTEN_MAX];
    size_t n_listen;
    double timeout;
    int each;

    struct smp_loop *loop;
    struct link_url url; /* of the device */
    struct smp_transport *device_transport;
    struct smp_transport *listen_transports[BRIDGE_LISTEN_MAX];
    struct bridge bridge;
};

static int verbose;
static struct smp_loop *signalled; /* for the signal handler */

static int complain(const char *what, const char *text, int status)
{
    fprintf(stderr, "smpbridge: %s%s%s\n", what, *what ? ": " : "", text);
    return status;
}

static void say(bool detail, const char *text)
{
    if (!detail || verbose) {
        printf("smpbridge: %s\n", text);
    }
}

/* ---- options ---- */

enum { OPT_LISTEN = 1, OPT_HELP, OPT_VERSION };

static int print_help(poptContext context)
{
    poptPrintHelp(context, stdout, 0);
    fputs("\nAddresses: udp://HOST:PORT, serial:///dev/ttyACM0?baud=115200, serial://VID:PID,\n"
          "tcp://HOST:PORT (a serial line behind a terminal server).\n"
          "Listening, serial:///PATH makes a pseudo-terminal with a link to it at PATH.\n"
          "\nExit status: 0 stopped by a signal, 2 usage, 3 an address cannot be opened.\n",
          stdout);
    return STATUS_DONE;
}

static int add_listen(struct run *run, char *text)
{
    if (run->n_listen == BRIDGE_LISTEN_MAX) {
        free(text);
        return complain("", "--listen was given too often", STATUS_USAGE);
    }
    run->listen[run->n_listen++] = text;
    return -1;
}

static int check_options(const struct run *run, const char *rest)
{
    if (rest) {
        return complain(rest, "is not understood; --help tells more", STATUS_USAGE);
    }
    if (!run->device || run->n_listen == 0) {
        return complain("",
                        "say where clients come from with --listen, and where they go with "
                        "--device; --help tells more",
                        STATUS_USAGE);
    }
    if (!(run->timeout >= 0.1 && run->timeout <= TIMEOUT_MAX_S)) {
        return complain("--timeout", "give 0.1 to 600 seconds", STATUS_USAGE);
    }
    return run->each < 1 || run->each > EACH_MAX
               ? complain("--each", "give 1 to 64 requests", STATUS_USAGE)
               : -1;
}

static int read_options(struct run *run, int argc, const char **argv)
{
    const struct poptOption table[] = {
        {"listen", 'l', POPT_ARG_STRING, NULL, OPT_LISTEN,
         "Where clients come from; may be given again", "ADDRESS"},
        {"device", 'd', POPT_ARG_STRING, &run->device, 0, "The device they share", "ADDRESS"},
        {"timeout", 't', POPT_ARG_DOUBLE, &run->timeout, 0,
         "How long the device may take to answer (10)", "SECONDS"},
        {"each", 0, POPT_ARG_INT, &run->each, 0,
         "Requests of one client that may wait at a time (16)", "N"},
        {"verbose", 'v', POPT_ARG_NONE, &verbose, 0, "Say more", NULL},
        {"version", 'V', POPT_ARG_NONE, NULL, OPT_VERSION, "Print the version", NULL},
        {"help", 'h', POPT_ARG_NONE, NULL, OPT_HELP, "Print this", NULL},
        POPT_TABLEEND,
    };
    poptContext context = poptGetContext("smpbridge", argc, argv, table, 0);
    int status = -1;
    int option;
    while (status < 0 && (option = poptGetNextOpt(context)) > 0) {
        if (option == OPT_LISTEN) {
            status = add_listen(run, poptGetOptArg(context));
        } else if (option == OPT_HELP) {
            status = print_help(context);
        } else {
            puts("smpbridge " SMP_VERSION_STRING);
            status = STATUS_DONE;
        }
    }
    if (status < 0 && option < -1) {
        status = complain(poptBadOption(context, POPT_BADOPTION_NOALIAS), poptStrerror(option),
                          STATUS_USAGE);
    }
    status = status < 0 ? check_options(run, poptGetArg(context)) : status;
    poptFreeContext(context);
    return status;
}

/* ---- running ---- */

static void on_signal(int number)
{
    (void)number;
    smp_loop_stop(signalled);
}

static void catch_signals(struct smp_loop *loop)
{
    const struct sigaction stop = {.sa_handler = on_signal};
    signalled = loop;
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* The end is under way: another signal must not look for the loop. */
static void ignore_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
}

static int open_device(struct run *run)
{
    const struct bridge_options options = {
        .timeout_ms = (uint32_t)(run->timeout * 1000),
        .each = (uint32_t)run->each,
        .say = say,
    };
    char text[512];
    if (!link_url_read(run->device, &run->url, text, sizeof text)) {
        return complain("--device", text, STATUS_USAGE);
    }
    if (link_url_open(run->loop, &run->url, &run->device_transport, text, sizeof text)) {
        return complain("--device", text, STATUS_LINK);
    }
    int error = bridge_open(&run->bridge, run->device_transport, &options, run->url.max_packet);
    return error ? complain("--device", smp_error_text(error), STATUS_LINK) : -1;
}

static void tell_place(const struct link_url *url, struct smp_transport *transport)
{
    char place[SMP_UDP_ADDRESS_MAX];
    if (url->type == LINK_SERIAL) {
        printf("smpbridge: listening on %s (%s)\n", url->place, smp_pty_path(transport));
    } else if (smp_udp_local_address(transport, place, sizeof place) == SMP_OK) {
        printf("smpbridge: listening on udp %s\n", place);
    }
}

static int open_listen(struct run *run, size_t i)
{
    struct link_url url;
    char text[512];
    if (!link_url_read(run->listen[i], &url, text, sizeof text)) {
        return complain("--listen", text, STATUS_USAGE);
    }
    if (link_url_listen(run->loop, &url, &run->listen_transports[i], text, sizeof text)) {
        return complain("--listen", text, STATUS_LINK);
    }
    int error = bridge_listen(&run->bridge, run->listen_transports[i]);
    if (error) {
        return complain("--listen", smp_error_text(error), STATUS_LINK);
    }
    tell_place(&url, run->listen_transports[i]);
    return -1;
}

static int bridge_all(struct run *run)
{
    int error = smp_loop_new(NULL, &run->loop);
    if (error) {
        return complain("", smp_error_text(error), STATUS_LINK);
    }
    catch_signals(run->loop);
    int status = open_device(run);
    for (size_t i = 0; status < 0 && i < run->n_listen; i++) {
        status = open_listen(run, i);
    }
    if (status < 0) {
        status = smp_loop_run(run->loop) == SMP_OK
                     ? STATUS_DONE
                     : complain("the loop failed", strerror(errno), STATUS_LINK);
    }
    ignore_signals();
    bridge_close(&run->bridge);
    for (size_t i = 0; i < run->n_listen; i++) {
        smp_transport_free(run->listen_transports[i]);
    }
    smp_transport_free(run->device_transport);
    link_url_close(&run->url);
    smp_loop_free(run->loop);
    return status;
}

int main(int argc, const char **argv)
{
    struct run run = {.timeout = TIMEOUT_S, .each = EACH};
    int status = read_options(&run, argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0); /* lines come out at once, in pipes too */
    if (status < 0) {
        status = bridge_all(&run);
    }
    for (size_t i = 0; i < run.n_listen; i++) {
        free(run.listen[i]);
    }
    free(run.device);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "colour.h"
#include "device.h"
#include "jlink.h"
#include "keys.h"
#include "learnt.h"
#include "output.h"
#include "progress.h"
#include "smpctl.h"
#include "task.h"
#include "tcp.h"

#include <smp/os.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS 1000000ull /* in nanoseconds */

/* --wait: how long an answer may take, and how long is waited after a failure. */
#define WAIT_ANSWER_MS 250u
#define WAIT_AGAIN_MS 100u

/* After silence: how long a small request may take, and which packets are not small. */
#define SMALL_ANSWER_MS 1000u
#define LARGE 128u

/* ---- waiting ---- */

static void on_pause_over(void *user)
{
    struct smpctl *ctl = user;
    if (ctl->task) {
        out = ctl->out;
        task_resume(ctl->task);
    }
}

void link_pause(struct smpctl *ctl, uint32_t ms)
{
    struct smp_timer *timer;
    if (smp_timer_new(ctl->loop, on_pause_over, ctl, &timer) != SMP_OK) {
        return;
    }
    uint64_t end = smp_loop_now(ctl->loop) + ms * MS;
    smp_timer_start(timer, ms * MS);
    if (ctl->task) {
        task_wait(ctl->task);
    }
    while (!ctl->task && smp_loop_now(ctl->loop) < end && smp_loop_turn(ctl->loop, (int)ms) >= 0) {
    }
    smp_timer_free(timer);
}

/* After a failure: true, a little later, when there is time for another try. */
static bool try_again(struct smpctl *ctl)
{
    if (smp_loop_now(ctl->loop) >= ctl->link.give_up) {
        return false;
    }
    link_pause(ctl, WAIT_AGAIN_MS);
    return true;
}

/* ---- UDP ---- */

static int fail_system(struct smpctl *ctl, int error)
{
    return error == SMP_ERR_SYSTEM ? fail(ctl, STATUS_LINK, "%s: %s", ctl->device, strerror(errno))
           : error                 ? fail_error(ctl, error)
                                   : STATUS_DONE;
}

/* Numeric addresses go straight to the socket; only names trouble the resolver. */
static int connect_udp(struct smpctl *ctl, const char *address)
{
    char numeric[SMP_UDP_ADDRESS_MAX];
    int error = smp_udp_connect(ctl->loop, address, &ctl->transport);
    if (error == SMP_ERR_INVALID) {
        error = smp_udp_resolve(address, numeric, sizeof numeric);
        if (error == SMP_ERR_INVALID) {
            return fail(ctl, STATUS_USAGE,
                        "`%s` is not an address; use HOST:PORT or [IPV6]:PORT, port 1 to 65535",
                        address);
        }
        if (error == SMP_ERR_NOT_FOUND) {
            return fail(ctl, STATUS_LINK, "`%s`: there is no host of that name", address);
        }
        if (error == SMP_ERR_SYSTEM && errno == EAGAIN) {
            return fail(ctl, STATUS_LINK,
                        "`%s`: no name server answers: check this machine's network, or give the "
                        "device's numeric address",
                        address);
        }
        error = error ? error : smp_udp_connect(ctl->loop, numeric, &ctl->transport);
    }
    return fail_system(ctl, error);
}

/* ---- serial ---- */

/* Console text, on standard error; a progress line makes room for it. */
void link_show_text(struct smp_transport *transport, const char *text, size_t len, void *user)
{
    struct smpctl *ctl = user;
    (void)transport;
    ctl->link.heard = smp_loop_now(ctl->loop);
    if (ctl->progress) {
        progress_end(ctl->progress);
    }
    put_coloured(stderr, (struct smp_str){text, len}, colour_wanted(stderr));
}

static int read_keys(struct smpctl *ctl, const struct address *address)
{
    struct link *link = &ctl->link;
    char error[512];
    if (!link_keys_read(address->keys, &link->options, &link->packet, error, sizeof error)) {
        return fail(ctl, STATUS_USAGE, "%s", error);
    }
    link->options.max_packet = link->packet;
    if (ctl->options.console) {
        link->options.console = link_show_text;
        link->options.console_user = ctl;
    }
    return STATUS_DONE;
}

static int open_port(struct smpctl *ctl, const char *port)
{
    char text[512];
    int error, system_error;
    do {
        error = smp_serial_open(ctl->loop, port, &ctl->link.options, &ctl->transport);
        system_error = errno;
    } while (error && error != SMP_ERR_INVALID && try_again(ctl));
    return error ? fail(ctl, STATUS_LINK, "%s",
                        smp_serial_explain(port, error, system_error, text, sizeof text))
                 : STATUS_DONE;
}

/* ---- TCP ---- */

static int connect_tcp(struct smpctl *ctl, const char *place)
{
    double seconds = ctl->options.timeout ? ctl->options.timeout : DEFAULT_TIMEOUT;
    enum link_tcp_error error;
    char text[512];
    int fd = -1;
    do {
        error = link_tcp_connect(place, (int)(seconds * 1000), &fd, text, sizeof text);
    } while (error == LINK_TCP_FAILED && try_again(ctl));
    if (error == LINK_TCP_FORM) {
        return fail(ctl, STATUS_USAGE, "%s", text);
    }
    if (error) {
        return fail(ctl, STATUS_LINK, "%s: %s", ctl->device, text);
    }
    ctl->link.fd = fd + 1;
    return fail_system(ctl, smp_serial_from_fd(ctl->loop, fd, &ctl->link.options, &ctl->transport));
}

/* ---- any ---- */

int link_prepare(struct smpctl *ctl, const struct address *address)
{
    uint64_t wait_ns = (uint64_t)(ctl->options.wait * 1e9);
    ctl->link = (struct link){.give_up = wait_ns ? smp_loop_now(ctl->loop) + wait_ns : 0};
    snprintf(ctl->device, sizeof ctl->device, "%s://%s", address->type, address->place);
    return strcmp(address->type, "udp") == 0 ? STATUS_DONE : read_keys(ctl, address);
}

int link_connect(struct smpctl *ctl, const struct address *address)
{
    return strcmp(address->type, "udp") == 0   ? connect_udp(ctl, address->place)
           : strcmp(address->type, "tcp") == 0 ? connect_tcp(ctl, address->place)
                                               : open_port(ctl, address->place);
}

int link_open(struct smpctl *ctl, const struct address *address)
{
    int status = link_prepare(ctl, address);
    return status == STATUS_DONE ? link_connect(ctl, address) : status;
}

/* Whether there was an answer, whatever it said. */
static bool asked(struct smpctl *ctl, int *status)
{
    smp_id id = 0;
    int error = smp_os_params(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = NULL;
    if (error != SMP_ERR_CLOSED) {
        result = device_await(ctl, error, id, status);
    }
    bool lost = error == SMP_ERR_CLOSED || (result && result->error == SMP_ERR_CLOSED);
    if (lost && smp_serial_reopen(ctl->transport) != SMP_OK) {
        errno = 0; /* not there yet, or not a port */
    }
    if (result && result->error == SMP_ERR_CANCELLED) {
        *status = fail_result(ctl, result);
    }
    return result && (result->error == SMP_OK || result->has_answer);
}

int link_wait(struct smpctl *ctl)
{
    const struct smp_session_options options = {
        .size = sizeof options,
        .timeout_ms = WAIT_ANSWER_MS,
        .tries = 1,
        .grace_ms = 1,
        .no_params = true,
    };
    if (!ctl->link.give_up) {
        return STATUS_DONE;
    }
    int error = smp_session_new(ctl->transport, &options, &ctl->session);
    int status = error ? fail_error(ctl, error) : STATUS_DONE;
    bool answered = false;
    while (status == STATUS_DONE && !answered) {
        uint64_t begun = smp_loop_now(ctl->loop);
        answered = asked(ctl, &status);
        bool quick = smp_loop_now(ctl->loop) < begun + WAIT_AGAIN_MS * MS;
        if (status == STATUS_DONE && !answered && smp_loop_now(ctl->loop) >= ctl->link.give_up) {
            status = fail(ctl, STATUS_LINK, "%s did not answer within %g seconds", ctl->device,
                          ctl->options.wait);
        } else if (status == STATUS_DONE && !answered && quick) {
            link_pause(ctl, WAIT_AGAIN_MS);
        }
    }
    smp_session_free(ctl->session);
    ctl->session = NULL;
    return status;
}

void link_close(struct smpctl *ctl)
{
    if (ctl->link.fd) {
        close(ctl->link.fd - 1);
        ctl->link.fd = 0;
    }
}

const char *link_explain(const struct smpctl *ctl, int error, int system_error, char *text,
                         size_t size)
{
    if (strncmp(ctl->device, "serial://", 9) != 0 ||
        (error != SMP_ERR_CLOSED && error != SMP_ERR_SYSTEM)) {
        return NULL;
    }
    return smp_serial_explain(ctl->device + 9, error, system_error, text, size);
}

/* Whether a small request is answered, by a session of its own, which stays for device_close(). */
static bool small_passes(struct smpctl *ctl)
{
    const struct smp_session_options options = {
        .size = sizeof options,
        .timeout_ms = SMALL_ANSWER_MS,
        .tries = 1,
        .no_params = true,
    };
    int ignored;
    smp_id id = 0;
    learnt_end(ctl);
    smp_session_free(ctl->session);
    ctl->session = NULL;
    if (smp_session_new(ctl->transport, &options, &ctl->session) != SMP_OK) {
        return false;
    }
    int error = smp_os_params(ctl->session, device_done, ctl, &id);
    const struct smp_result *result = error ? NULL : device_await(ctl, error, id, &ignored);
    return result && (result->error == SMP_OK || result->has_answer);
}

const char *link_large_vanish(struct smpctl *ctl, char *text, size_t size)
{
    bool large = ctl->link.sent_most >= LARGE && strncmp(ctl->device, "serial://", 9) == 0;
    return large && jlink_hint(ctl->device + 9, text, size) && small_passes(ctl) ? text : NULL;
}

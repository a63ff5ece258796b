/* SPDX-License-Identifier: Apache-2.0 */
#include "link.h"

#include "colour.h"
#include "device.h"
#include "output.h"
#include "progress.h"
#include "smpctl.h"
#include "task.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS 1000000ull /* in nanoseconds */

/* --wait: how long an answer may take, and how long is waited after a failure. */
#define WAIT_ANSWER_MS 250u
#define WAIT_AGAIN_MS 100u

/* ---- waiting ---- */

static void on_pause_over(void *user)
{
    struct smpctl *ctl = user;
    if (ctl->task) {
        out = ctl->out;
        task_resume(ctl->task);
    }
}

/* Lets the loop turn for a while. */
static void pause_for(struct smpctl *ctl, uint32_t ms)
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
    pause_for(ctl, WAIT_AGAIN_MS);
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
        error = error ? error : smp_udp_connect(ctl->loop, numeric, &ctl->transport);
    }
    return fail_system(ctl, error);
}

/* ---- what is said about a serial line ---- */

struct key {
    const char *name;
    uint32_t min, max;
    uint32_t *number;     /* NULL: one of the words */
    const char *words[2]; /* for 0 and 1, or for off and on */
    void (*set)(struct link *link, int word);
};

static void set_framing(struct link *link, int word)
{
    link->options.framing = word ? SMP_SERIAL_RAW : SMP_SERIAL_CONSOLE;
}

static void set_dtr(struct link *link, int word)
{
    link->options.dtr = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static void set_rts(struct link *link, int word)
{
    link->options.rts = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static void set_flow(struct link *link, int word)
{
    link->options.flow_control = word;
}

static void set_shared(struct link *link, int word)
{
    link->options.shared = word;
}

static int set_key(struct smpctl *ctl, struct link *link, const struct key *key, const char *value)
{
    char *end;
    if (key->number) {
        unsigned long number = strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || *end || number < key->min || number > key->max) {
            return fail(ctl, STATUS_USAGE, "%s=%s: give a number from %u to %u", key->name, value,
                        key->min, key->max);
        }
        *key->number = (uint32_t)number;
        return STATUS_DONE;
    }
    for (int word = 0; word < 2; word++) {
        if (strcmp(value, key->words[word]) == 0) {
            key->set(link, word);
            return STATUS_DONE;
        }
    }
    return fail(ctl, STATUS_USAGE, "%s=%s: say %s or %s", key->name, value, key->words[0],
                key->words[1]);
}

static int read_key(struct smpctl *ctl, struct link *link, char *text)
{
    struct smp_serial_options *o = &link->options;
    const struct key keys[] = {
        {.name = "baud", .min = 50, .max = 100000000, .number = &o->baud},
        {.name = "mtu", .min = 64, .max = 65533, .number = &link->packet},
        {.name = "line", .min = 7, .max = 16384, .number = &o->line_length},
        {.name = "lines", .min = 1, .max = 1000, .number = &o->lines},
        {.name = "gap", .min = 1, .max = 10000000, .number = &o->gap_us},
        {.name = "window", .min = 1, .max = 64, .number = &o->window},
        {.name = "silence", .min = 1, .max = 60000, .number = &o->silence_ms},
        {.name = "framing", .words = {"console", "raw"}, .set = set_framing},
        {.name = "dtr", .words = {"off", "on"}, .set = set_dtr},
        {.name = "rts", .words = {"off", "on"}, .set = set_rts},
        {.name = "flow", .words = {"none", "rtscts"}, .set = set_flow},
        {.name = "shared", .words = {"no", "yes"}, .set = set_shared},
    };
    char *value = strchr(text, '=');
    if (value) {
        *value++ = '\0';
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            if (strcmp(text, keys[i].name) == 0) {
                return set_key(ctl, link, &keys[i], value);
            }
        }
    }
    return fail(ctl, STATUS_USAGE,
                "`%s` means nothing to a serial line; known are: baud, mtu, framing=console|raw, "
                "line, lines, gap, window, silence, dtr=on|off, rts=on|off, flow=rtscts|none, "
                "shared=yes|no",
                text);
}

/* Console text, on standard error; a progress line makes room for it. */
static void show_text(struct smp_transport *transport, const char *text, size_t len, void *user)
{
    struct smpctl *ctl = user;
    (void)transport;
    if (ctl->progress) {
        progress_end(ctl->progress);
    }
    put_coloured(stderr, (struct smp_str){text, len}, colour_wanted(stderr));
}

static int read_keys(struct smpctl *ctl, const struct address *address)
{
    char keys[ADDRESS_MAX];
    struct link *link = &ctl->link;
    link->options = (struct smp_serial_options){.size = sizeof link->options};
    link->packet = 0;
    strcpy(keys, address->keys);
    for (char *key = keys; *key;) {
        char *next = key + strcspn(key, ",");
        bool last = !*next;
        *next = '\0';
        int status = *key ? read_key(ctl, link, key) : STATUS_DONE;
        if (status != STATUS_DONE) {
            return status;
        }
        key = last ? next : next + 1;
    }
    link->options.max_packet = link->packet;
    if (ctl->options.console) {
        link->options.console = show_text;
        link->options.console_user = ctl;
    }
    return STATUS_DONE;
}

/* ---- serial ---- */

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

/* Returns 0, or errno. */
static int wait_connected(int fd, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t len = sizeof error;
    int n = poll(&poll_fd, 1, timeout_ms);
    if (n <= 0) {
        return n == 0 ? ETIMEDOUT : errno;
    }
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
}

static int connect_one(const struct addrinfo *info, int timeout_ms, int *fd)
{
    *fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    if (*fd < 0) {
        return errno;
    }
    fcntl(*fd, F_SETFD, FD_CLOEXEC);
    fcntl(*fd, F_SETFL, O_NONBLOCK);
    int error = connect(*fd, info->ai_addr, info->ai_addrlen) == 0 ? 0 : errno;
    error = error == EINPROGRESS ? wait_connected(*fd, timeout_ms) : error;
    if (error) {
        close(*fd);
    }
    return error;
}

static int connect_tcp(struct smpctl *ctl, const char *place)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char host[ADDRESS_MAX];
    const char *colon = strrchr(place, ':');
    bool brackets = *place == '[';
    if (!colon || !colon[1] || (brackets && colon[-1] != ']')) {
        return fail(ctl, STATUS_USAGE, "`%s`: give HOST:PORT of the terminal server", place);
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - place) - 2 * brackets, place + brackets);
    int error = getaddrinfo(host, colon + 1, &wanted, &found);
    if (error) {
        return fail(ctl, STATUS_LINK, "%s: %s", ctl->device, gai_strerror(error));
    }
    double seconds = ctl->options.timeout ? ctl->options.timeout : DEFAULT_TIMEOUT;
    int fd = -1;
    do {
        error = EHOSTUNREACH;
        for (const struct addrinfo *info = found; info && error; info = info->ai_next) {
            error = connect_one(info, (int)(seconds * 1000), &fd);
        }
    } while (error && try_again(ctl));
    freeaddrinfo(found);
    if (error) {
        return fail(ctl, STATUS_LINK, "%s: %s", ctl->device, strerror(error));
    }
    ctl->link.fd = fd + 1;
    return fail_system(ctl, smp_serial_from_fd(ctl->loop, fd, &ctl->link.options, &ctl->transport));
}

/* ---- any ---- */

int link_open(struct smpctl *ctl, const struct address *address)
{
    uint64_t wait_ns = (uint64_t)(ctl->options.wait * 1e9);
    ctl->link = (struct link){.give_up = wait_ns ? smp_loop_now(ctl->loop) + wait_ns : 0};
    snprintf(ctl->device, sizeof ctl->device, "%s://%s", address->type, address->place);
    if (strcmp(address->type, "udp") == 0) {
        return connect_udp(ctl, address->place);
    }
    int status = read_keys(ctl, address);
    if (status != STATUS_DONE) {
        return status;
    }
    return strcmp(address->type, "tcp") == 0 ? connect_tcp(ctl, address->place)
                                             : open_port(ctl, address->place);
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
            pause_for(ctl, WAIT_AGAIN_MS);
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

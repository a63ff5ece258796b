/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include "keys.h"
#include "tcp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000 /* for each address of a terminal server */

static bool begins(const char *text, const char *with, const char **rest)
{
    size_t len = strlen(with);
    bool does = strncmp(text, with, len) == 0;
    *rest = does ? text + len : text;
    return does;
}

bool link_url_read(const char *text, struct link_url *url, char *error, size_t size)
{
    const char *place = text;
    *url = (struct link_url){.serial = {.size = sizeof url->serial}, .fd = -1};
    if (begins(text, "serial://", &place) || *text == '/') {
        url->type = LINK_SERIAL;
    } else if (begins(text, "tcp://", &place)) {
        url->type = LINK_TCP;
    } else if (begins(text, "udp://", &place) || !strstr(text, "://")) {
        url->type = LINK_UDP;
    } else {
        snprintf(error, size,
                 "`%s`: known are udp://HOST:PORT, serial:///dev/ttyACM0 and "
                 "tcp://HOST:PORT",
                 text);
        return false;
    }
    size_t len = url->type != LINK_UDP ? strcspn(place, "?") : strlen(place);
    if (len == 0 || len >= sizeof url->place) {
        snprintf(error, size,
                 "`%s` names no place; examples: udp://192.0.2.1:1337, "
                 "serial:///dev/ttyACM0",
                 text);
        return false;
    }
    memcpy(url->place, place, len);
    url->place[len] = '\0';
    if (place[len] == '?' &&
        !link_keys_read(place + len + 1, &url->serial, &url->max_packet, error, size)) {
        return false;
    }
    url->serial.max_packet = url->max_packet;
    return true;
}

static int explain(int error, const struct link_url *url, char *text, size_t size)
{
    int system_error = errno;
    if (error == SMP_OK) {
        return error;
    }
    if (url->type == LINK_SERIAL) {
        smp_serial_explain(url->place, error, system_error, text, size);
    } else if (error == SMP_ERR_INVALID) {
        snprintf(text, size, "`%s` is not an address; use HOST:PORT or [IPV6]:PORT", url->place);
    } else if (error == SMP_ERR_NOT_FOUND) {
        snprintf(text, size, "`%s`: there is no host of that name", url->place);
    } else if (error == SMP_ERR_EXISTS) {
        snprintf(text, size, "another program listens at %s already", url->place);
    } else if (error == SMP_ERR_SYSTEM && system_error == EAGAIN) {
        snprintf(text, size,
                 "`%s`: no name server answers: check this machine's network, or give the numeric "
                 "address",
                 url->place);
    } else {
        snprintf(text, size, "%s: %s", url->place,
                 error == SMP_ERR_SYSTEM ? strerror(system_error) : smp_error_text(error));
    }
    errno = system_error;
    return error;
}

static int open_tcp(struct smp_loop *loop, struct link_url *url, struct smp_transport **transport,
                    char *text, size_t size)
{
    enum link_tcp_error failure = link_tcp_connect(url->place, CONNECT_MS, &url->fd, text, size);
    if (failure) {
        return failure == LINK_TCP_FORM ? SMP_ERR_INVALID : SMP_ERR_CLOSED;
    }
    int error = smp_serial_from_fd(loop, url->fd, &url->serial, transport);
    if (error) {
        snprintf(text, size, "%s: %s", url->place, smp_error_text(error));
        link_url_close(url);
    }
    return error;
}

void link_url_close(struct link_url *url)
{
    if (url->type == LINK_TCP && url->fd >= 0) {
        close(url->fd);
        url->fd = -1;
    }
}

int link_url_open(struct smp_loop *loop, struct link_url *url, struct smp_transport **transport,
                  char *text, size_t size)
{
    char numeric[SMP_UDP_ADDRESS_MAX];
    int error;
    if (url->type == LINK_TCP) {
        return open_tcp(loop, url, transport, text, size);
    }
    if (url->type == LINK_SERIAL) {
        return explain(smp_serial_open(loop, url->place, &url->serial, transport), url, text, size);
    }
    error = smp_udp_connect(loop, url->place, transport);
    if (error == SMP_ERR_INVALID) {
        error = smp_udp_resolve(url->place, numeric, sizeof numeric); /* a name */
        error = error ? error : smp_udp_connect(loop, numeric, transport);
    }
    return explain(error, url, text, size);
}

int link_url_listen(struct smp_loop *loop, const struct link_url *url,
                    struct smp_transport **transport, char *text, size_t size)
{
    if (url->type == LINK_TCP) {
        snprintf(text, size, "tcp:// is for devices; clients come by udp:// or serial://");
        return SMP_ERR_UNSUPPORTED;
    }
    if (url->type == LINK_UDP) {
        return explain(smp_udp_listen(loop, url->place, transport), url, text, size);
    }
    const struct smp_pty_options options = {
        .size = sizeof options,
        .framing = url->serial.framing,
        .line_length = url->serial.line_length,
        .max_packet = url->max_packet,
    };
    int error = smp_pty_new(loop, url->place, &options, transport);
    if (error == SMP_ERR_EXISTS) {
        snprintf(text, size, "%s is there already, and is no symbolic link", url->place);
        return error;
    }
    return explain(error, url, text, size);
}

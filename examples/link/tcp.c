/* SPDX-License-Identifier: Apache-2.0 */
#include "tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HOST_MAX = 256 };

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

enum link_tcp_error link_tcp_connect(const char *place, int timeout_ms, int *fd, char *text,
                                     size_t size)
{
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char host[HOST_MAX];
    const char *colon = strrchr(place, ':');
    bool brackets = *place == '[';
    if (!colon || !colon[1] || (brackets && colon[-1] != ']')) {
        snprintf(text, size, "`%s`: give HOST:PORT of the terminal server", place);
        return LINK_TCP_FORM;
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - place) - 2 * brackets, place + brackets);
    int error = getaddrinfo(host, colon + 1, &wanted, &found);
    if (error) {
        snprintf(text, size, "%s", gai_strerror(error));
        return LINK_TCP_FAILED;
    }
    error = EHOSTUNREACH;
    for (const struct addrinfo *info = found; info && error; info = info->ai_next) {
        error = connect_one(info, timeout_ms, fd);
    }
    freeaddrinfo(found);
    if (error) {
        snprintf(text, size, "%s", strerror(error));
        return LINK_TCP_FAILED;
    }
    return LINK_TCP_OK;
}

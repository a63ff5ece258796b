/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__)
#define _GNU_SOURCE /* recvmmsg() */
#endif
#include "transports/udp_socket.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- receiving ---- */

/*
 * BUFFER: no datagram is longer, its length has 16 bits.  Buffers are filled from
 * the first on, and pages that no packet has reached take no memory: a client
 * with one request at a time touches one of them.
 */
enum { BATCH = 8, BUFFER = 65536 };

#if defined(__linux__)
typedef struct mmsghdr header;
#else
typedef struct {
    struct msghdr msg_hdr;
    unsigned msg_len;
} header;

static int recvmmsg(int fd, header *headers, unsigned count, int flags, void *timeout)
{
    unsigned n = 0;
    (void)timeout;
    for (; n < count; n++) {
        ssize_t len = recvmsg(fd, &headers[n].msg_hdr, flags);
        if (len < 0) {
            return n > 0 ? (int)n : -1;
        }
        headers[n].msg_len = (unsigned)len;
    }
    return (int)n;
}
#endif

struct smpi_udp_inbox {
    header headers[BATCH];
    struct iovec areas[BATCH];
    struct smpi_udp_address senders[BATCH];
    uint8_t buffers[BATCH][BUFFER];
};

size_t smpi_udp_inbox_size(void)
{
    return sizeof(struct smpi_udp_inbox);
}

void smpi_udp_inbox_init(struct smpi_udp_inbox *inbox)
{
    for (int i = 0; i < BATCH; i++) {
        inbox->areas[i] = (struct iovec){inbox->buffers[i], BUFFER};
        inbox->headers[i].msg_hdr.msg_iov = &inbox->areas[i];
        inbox->headers[i].msg_hdr.msg_iovlen = 1;
        inbox->headers[i].msg_hdr.msg_name = &inbox->senders[i].any;
        inbox->headers[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_in6);
    }
}

int smpi_udp_receive(int fd, struct smpi_udp_inbox *inbox)
{
    int count = recvmmsg(fd, inbox->headers, BATCH, 0, NULL);
    for (int i = 0; i < count; i++) {
        inbox->senders[i].len = inbox->headers[i].msg_hdr.msg_namelen;
        inbox->headers[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_in6);
    }
    return count;
}

const uint8_t *smpi_udp_packet(const struct smpi_udp_inbox *inbox, int i, size_t *len)
{
    *len = inbox->headers[i].msg_len;
    return inbox->buffers[i];
}

const struct smpi_udp_address *smpi_udp_sender(const struct smpi_udp_inbox *inbox, int i)
{
    return &inbox->senders[i];
}

/* ---- the path's MTU ---- */

/*
 * Devices seldom put IP fragments together again (Zephyr: not unless configured),
 * so a client's packets are never cut: the kernel says EMSGSIZE instead.
 */
static void forbid_fragments(int fd, sa_family_t family)
{
#if defined(IP_MTU_DISCOVER)
    const int v4 = IP_PMTUDISC_DO;
    const int v6 = IPV6_PMTUDISC_DO;
    if (family == AF_INET) {
        setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
    } else {
        setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
    }
#elif defined(IP_DONTFRAG)
    const int yes = 1;
    if (family == AF_INET) {
        setsockopt(fd, IPPROTO_IP, IP_DONTFRAG, &yes, sizeof(yes));
    } else {
        setsockopt(fd, IPPROTO_IPV6, IPV6_DONTFRAG, &yes, sizeof(yes));
    }
#endif
}

size_t smpi_udp_room(int fd, sa_family_t family)
{
    /* IP header without options, UDP header. */
    const size_t headers = family == AF_INET ? 20 + 8 : 40 + 8;
    int mtu = 1500;
#if defined(IP_MTU)
    socklen_t len = sizeof(mtu);
    int error = family == AF_INET ? getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len)
                                  : getsockopt(fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &len);
    mtu = error == 0 ? mtu : 1500;
#else
    (void)fd;
#endif
    size_t room = mtu > (int)headers ? (size_t)mtu - headers : 0;
    return room < SMPI_UDP_MAX ? room : SMPI_UDP_MAX;
}

/* ---- opening ---- */

/* Room for a burst of large packets: some systems start with very little. */
static void raise_buffer(int fd, int option)
{
    const int wanted = 256 * 1024;
    int size = 0;
    socklen_t len = sizeof(size);
    if (getsockopt(fd, SOL_SOCKET, option, &size, &len) == 0 && size < wanted) {
        setsockopt(fd, SOL_SOCKET, option, &wanted, sizeof(wanted));
    }
}

static int make_socket(sa_family_t family)
{
#if defined(SOCK_CLOEXEC)
    return socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
#else
    int fd = socket(family, SOCK_DGRAM, 0);
    if (fd >= 0) {
        fcntl(fd, F_SETFL, O_NONBLOCK);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    return fd;
#endif
}

/* One server on [::] serves IPv4 as well, whatever the system's default is. */
static int bind_server(int fd, const struct smpi_udp_address *address)
{
    const int no = 0;
    if (address->any.sa_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    }
    return bind(fd, &address->any, address->len);
}

static int connect_client(int fd, const struct smpi_udp_address *address)
{
    forbid_fragments(fd, address->any.sa_family);
    return connect(fd, &address->any, address->len);
}

int smpi_udp_open(const struct smpi_udp_address *address, bool listening, int *fd)
{
    int made = make_socket(address->any.sa_family);
    if (made < 0) {
        return SMP_ERR_SYSTEM;
    }
    raise_buffer(made, SO_RCVBUF);
    raise_buffer(made, SO_SNDBUF);
    int failed = listening ? bind_server(made, address) : connect_client(made, address);
    if (failed != 0) {
        int error = errno;
        close(made);
        errno = error;
        return listening && error == EADDRINUSE ? SMP_ERR_EXISTS : SMP_ERR_SYSTEM;
    }
    *fd = made;
    return SMP_OK;
}

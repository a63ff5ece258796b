/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__)
#define _GNU_SOURCE /* recvmmsg(), struct in6_pktinfo */
#endif
#include "transports/udp_socket.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

/* Room for one control message of a known type. */
struct control {
    _Alignas(struct cmsghdr) uint8_t bytes[64];
};

struct smpi_udp_inbox {
    header headers[BATCH];
    struct iovec areas[BATCH];
    struct smpi_udp_address senders[BATCH];
    struct control controls[BATCH];
    int used; /* headers that the last batch filled */
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
        inbox->headers[i].msg_hdr.msg_control = &inbox->controls[i];
        inbox->headers[i].msg_hdr.msg_controllen = sizeof(struct control);
    }
}

int smpi_udp_receive(int fd, struct smpi_udp_inbox *inbox)
{
    /* The kernel leaves the sizes of what it wrote: give back those of the last batch. */
    for (int i = 0; i < inbox->used; i++) {
        inbox->headers[i].msg_hdr.msg_namelen = sizeof(struct sockaddr_in6);
        inbox->headers[i].msg_hdr.msg_controllen = sizeof(struct control);
    }
    int count = recvmmsg(fd, inbox->headers, BATCH, 0, NULL);
    inbox->used = count > 0 ? count : 0;
    for (int i = 0; i < count; i++) {
        inbox->senders[i].len = inbox->headers[i].msg_hdr.msg_namelen;
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

/* ---- which of the server's addresses ---- */

#if defined(__linux__)

static void tell_asked(int fd, const struct smpi_udp_address *address)
{
    const int yes = 1;
    if (address->any.sa_family == AF_INET && address->v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes));
    } else if (address->any.sa_family == AF_INET6 &&
               IN6_IS_ADDR_UNSPECIFIED(&address->v6.sin6_addr)) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof(yes));
    }
}

/* IPv4 addresses are kept as IPv6 maps them: ::ffff:192.0.2.1. */
static void map_v4(const struct in_addr *v4, struct in6_addr *v6)
{
    static const uint8_t prefix[12] = {[10] = 0xff, [11] = 0xff};
    memcpy(v6->s6_addr, prefix, 12);
    memcpy(v6->s6_addr + 12, v4, 4);
}

bool smpi_udp_asked(struct smpi_udp_inbox *inbox, int i, struct in6_addr *address)
{
    struct msghdr *message = &inbox->headers[i].msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            map_v4(&info.ipi_spec_dst, address);
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof(info));
            *address = info.ipi6_addr;
            return !IN6_IS_ADDR_MULTICAST(address);
        }
    }
    return false;
}

/* Fills in the control message that names the source. */
static void put_source(struct msghdr *message, struct control *control, sa_family_t family,
                       const struct in6_addr *from)
{
    struct in_pktinfo v4 = {.ipi_ifindex = 0};
    struct in6_pktinfo v6 = {.ipi6_addr = *from};
    bool is_v4 = family == AF_INET;
    size_t size = is_v4 ? sizeof(v4) : sizeof(v6);
    memcpy(&v4.ipi_spec_dst, from->s6_addr + 12, 4);
    memset(control, 0, sizeof(*control));
    message->msg_control = control;
    message->msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *c = CMSG_FIRSTHDR(message);
    c->cmsg_level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
    c->cmsg_type = is_v4 ? IP_PKTINFO : IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(c), is_v4 ? (void *)&v4 : (void *)&v6, size);
}

int smpi_udp_send_to(int fd, const struct smpi_udp_address *to, const struct in6_addr *from,
                     const uint8_t *packet, size_t len)
{
    struct control control;
    struct iovec area = {(void *)(uintptr_t)packet, len};
    struct msghdr message = {
        .msg_name = (void *)(uintptr_t)&to->any,
        .msg_namelen = to->len,
        .msg_iov = &area,
        .msg_iovlen = 1,
    };
    if (from != NULL) {
        put_source(&message, &control, to->any.sa_family, from);
        if (sendmsg(fd, &message, 0) >= 0) {
            return 0;
        }
        if (errno != EINVAL && errno != EADDRNOTAVAIL && errno != ENETUNREACH) {
            return -1;
        }
        /* That address is gone, or was a broadcast. */
        message.msg_control = NULL;
        message.msg_controllen = 0;
    }
    return sendmsg(fd, &message, 0) >= 0 ? 0 : -1;
}

#else

static void tell_asked(int fd, const struct smpi_udp_address *address)
{
    (void)fd;
    (void)address;
}

bool smpi_udp_asked(struct smpi_udp_inbox *inbox, int i, struct in6_addr *address)
{
    (void)inbox;
    (void)i;
    (void)address;
    return false;
}

int smpi_udp_send_to(int fd, const struct smpi_udp_address *to, const struct in6_addr *from,
                     const uint8_t *packet, size_t len)
{
    (void)from;
    return sendto(fd, packet, len, 0, &to->any, to->len) >= 0 ? 0 : -1;
}

#endif

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
    tell_asked(fd, address);
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

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMP over UDP.  A client's socket is connected: only its device's datagrams come
 * through, and so do ICMP's words about it.  A server's is not: each datagram
 * brings its sender, who becomes the peer.
 */
#include "core/transport.h"
#include "transports/step.h"
#include "transports/udp_socket.h"

#include <smp/header.h>
#include <smp/udp.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* More addresses than machines have; past them, the system chooses what answers come from. */
enum { OWN_MAX = 32 };

struct udp {
    struct smp_transport *transport;
    struct smp_loop *loop;
    int fd;
    sa_family_t family;
    bool listening;
    size_t max_packet;
    struct smp_watch *watch;
    struct smpi_task refused; /* reports a refusal that sending met */
    struct smpi_udp_inbox *inbox;
    struct in6_addr own[OWN_MAX]; /* a server's addresses that peers spoke to; peers number them */
    size_t n_own;
};

/* ---- sending ---- */

/*
 * The kernel refused the size: it has learnt of a narrower path.  Its own number
 * counts, but never one that would let the same packet through again.
 */
static void narrow(struct udp *udp, size_t refused)
{
    size_t room = udp->listening ? SMPI_UDP_MAX : smpi_udp_room(udp->fd, udp->family);
    size_t first = udp->family == AF_INET ? SMPI_STEP_IPV4 : SMPI_STEP_IPV6;
    udp->max_packet = room < refused ? room : smpi_step_down(refused, first);
}

static int send_failed(struct udp *udp, size_t len)
{
    switch (errno) {
    case EAGAIN:
    case ENOBUFS:
        return smp_watch_set(udp->watch, SMP_WATCH_READ | SMP_WATCH_WRITE) == SMP_OK
                   ? SMP_ERR_AGAIN
                   : SMP_ERR_SYSTEM;
    case EMSGSIZE:
        narrow(udp, len);
        return SMP_ERR_TOO_LARGE;
    case ECONNREFUSED:
        return SMP_ERR_REFUSED;
    default:
        return SMP_ERR_SYSTEM;
    }
}

static int client_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct udp *udp = self;
    (void)peer;
    ssize_t sent = send(udp->fd, packet, len, 0);
    if (sent < 0 && errno == ECONNREFUSED) {
        /* That was about an earlier packet; this one has not left yet. */
        smpi_task_schedule(udp->loop, &udp->refused);
        sent = send(udp->fd, packet, len, 0);
    }
    return sent < 0 ? send_failed(udp, len) : SMP_OK;
}

static int server_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    struct udp *udp = self;
    struct smpi_udp_address address;
    uint8_t asked;
    if (!smpi_udp_from_peer(peer, &address, &asked)) {
        return SMP_ERR_INVALID;
    }
    const struct in6_addr *from = asked < udp->n_own ? &udp->own[asked] : NULL;
    if (smpi_udp_send_to(udp->fd, &address, from, packet, len) == 0) {
        return SMP_OK;
    }
    int error = send_failed(udp, len);
    if (error == SMP_ERR_AGAIN || error == SMP_ERR_TOO_LARGE) {
        return error;
    }
    /* One peer out of reach is not the end of the link: to it, the packet is lost. */
    smpi_log(udp->loop, SMP_LOG_WARN, "UDP: answer not sent: %s", strerror(errno));
    return SMP_OK;
}

static size_t udp_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((const struct udp *)self)->max_packet;
}

static size_t udp_step_down(void *self, size_t size)
{
    const struct udp *udp = self;
    return smpi_step_down(size, udp->family == AF_INET ? SMPI_STEP_IPV4 : SMPI_STEP_IPV6);
}

/* ---- receiving ---- */

/* UDP has no connection to lose: what was in flight ends, and the next request may try again. */
static void bounce(struct udp *udp, int reason, int system_error)
{
    smp_transport_down(udp->transport, reason, system_error);
    smp_transport_up(udp->transport);
}

static void report_refusal(struct smpi_task *task)
{
    bounce(SMPI_OF(task, struct udp, refused), SMP_ERR_REFUSED, ECONNREFUSED);
}

static void receive_failed(struct udp *udp, int error)
{
    if (error == EAGAIN || error == EINTR) {
        return;
    }
    if (error == EMSGSIZE) { /* ICMP: the path has become narrower */
        size_t room = smpi_udp_room(udp->fd, udp->family);
        udp->max_packet = room < udp->max_packet ? room : udp->max_packet;
    } else if (udp->listening) {
        smpi_log(udp->loop, SMP_LOG_WARN, "UDP: receiving failed: %s", strerror(error));
    } else {
        bounce(udp, error == ECONNREFUSED ? SMP_ERR_REFUSED : SMP_ERR_SYSTEM, error);
    }
}

/* The number of the server's address that a datagram was sent to. */
static uint8_t number_own(struct udp *udp, int i)
{
    struct in6_addr address;
    size_t n = 0;
    if (!smpi_udp_asked(udp->inbox, i, &address)) {
        return OWN_MAX;
    }
    while (n < udp->n_own && memcmp(&udp->own[n], &address, sizeof(address)) != 0) {
        n++;
    }
    if (n == udp->n_own && n < OWN_MAX) {
        udp->own[udp->n_own++] = address;
    }
    return (uint8_t)n;
}

/* One batch: what is left keeps the socket readable. */
static void receive(struct udp *udp)
{
    struct smp_peer peer = {.len = 0};
    int count = smpi_udp_receive(udp->fd, udp->inbox);
    if (count < 0) {
        receive_failed(udp, errno);
    }
    for (int i = 0; i < count; i++) {
        size_t len;
        const uint8_t *packet = smpi_udp_packet(udp->inbox, i, &len);
        if (udp->listening) {
            smpi_udp_to_peer(smpi_udp_sender(udp->inbox, i), number_own(udp, i), &peer);
        }
        smp_transport_received(udp->transport, &peer, packet, len);
    }
}

/* A transport freed on the way stays in memory until the turn is over. */
static void on_event(int fd, unsigned events, void *user)
{
    struct udp *udp = user;
    (void)fd;
    if (events & SMP_WATCH_WRITE) {
        smp_watch_set(udp->watch, SMP_WATCH_READ);
        smp_transport_writable(udp->transport);
    }
    if (events & SMP_WATCH_READ) {
        receive(udp);
    }
}

/* ---- making and freeing ---- */

static void udp_free(void *self)
{
    struct udp *udp = self;
    smpi_task_cancel(&udp->refused);
    smp_watch_free(udp->watch);
    if (udp->fd >= 0) {
        close(udp->fd);
    }
    smpi_free(udp->loop, udp->inbox);
    smpi_free(udp->loop, udp);
}

static int fill(struct udp *udp, const struct smpi_udp_address *address)
{
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_DATAGRAM,
        .send = udp->listening ? server_send : client_send,
        .max_packet = udp_max_packet,
        .step_down = udp_step_down,
        .free = udp_free,
    };
    udp->inbox = smpi_alloc(udp->loop, smpi_udp_inbox_size());
    if (udp->inbox == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    smpi_udp_inbox_init(udp->inbox);
    int error = smpi_udp_open(address, udp->listening, &udp->fd);
    if (error != SMP_OK) {
        return error;
    }
    udp->max_packet = udp->listening ? SMPI_UDP_MAX : smpi_udp_room(udp->fd, udp->family);
    error = smp_watch_new(udp->loop, udp->fd, SMP_WATCH_READ, on_event, udp, &udp->watch);
    return error == SMP_OK ? smp_transport_new(udp->loop, &ops, udp, &udp->transport) : error;
}

static int make(struct smp_loop *loop, const char *text, bool listening,
                struct smp_transport **transport)
{
    struct smpi_udp_address address;
    if (loop == NULL || transport == NULL) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_udp_parse(text, listening, &address);
    if (error != SMP_OK) {
        return error;
    }
    struct udp *udp = smpi_alloc(loop, sizeof(*udp));
    if (udp == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    udp->loop = loop;
    udp->fd = -1;
    udp->family = address.any.sa_family;
    udp->listening = listening;
    smpi_task_init(&udp->refused, report_refusal);
    error = fill(udp, &address);
    if (error != SMP_OK) {
        int system_error = errno;
        udp_free(udp);
        errno = system_error;
        return error;
    }
    *transport = udp->transport;
    return SMP_OK;
}

int smp_udp_connect(struct smp_loop *loop, const char *address, struct smp_transport **transport)
{
    return make(loop, address, false, transport);
}

int smp_udp_listen(struct smp_loop *loop, const char *address, struct smp_transport **transport)
{
    return make(loop, address, true, transport);
}

int smp_udp_local_address(const struct smp_transport *transport, char *text, size_t size)
{
    struct smpi_udp_address address;
    if (transport == NULL || text == NULL || transport->ops.free != udp_free) {
        return SMP_ERR_INVALID;
    }
    memset(&address, 0, sizeof(address));
    address.len = sizeof(address.v6);
    const struct udp *udp = transport->self;
    if (getsockname(udp->fd, &address.any, &address.len) != 0) {
        return SMP_ERR_SYSTEM;
    }
    return smpi_udp_print(&address, text, size);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends on real sockets, on the loopback interface only. */
#ifndef TESTS_TRANSPORTS_UDP_LINK_H
#define TESTS_TRANSPORTS_UDP_LINK_H

#include "transports/catcher.h"

#include <smp/udp.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static inline struct smp_loop *new_loop(void)
{
    struct smp_loop *loop;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    return loop;
}

static inline bool have_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    bool have = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return have;
}

/* Turns until the condition holds; real packets take their time, though very little. */
#define UNTIL(loop, condition)                                                                     \
    do {                                                                                           \
        for (int turns = 0; turns < 2000 && !(condition); turns++) {                               \
            smp_loop_turn(loop, 5);                                                                \
        }                                                                                          \
        cr_assert(condition);                                                                      \
    } while (0)

/* A server on a free port and a client of it. */
struct link {
    struct smp_loop *loop;
    struct smp_transport *server, *client;
    struct catcher *at_server, *at_client;
    char address[SMP_UDP_ADDRESS_MAX];
};

static inline struct link link_new(const char *listen_on)
{
    struct link l = {.loop = new_loop()};
    cr_assert_eq(smp_udp_listen(l.loop, listen_on, &l.server), SMP_OK);
    cr_assert_eq(smp_udp_local_address(l.server, l.address, sizeof(l.address)), SMP_OK);
    cr_assert_eq(smp_udp_connect(l.loop, l.address, &l.client), SMP_OK);
    l.at_server = catcher_new(l.server);
    l.at_client = catcher_new(l.client);
    return l;
}

static inline void link_free(struct link *l)
{
    smp_transport_free(l->client);
    smp_transport_free(l->server);
    free(l->at_client);
    free(l->at_server);
    smp_loop_free(l->loop);
}

/* An address where nobody listens, most likely for a while. */
static inline void closed_port(struct smp_loop *loop, const char *on, char *address)
{
    struct smp_transport *server;
    cr_assert_eq(smp_udp_listen(loop, on, &server), SMP_OK);
    cr_assert_eq(smp_udp_local_address(server, address, SMP_UDP_ADDRESS_MAX), SMP_OK);
    smp_transport_free(server);
}

#endif

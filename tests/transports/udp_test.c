/* SPDX-License-Identifier: Apache-2.0 */
/* Real sockets, on the loopback interface only. */
#include "transports/catcher.h"

#include <smp/udp.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct smp_loop *new_loop(void)
{
    struct smp_loop *loop;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    return loop;
}

static bool have_ipv6(void)
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

static struct link link_new(const char *listen_on)
{
    struct link l = {.loop = new_loop()};
    cr_assert_eq(smp_udp_listen(l.loop, listen_on, &l.server), SMP_OK);
    cr_assert_eq(smp_udp_local_address(l.server, l.address, sizeof(l.address)), SMP_OK);
    cr_assert_eq(smp_udp_connect(l.loop, l.address, &l.client), SMP_OK);
    l.at_server = catcher_new(l.server);
    l.at_client = catcher_new(l.client);
    return l;
}

static void link_free(struct link *l)
{
    smp_transport_free(l->client);
    smp_transport_free(l->server);
    free(l->at_client);
    free(l->at_server);
    smp_loop_free(l->loop);
}

static void echo_thousands(const char *listen_on)
{
    struct link l = link_new(listen_on);
    l.at_server->echo = true;
    for (uint32_t i = 0; i < 5000; i++) {
        cr_assert_eq(send_number(l.client, i, 4 + i % 1400), SMP_OK);
        UNTIL(l.loop, l.at_client->count == i + 1);
        cr_assert_eq(caught_number(l.at_client, i), i);
        cr_assert_eq(l.at_client->caught[i].len, 4 + i % 1400);
    }
    cr_expect_eq(l.at_server->count, 5000);
    link_free(&l);
}

Test(udp, thousands_of_packets_over_ipv4)
{
    echo_thousands("127.0.0.1:0");
}

Test(udp, thousands_of_packets_over_ipv6)
{
    if (!have_ipv6()) {
        cr_skip_test("no IPv6 on the loopback interface");
    }
    echo_thousands("[::1]:0");
}

Test(udp, a_server_on_all_addresses_serves_both_families)
{
    if (!have_ipv6()) {
        cr_skip_test("no IPv6 on the loopback interface");
    }
    struct link l = link_new("[::]:0");
    struct smp_transport *v4;
    char address[64];
    snprintf(address, sizeof(address), "127.0.0.1%s", strrchr(l.address, ':'));
    cr_assert_eq(smp_udp_connect(l.loop, address, &v4), SMP_OK);
    struct catcher *at_v4 = catcher_new(v4);
    l.at_server->echo = true;
    cr_expect_eq(send_number(v4, 4, 10), SMP_OK);
    cr_expect_eq(send_number(l.client, 6, 10), SMP_OK);
    UNTIL(l.loop, at_v4->count == 1 && l.at_client->count == 1);
    cr_expect_eq(caught_number(at_v4, 0), 4);
    cr_expect_eq(caught_number(l.at_client, 0), 6);
    smp_transport_free(v4);
    free(at_v4);
    link_free(&l);
}

/* A connected client takes answers from the address it asked only. */
static void answered_from(const char *listen_on)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *server;
    struct smp_transport *client;
    char own[SMP_UDP_ADDRESS_MAX];
    cr_assert_eq(smp_udp_listen(loop, listen_on, &server), SMP_OK);
    struct catcher *at_server = catcher_new(server);
    at_server->echo = true;
    cr_assert_eq(smp_udp_local_address(server, own, sizeof(own)), SMP_OK);
    for (int i = 1; i < 60; i++) { /* more than the server can tell apart: those must do no harm */
        char address[SMP_UDP_ADDRESS_MAX];
        snprintf(address, sizeof(address), "127.0.0.%d%s", i, strrchr(own, ':'));
        cr_assert_eq(smp_udp_connect(loop, address, &client), SMP_OK);
        struct catcher *c = catcher_new(client);
        cr_expect_eq(send_number(client, (uint32_t)i, 10), SMP_OK);
        size_t expected = at_server->count + 1;
        UNTIL(loop, at_server->count == expected);
        if (i <= 32) {
            UNTIL(loop, c->count == 1);
        }
        smp_transport_free(client);
        free(c);
    }
    smp_transport_free(server);
    free(at_server);
    smp_loop_free(loop);
}

Test(udp, a_server_on_all_addresses_answers_from_the_one_asked)
{
#if defined(__linux__) /* others have one loopback address */
    answered_from("0.0.0.0:0");
    if (have_ipv6()) {
        answered_from("[::]:0");
    }
#else
    (void)answered_from;
#endif
}

Test(udp, bursts_arrive_in_order)
{
    struct link l = link_new("127.0.0.1:0");
    for (uint32_t i = 0; i < 50; i++) {
        cr_assert_eq(send_number(l.client, i, 1000), SMP_OK);
    }
    UNTIL(l.loop, l.at_server->count == 50);
    for (uint32_t i = 0; i < 50; i++) {
        cr_expect_eq(caught_number(l.at_server, i), i);
    }
    link_free(&l);
}

/* All that came is told before process() says that nothing is left: see platform/epoll.c. */
Test(udp, one_process_takes_a_whole_burst)
{
    struct link l = link_new("127.0.0.1:0");
    for (uint32_t i = 0; i < 50; i++) {
        cr_assert_eq(send_number(l.client, i, 1000), SMP_OK);
    }
    const struct timespec a_moment = {.tv_nsec = 50000000}; /* a busy machine delivers later */
    nanosleep(&a_moment, NULL);
    if (smp_loop_fd(l.loop) != SMP_ERR_UNSUPPORTED) {
        cr_expect_eq(smp_loop_process(l.loop), 0);
        cr_expect_eq(l.at_server->count, 50);
    }
    link_free(&l);
}

Test(udp, peers_are_told_apart)
{
    struct link l = link_new("127.0.0.1:0");
    struct smp_transport *other;
    cr_assert_eq(smp_udp_connect(l.loop, l.address, &other), SMP_OK);
    struct catcher *at_other = catcher_new(other);
    cr_expect_eq(send_number(l.client, 1, 10), SMP_OK);
    cr_expect_eq(send_number(other, 2, 10), SMP_OK);
    cr_expect_eq(send_number(l.client, 3, 10), SMP_OK);
    UNTIL(l.loop, l.at_server->count == 3);
    const struct caught *caught = l.at_server->caught;
    cr_expect_arr_eq(&caught[0].peer, &caught[2].peer, sizeof(caught->peer));
    cr_expect_arr_neq(&caught[0].peer, &caught[1].peer, sizeof(caught->peer));

    uint32_t answer = 22;
    cr_expect_eq(smpi_transport_send(l.server, &caught[1].peer, (uint8_t *)&answer, 4), SMP_OK);
    UNTIL(l.loop, at_other->count == 1);
    cr_expect_eq(caught_number(at_other, 0), 22);
    cr_expect_eq(l.at_client->count, 0);
    smp_transport_free(other);
    free(at_other);
    link_free(&l);
}

Test(udp, a_client_hears_nobody_but_its_device)
{
    struct link l = link_new("127.0.0.1:0");
    struct sockaddr_in to = {.sin_family = AF_INET};
    char text[SMP_UDP_ADDRESS_MAX];
    cr_assert_eq(smp_udp_local_address(l.client, text, sizeof(text)), SMP_OK);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)atoi(strrchr(text, ':') + 1));
    int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    cr_assert_eq(sendto(stranger, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
    smp_loop_turn(l.loop, 20);
    cr_expect_eq(l.at_client->count, 0);
    close(stranger);
    link_free(&l);
}

/* ---- sizes ---- */

Test(udp, the_largest_datagram_passes_and_one_byte_more_does_not)
{
    struct link l = link_new("127.0.0.1:0");
    l.at_server->echo = true;
    size_t most = smpi_transport_max_packet(l.client, NULL);
    cr_expect_leq(most, 65507u);
    cr_expect_geq(most, 512u);
    cr_expect_eq(smpi_transport_max_packet(l.server, NULL), 65507);
    cr_expect_eq(send_number(l.client, 1, most), SMP_OK);
    UNTIL(l.loop, l.at_client->count == 1);
    cr_expect_eq(l.at_client->caught[0].len, most);
    cr_expect_eq(send_number(l.client, 2, 65508), SMP_ERR_TOO_LARGE);
    cr_expect_leq(smpi_transport_max_packet(l.client, NULL), 65507u);
    cr_expect_eq(send_number(l.client, 3, 100), SMP_OK, "smaller ones still pass");
    UNTIL(l.loop, l.at_client->count == 2);
    link_free(&l);
}

Test(udp, empty_datagrams_are_packets_too)
{
    struct link l = link_new("127.0.0.1:0");
    l.at_server->echo = true;
    cr_expect_eq(send_number(l.client, 0, 0), SMP_OK);
    UNTIL(l.loop, l.at_client->count == 1);
    cr_expect_eq(l.at_client->caught[0].len, 0);
    link_free(&l);
}

Test(udp, steps_for_each_family)
{
    struct link l = link_new("127.0.0.1:0");
    cr_expect_eq(smpi_transport_step_down(l.client, 65507), 1472);
    cr_expect_eq(smpi_transport_step_down(l.client, 1473), 1472);
    cr_expect_eq(smpi_transport_step_down(l.client, 1472), 512);
    cr_expect_eq(smpi_transport_step_down(l.client, 513), 512);
    cr_expect_eq(smpi_transport_step_down(l.client, 512), 0);
    link_free(&l);
    if (have_ipv6()) {
        l = link_new("[::1]:0");
        cr_expect_eq(smpi_transport_step_down(l.client, 65507), 1452);
        cr_expect_eq(smpi_transport_step_down(l.client, 1452), 512);
        link_free(&l);
    }
}

/* Packets that nobody may cut: Linux shows it in the socket. */
Test(udp, a_client_forbids_fragments)
{
#if defined(IP_MTU_DISCOVER)
    int next = dup(0); /* the transport's socket gets the number after the loop's */
    close(next);
    struct link l = link_new("127.0.0.1:0");
    int found = 0;
    for (int fd = next; fd < next + 16; fd++) {
        int value = -1;
        socklen_t len = sizeof(value);
        if (getsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &value, &len) == 0) {
            found += value == IP_PMTUDISC_DO;
        }
    }
    cr_expect_eq(found, 1, "the client's and not the server's");
    link_free(&l);
#endif
}

/* ---- errors ---- */

/* An address where nobody listens, most likely for a while. */
static void closed_port(struct smp_loop *loop, const char *on, char *address)
{
    struct smp_transport *server;
    cr_assert_eq(smp_udp_listen(loop, on, &server), SMP_OK);
    cr_assert_eq(smp_udp_local_address(server, address, SMP_UDP_ADDRESS_MAX), SMP_OK);
    smp_transport_free(server);
}

static void refused(const char *on)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *client;
    char address[SMP_UDP_ADDRESS_MAX];
    closed_port(loop, on, address);
    cr_assert_eq(smp_udp_connect(loop, address, &client), SMP_OK);
    struct catcher *c = catcher_new(client);
    cr_expect_eq(send_number(client, 1, 10), SMP_OK);
    UNTIL(loop, c->downs == 1);
    cr_expect_eq(c->reason, SMP_ERR_REFUSED);
    cr_expect_eq(c->system_error, ECONNREFUSED);
    cr_expect_eq(c->ups, 1, "the next packet may try again");

    struct smp_transport *server;
    cr_assert_eq(smp_udp_listen(loop, address, &server), SMP_OK);
    struct catcher *at_server = catcher_new(server);
    at_server->echo = true;
    cr_expect_eq(send_number(client, 2, 10), SMP_OK);
    UNTIL(loop, c->count == 1);
    cr_expect_eq(c->downs, 1);
    smp_transport_free(client);
    smp_transport_free(server);
    free(c);
    free(at_server);
    smp_loop_free(loop);
}

Test(udp, a_refusal_is_told_at_once_and_is_not_the_end)
{
    refused("127.0.0.1:0");
}

Test(udp, a_refusal_over_ipv6)
{
    if (!have_ipv6()) {
        cr_skip_test("no IPv6 on the loopback interface");
    }
    refused("[::1]:0");
}

/* The kernel tells of the first packet's refusal when the second is sent. */
Test(udp, a_refusal_met_by_sending_is_told_by_the_next_process)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *client;
    char address[SMP_UDP_ADDRESS_MAX];
    closed_port(loop, "127.0.0.1:0", address);
    cr_assert_eq(smp_udp_connect(loop, address, &client), SMP_OK);
    struct catcher *c = catcher_new(client);
    for (uint32_t i = 0; i < 5; i++) {
        cr_expect_eq(send_number(client, i, 10), SMP_OK);
    }
    cr_expect_eq(c->downs, 0, "never inside the call");
    UNTIL(loop, c->downs >= 1);
    cr_expect_eq(c->reason, SMP_ERR_REFUSED);
    cr_expect_eq(c->ups, c->downs);
    smp_transport_free(client);
    free(c);
    smp_loop_free(loop);
}

Test(udp, a_refusal_met_by_sending_does_not_swallow_the_packet)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *client;
    struct smp_transport *server;
    char address[SMP_UDP_ADDRESS_MAX];
    closed_port(loop, "127.0.0.1:0", address);
    cr_assert_eq(smp_udp_connect(loop, address, &client), SMP_OK);
    struct catcher *c = catcher_new(client);
    cr_expect_eq(send_number(client, 1, 10), SMP_OK); /* refused, and nobody has looked yet */
    cr_assert_eq(smp_udp_listen(loop, address, &server), SMP_OK);
    struct catcher *at_server = catcher_new(server);
    cr_expect_eq(send_number(client, 2, 10), SMP_OK);
    UNTIL(loop, at_server->count == 1 && c->downs == 1);
    cr_expect_eq(caught_number(at_server, 0), 2);
    smp_transport_free(client);
    smp_transport_free(server);
    free(c);
    free(at_server);
    smp_loop_free(loop);
}

Test(udp, a_server_survives_peers_that_are_gone)
{
    struct link l = link_new("127.0.0.1:0");
    cr_expect_eq(send_number(l.client, 1, 10), SMP_OK);
    UNTIL(l.loop, l.at_server->count == 1);
    smp_transport_free(l.client);
    l.client = NULL;
    const struct smp_peer peer = l.at_server->caught[0].peer;
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(smpi_transport_send(l.server, &peer, (const uint8_t *)"x", 1), SMP_OK);
        smp_loop_turn(l.loop, 1);
    }
    cr_expect_eq(l.at_server->downs, 0);
    link_free(&l);
}

Test(udp, a_server_answers_peers_only)
{
    struct link l = link_new("127.0.0.1:0");
    struct smp_peer peer = {.len = 31};
    memset(peer.data, 0xff, sizeof(peer.data));
    cr_expect_eq(smpi_transport_send(l.server, NULL, (const uint8_t *)"x", 1), SMP_ERR_INVALID);
    cr_expect_eq(smpi_transport_send(l.server, &peer, (const uint8_t *)"x", 1), SMP_ERR_INVALID);
    link_free(&l);
}

Test(udp, an_address_in_use)
{
    struct link l = link_new("127.0.0.1:0");
    struct smp_transport *second = NULL;
    cr_expect_eq(smp_udp_listen(l.loop, l.address, &second), SMP_ERR_EXISTS);
    cr_expect_eq(errno, EADDRINUSE);
    cr_expect_null(second);
    link_free(&l);
}

Test(udp, wrong_arguments)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *made = NULL;
    char text[SMP_UDP_ADDRESS_MAX];
    cr_expect_eq(smp_udp_connect(NULL, "127.0.0.1", &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_connect(loop, NULL, &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_connect(loop, "127.0.0.1", NULL), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_connect(loop, "127.0.0.1:0", &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_connect(loop, "name.example", &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_listen(loop, "192.0.2.1.3", &made), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_connect(loop, "fe80::1%no-such-if", &made), SMP_ERR_SYSTEM);
    cr_expect_neq(errno, 0);
    cr_expect_null(made);

    struct smp_transport *a, *b;
    cr_assert_eq(smp_loopback_new(loop, 0, &a, &b), SMP_OK);
    cr_expect_eq(smp_udp_local_address(a, text, sizeof(text)), SMP_ERR_INVALID);
    cr_expect_eq(smp_udp_local_address(NULL, text, sizeof(text)), SMP_ERR_INVALID);
    smp_transport_free(a);
    smp_transport_free(b);
    smp_loop_free(loop);
}

Test(udp, not_an_address_of_this_machine)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *made = NULL;
    cr_expect_eq(smp_udp_listen(loop, "192.0.2.77:0", &made), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EADDRNOTAVAIL);
    smp_loop_free(loop);
}

Test(udp, real_sockets_need_real_time)
{
    struct fake fake = fake_new();
    struct smp_transport *made = NULL;
    cr_expect_eq(smp_udp_connect(fake.loop, "127.0.0.1", &made), SMP_ERR_UNSUPPORTED);
    cr_expect_null(made);
    fake_free(&fake);
}

/* ---- freeing, descriptors, memory ---- */

Test(udp, freed_by_its_receiver)
{
    struct link l = link_new("127.0.0.1:0");
    l.at_server->victim = l.server;
    l.at_server->echo = true;
    for (uint32_t i = 0; i < 20; i++) {
        cr_expect_eq(send_number(l.client, i, 100), SMP_OK);
    }
    UNTIL(l.loop, l.at_server->count == 1);
    l.server = NULL;
    smp_loop_turn(l.loop, 5);
    cr_expect_eq(l.at_server->count, 1, "nothing is told after the free");
    link_free(&l);
}

static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1000; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0) {
            count += flags & FD_CLOEXEC ? 1 : 1000;
        }
    }
    return count;
}

Test(udp, every_descriptor_is_closed_again_and_on_exec)
{
    struct smp_loop *loop = new_loop();
    struct smp_transport *made;
    char address[SMP_UDP_ADDRESS_MAX];
    int before = descriptors();
    closed_port(loop, "127.0.0.1:0", address);
    cr_assert_eq(smp_udp_connect(loop, address, &made), SMP_OK);
    cr_expect_eq(descriptors(), before + 1, "one, closed on exec");
    smp_transport_free(made);
    cr_expect_eq(smp_udp_listen(loop, "192.0.2.77:0", &made), SMP_ERR_SYSTEM);
    cr_expect_eq(descriptors(), before);
    smp_loop_free(loop);
}

/* An allocator that counts, and can tell which pages of large blocks were ever touched. */
struct counter {
    size_t allocations;
    size_t n_large;
    struct {
        void *memory;
        size_t bytes;
    } large[1000];
};

static void *counting_alloc(size_t bytes, void *user)
{
    struct counter *counter = user;
    counter->allocations++;
    if (bytes < 65536) {
        return calloc(1, bytes);
    }
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(memory, MAP_FAILED);
    cr_assert_lt(counter->n_large, (size_t)1000);
    counter->large[counter->n_large].memory = memory;
    counter->large[counter->n_large++].bytes = bytes;
    return memory;
}

static void counting_free(void *memory, void *user)
{
    struct counter *counter = user;
    for (size_t i = 0; i < counter->n_large; i++) {
        if (counter->large[i].memory == memory) {
            munmap(memory, counter->large[i].bytes);
            counter->large[i].memory = NULL;
            return;
        }
    }
    free(memory);
}

static size_t touched_pages(const struct counter *counter, size_t first)
{
    static unsigned char pages[4096];
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t touched = 0;
    for (size_t i = first; i < counter->n_large; i++) {
        size_t n = (counter->large[i].bytes + page - 1) / page;
        cr_assert_leq(n, sizeof(pages));
        cr_assert_eq(mincore(counter->large[i].memory, counter->large[i].bytes, (void *)pages), 0);
        for (size_t j = 0; j < n; j++) {
            touched += pages[j] & 1;
        }
    }
    return touched;
}

Test(udp, packets_take_no_memory_and_clients_little)
{
    enum { CLIENTS = 200 };
    static struct smp_transport *clients[CLIENTS];
    static struct counter counter;
    const struct smp_allocator allocator = {counting_alloc, counting_free, &counter};
    const struct smp_loop_options options = {.size = sizeof(options), .allocator = &allocator};
    struct smp_loop *loop;
    struct smp_transport *server;
    char address[SMP_UDP_ADDRESS_MAX];
    cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
    cr_assert_eq(smp_udp_listen(loop, "127.0.0.1:0", &server), SMP_OK);
    cr_assert_eq(smp_udp_local_address(server, address, sizeof(address)), SMP_OK);
    struct catcher *c = catcher_new(server);
    c->echo = true;
    size_t before = counter.n_large;
    for (int i = 0; i < CLIENTS; i++) {
        cr_assert_eq(smp_udp_connect(loop, address, &clients[i]), SMP_OK);
    }
    cr_expect_eq(counter.n_large, before + CLIENTS);
    counter.allocations = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        cr_assert_eq(send_number(clients[i % CLIENTS], i, 1000), SMP_OK);
        UNTIL(loop, c->count == i + 1);
    }
    smp_loop_turn(loop, 20);
    cr_expect_eq(counter.allocations, 0);
    size_t pages = touched_pages(&counter, before);
    cr_expect_leq(pages, (size_t)CLIENTS * 4, "%zu pages for 200 clients", pages);
    cr_expect_geq(pages, (size_t)CLIENTS, "this cannot be measured here");
    for (int i = 0; i < CLIENTS; i++) {
        smp_transport_free(clients[i]);
    }
    smp_transport_free(server);
    free(c);
    smp_loop_free(loop);
}

static int make_server(struct smp_loop *loop)
{
    struct smp_transport *made;
    int error = smp_udp_listen(loop, "127.0.0.1:0", &made);
    if (error == SMP_OK) {
        smp_transport_free(made);
    }
    return error;
}

Test(udp, without_memory)
{
    int before = descriptors();
    expect_no_leak_without_memory(make_server);
    cr_expect_eq(descriptors(), before);
}

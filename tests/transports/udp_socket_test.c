/* SPDX-License-Identifier: Apache-2.0 */
/* What of UDP depends on the system: own addresses, bursts, sizes, descriptors, memory. */
#include "transports/udp_link.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

Test(udp_socket, a_server_on_all_addresses_answers_from_the_one_asked)
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

/* All that came is told before process() says that nothing is left: see platform/epoll.c. */
Test(udp_socket, one_process_takes_a_whole_burst)
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

/* ---- sizes ---- */

Test(udp_socket, the_largest_datagram_passes_and_one_byte_more_does_not)
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

Test(udp_socket, empty_datagrams_are_packets_too)
{
    struct link l = link_new("127.0.0.1:0");
    l.at_server->echo = true;
    cr_expect_eq(send_number(l.client, 0, 0), SMP_OK);
    UNTIL(l.loop, l.at_client->count == 1);
    cr_expect_eq(l.at_client->caught[0].len, 0);
    link_free(&l);
}

Test(udp_socket, steps_for_each_family)
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
Test(udp_socket, a_client_forbids_fragments)
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

/* ---- descriptors and memory ---- */

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

Test(udp_socket, every_descriptor_is_closed_again_and_on_exec)
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

Test(udp_socket, packets_take_no_memory_and_clients_little)
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

Test(udp_socket, without_memory)
{
    int before = descriptors();
    expect_no_leak_without_memory(make_server);
    cr_expect_eq(descriptors(), before);
}

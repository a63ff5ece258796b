/* SPDX-License-Identifier: Apache-2.0 */
/* UDP on real sockets of the loopback interface: who is heard, and what is told of errors. */
#include "transports/udp_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* ---- errors ---- */

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

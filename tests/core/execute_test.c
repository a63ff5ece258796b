/* SPDX-License-Identifier: Apache-2.0 */
/* Requests are executed one after the other, in as many buffers as the server has. */
#include "core/asking.h"

#include <criterion/criterion.h>

#include <string.h>

TestSuite(execute, .init = open_server, .fini = close_server);
/* Tests that set options first. */
TestSuite(execute_options, .fini = close_server);

Test(execute_options, as_many_as_there_are_buffers_less_one_are_executed)
{
    open_slow(4);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(executed, 3);
    cr_assert_eq(starved + overrun, 0);
    cr_assert_eq(client.n, 3);
}

Test(execute_options, with_one_more_there_is_no_buffer_for_an_answer)
{
    open_slow(4);
    send_echoes(4);
    world_pass(&world, 100);
    cr_assert_eq(starved, 1);
    cr_assert_eq(overrun, 0);
    cr_assert_eq(executed, 3, "rc 2 is answered unexecuted");
    cr_assert_eq(client.n, 4);
    cr_assert_str_eq(answer_hex(0), squeezed("0b 00 0005 0000 00 00" RC("02")));
    cr_assert_str_eq(answer_hex(1), squeezed("0b 00 0005 0000 00 00" R_X));
}

Test(execute_options, what_comes_beyond_vanishes)
{
    open_slow(4);
    send_echoes(7);
    world_pass(&world, 100);
    cr_assert_eq(overrun, 3);
    cr_assert_eq(client.n, 4);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 7, "the buffers are free again");
}

Test(execute_options, a_single_buffer_holds_request_and_answer)
{
    open_slow(1);
    send_echoes(1);
    world_pass(&world, 100);
    cr_assert_eq(executed, 1);
    send_echoes(2);
    world_pass(&world, 100);
    cr_assert_eq(executed, 2);
    cr_assert_eq(overrun, 1);
}

Test(execute_options, work_takes_its_time_one_after_the_other)
{
    options.work_ns = 10000000;
    options.buf_count = 8;
    open_server();
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(client.packets[0].at, 10);
    cr_assert_eq(client.packets[1].at, 20);
    cr_assert_eq(client.packets[2].at, 30);
}

Test(execute, while_it_stalls_requests_wait)
{
    smp_server_stall(server, UINT64_C(500000000));
    send_echoes(3);
    world_pass(&world, 499);
    cr_assert_eq(client.n, 0);
    world_pass(&world, 1);
    cr_assert_eq(client.n, 3);
}

Test(execute_options, requests_larger_than_a_buffer_are_truncated)
{
    options.buf_size = 64;
    open_server();
    uint8_t packet[100] = {0x0a, 0, 0, 92, 0, 0, 1, 0, 0xa1, 0x61, 'd', 0x78, 88};
    memset(packet + 13, 'x', 87);
    peer_send(&client, packet, sizeof(packet));
    world_settle(&world);
    cr_assert_eq(client.n, 1);
    cr_assert_str_eq(answer_hex(0), squeezed("0b 00 0005 0000 01 00" RC("09")));
}

static void talkative(struct smp_exchange *exchange, const void *request, void *user)
{
    static char text[100];
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = {text, sizeof(text)}};
    (void)request;
    memset(text, 'x', sizeof(text));
    *(int *)user = smp_exchange_reply(exchange, &rsp);
}

Test(execute_options, an_answer_too_large_for_a_buffer_is_rc_7)
{
    int code = 0;
    options.buf_size = 64;
    open_server();
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, talkative, &code);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("07"));
    cr_assert_eq(code, SMP_ERR_TOO_LARGE);
}

Test(execute, an_answer_too_large_for_the_link_is_rc_7)
{
    int code = 0;
    struct smp_transport *a;
    struct smp_transport *b;
    struct peer small;
    cr_assert_eq(smp_loopback_new(world.loop, 64, &a, &b), SMP_OK);
    cr_assert_eq(smp_server_listen(server, b), SMP_OK);
    peer_open_on(&small, &world, a);
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, talkative, &code);
    peer_send_hex(&small, "0a 00 0005 0000 01 00" D_X);
    world_settle(&world);
    cr_assert_eq(code, SMP_ERR_TOO_LARGE);
    cr_assert_eq(small.n, 1);
    cr_assert_arr_eq(small.packets[0].payload, "\xa1\x62rc\x07", 5);
    peer_close(&small);
    smp_transport_free(b); /* before the server: it only sees the link go */
    smp_transport_free(a);
}

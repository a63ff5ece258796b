/* SPDX-License-Identifier: Apache-2.0 */
/* The server: what it answers to bytes of any kind, and what happens to it. */
#include "core/asking.h"

#include <criterion/criterion.h>

TestSuite(server, .init = open_server, .fini = close_server);
/* Tests that set options first. */
TestSuite(server_options, .fini = close_server);

/* ---- asking ---- */

Test(server, requests_are_answered)
{
    ask("0a 00 0005 0000 07 00" D_X, "0b 00 0005 0000 07 00" R_X);
    ask("08 00 0005 0000 08 00" D_X, "09 00 0005 0000 08 00" R_X);
    ask("02 00 0005 0000 09 00" D_X, "03 00 0005 0000 09 00" R_X);
    ask("00 00 0005 0000 0a 00" D_X, "01 00 0005 0000 0a 00" R_X);
    cr_assert_eq(executed, 4);
    cr_assert_eq(asked, 4);
}

Test(server, flags_and_reserved_bits_are_ignored)
{
    ask("ea ff 0005 0000 07 00" D_X, "0b 00 0005 0000 07 00" R_X);
}

Test(server, other_ops_are_not_supported)
{
    ask("09 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("08"));
    ask("0b 00 0005 0000 02 00" D_X, "0b 00 0005 0000 02 00" RC("08"));
    ask("0c 00 0005 0000 03 00" D_X, "0b 00 0005 0000 03 00" RC("08"));
    ask("0d 00 0005 0000 04 00" D_X, "0b 00 0005 0000 04 00" RC("08"));
    ask("0e 00 0005 0000 05 00" D_X, "0b 00 0005 0000 05 00" RC("08"));
    ask("0f 00 0005 0000 06 00" D_X, "0b 00 0005 0000 06 00" RC("08"));
    cr_assert_eq(executed, 0);
}

Test(server, versions_it_does_not_speak)
{
    ask("12 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0d"));
    ask("1a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0d"));
    ask("18 00 0005 0000 01 00" D_X, "09 00 0005 0000 01 00" RC("0d"));
}

Test(server, unknown_groups_commands_and_ops)
{
    ask("0a 00 0001 0007 01 00 a0", "0b 00 0005 0007 01 00" RC("08"));
    ask("0a 00 0001 0000 01 63 a0", "0b 00 0005 0000 01 63" RC("08"));
    ask("0a 00 0001 0000 01 06 a0", "0b 00 0005 0000 01 06" RC("08")); /* params is a read */
    ask("0a 00 0001 ffff ff ff a0", "0b 00 0005 ffff ff ff" RC("08"));
}

Test(server, packets_under_eight_bytes_are_met_with_silence)
{
    ask("", "");
    ask("0a", "");
    ask("0a 00 0005 0000 01", "");
}

Test(server, lengths_that_lie)
{
    ask("0a 00 0006 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("09"));
    ask("0a 00 ffff 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("09"));
    /* Too short: the rest is no request of its own, being under eight bytes. */
    ask("08 00 0001 0000 01 06 a0 00 00 00",
        "09 00 0018 0000 01 06"
        "a2 68 6275665f73697a65 19 0180 69 6275665f636f756e74 04");
}

Test(server, payloads_that_are_wrong)
{
    ask("0a 00 0000 0000 01 00", "0b 00 000b 0000 01 00 a2 627263 03 6372736e 6164");
    ask("08 00 0000 0000 01 06",
        "09 00 0018 0000 01 06"
        "a2 68 6275665f73697a65 19 0180 69 6275665f636f756e74 04"); /* reads nothing: fine */
    ask("0a 00 0004 0000 01 00 a1 6164 05", "0b 00 000b 0000 01 00 a2 627263 03 6372736e 6164");
    ask("0a 00 0004 0000 01 00 a1 6164 61", "0b 00 000b 0000 01 00 a2 627263 03 6372736e 6164");
    ask("0a 00 0001 0000 01 00 ff", "0b 00 0005 0000 01 00" RC("03"));
    ask("0a 00 0001 0000 01 00 80", "0b 00 0005 0000 01 00" RC("03"));
    cr_assert_eq(executed, 1);
}

Test(server, several_requests_in_one_packet)
{
    peer_send_hex(&client, "0a 00 0005 0000 01 00" D_X "0a 00 0005 0000 02 00" D_X
                           "08 00 0001 0000 03 06 a0");
    world_settle(&world);
    cr_assert_eq(client.n, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(client.packets[i].header.sequence, i + 1);
    }
    cr_assert_eq(executed, 3);
}

Test(server, the_first_of_them_that_fails_ends_it)
{
    peer_send_hex(&client, "0a 00 0005 0000 01 00" D_X "0a 00 0001 0007 02 00 a0"
                           "0a 00 0005 0000 03 00" D_X);
    world_settle(&world);
    cr_assert_eq(client.n, 2);
    cr_assert_str_eq(answer_hex(1), squeezed("0b 00 0005 0007 02 00" RC("08")));
    cr_assert_eq(executed, 1);
}

/* ---- power, links, freeing ---- */

Test(server_options, a_device_that_is_off_is_silent)
{
    open_slow(4);
    send_echoes(2);
    world_settle(&world);
    smp_server_power(server, false);
    send_echoes(2);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 0, "what was queued is gone");
    smp_server_power(server, true);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 0);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 3);
    cr_assert_eq(starved + overrun, 0);
}

static void free_server(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    smp_server_free(server);
    server = NULL;
    smp_exchange_reply(exchange, NULL);
}

Test(server, may_be_freed_in_a_handler)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, free_server, NULL);
    peer_send_hex(&client, "0a 00 0005 0000 01 00" D_X "0a 00 0005 0000 02 00" D_X);
    send_echoes(2);
    world_pass(&world, 100);
    cr_assert_leq(client.n, 1);
}

static void free_far(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    smp_transport_free(world.far);
    world.far = NULL;
    cr_assert_null(smp_exchange_transport(exchange));
    smp_exchange_reply(exchange, NULL);
}

Test(server, its_transport_may_be_freed_in_a_handler)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, free_far, NULL);
    send_echoes(2);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 0);
}

static void power_off(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    smp_server_power(server, false);
    smp_exchange_reply(exchange, NULL);
}

Test(server, may_be_switched_off_in_a_handler)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, power_off, NULL);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 0, "a device that is off does not answer");
    smp_server_power(server, true);
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, echo, NULL);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(client.n, 3);
}

Test(server, listens_on_several_transports)
{
    struct smp_transport *a;
    struct smp_transport *b;
    struct peer second;
    cr_assert_eq(smp_loopback_new(world.loop, 0, &a, &b), SMP_OK);
    cr_assert_eq(smp_server_listen(server, b), SMP_OK);
    cr_assert_eq(smp_server_listen(server, b), SMP_ERR_BUSY);
    peer_open_on(&second, &world, a);
    send_echoes(1);
    peer_send_hex(&second, "0a 00 0005 0000 01 00" D_X);
    world_settle(&world);
    cr_assert_eq(client.n, 1);
    cr_assert_eq(second.n, 1);
    smp_transport_free(b);
    send_echoes(1);
    world_settle(&world);
    cr_assert_eq(client.n, 2);
    peer_close(&second);
    smp_transport_free(a);
}

Test(server, bad_arguments_are_told)
{
    struct smp_server *made;
    struct smp_server_options bad = {.size = sizeof(bad)};
    cr_assert_eq(smp_server_new(NULL, NULL, &made), SMP_ERR_INVALID);
    cr_assert_eq(smp_server_new(world.loop, NULL, NULL), SMP_ERR_INVALID);
    bad.buf_size = 63;
    cr_assert_eq(smp_server_new(world.loop, &bad, &made), SMP_ERR_INVALID);
    bad.buf_size = 65536;
    cr_assert_eq(smp_server_new(world.loop, &bad, &made), SMP_ERR_INVALID);
    bad.buf_size = 0;
    bad.buf_count = 65;
    cr_assert_eq(smp_server_new(world.loop, &bad, &made), SMP_ERR_INVALID);
    bad = (struct smp_server_options){.size = 0};
    cr_assert_eq(smp_server_new(world.loop, &bad, &made), SMP_ERR_INVALID);
    cr_assert_eq(smp_server_listen(server, NULL), SMP_ERR_INVALID);
    smp_server_free(NULL);
}

Test(server, requests_do_not_allocate)
{
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" R_X);
    const uint64_t count = world.heap.count;
    for (unsigned i = 0; i < 200; i++) {
        ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" R_X);
    }
    cr_assert_eq(world.heap.count, count);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: now or later, success or error, in the words of either version. */
#include "core/asking.h"

#include <criterion/criterion.h>

TestSuite(exchange, .init = open_server, .fini = close_server);
/* Tests that set options first. */
TestSuite(exchange_options, .fini = close_server);

/* ---- what handlers say ---- */

static void forgetful(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)exchange;
    (void)request;
    (void)user;
}

static void failing(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    cr_assert_eq(smp_exchange_fail(exchange, *(const uint16_t *)user, NULL), SMP_OK);
}

static void refusing(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    cr_assert_eq(smp_exchange_refuse(exchange, 10, user), SMP_OK);
}

Test(exchange, a_handler_that_forgets_to_answer)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, forgetful, NULL);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("01"));
}

Test(exchange, codes_of_the_group_are_err_in_v2_and_mapped_in_v1)
{
    static uint16_t rc = 3; /* QUERY_YIELDS_NO_ANSWER */
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, failing, &rc);
    ask("0a 00 0005 0000 01 00" D_X,
        "0b 00 0011 0000 01 00 a1 63657272 a2 6567726f7570 00 627263 03");
    ask("02 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" RC("05"));
    rc = 1; /* UNKNOWN */
    ask("02 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" RC("01"));
    rc = 999; /* not in the table */
    ask("02 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" RC("01"));
}

Test(exchange_options, err_as_ret_as_zephyr_3_4)
{
    static uint16_t rc = 3;
    options.err_as_ret = true;
    open_server();
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, failing, &rc);
    ask("0a 00 0005 0000 01 00" D_X,
        "0b 00 0011 0000 01 00 a1 63726574 a2 6567726f7570 00 627263 03");
}

Test(exchange_options, rc_always_as_zephyr_3_2)
{
    options.rc_always = true;
    open_server();
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0009 0000 01 00 a2 627263 00 6172 6178");
}

Test(exchange_options, v1_only_answers_in_v1)
{
    static uint16_t rc = 3;
    options.v1_only = true;
    open_server();
    ask("0a 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" R_X);
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, failing, &rc);
    ask("0a 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" RC("05"));
}

Test(exchange, refusals_carry_their_reason)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, refusing, NULL);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0a"));
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, refusing, (void *)(uintptr_t) "no");
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 000c 0000 01 00 a2 627263 0a 6372736e 626e6f");
}

static void raw(struct smp_exchange *exchange, const void *request, void *user)
{
    (void)request;
    (void)user;
    cr_assert_eq(smp_exchange_reply_packet(exchange, NULL, 1), SMP_ERR_INVALID);
    cr_assert_eq(smp_exchange_reply_packet(exchange, (const uint8_t *)"", 0), SMP_ERR_INVALID);
    static const uint8_t large[2049];
    cr_assert_eq(smp_exchange_reply_packet(exchange, large, sizeof(large)), SMP_ERR_TOO_LARGE);
    const uint8_t packet[] = {9, 0, 0, 0, 0, 2, 0x50, 1};
    cr_assert_eq(smp_exchange_reply_packet(exchange, packet, sizeof(packet)), SMP_OK);
    cr_assert_eq(smp_exchange_reply_packet(exchange, packet, sizeof(packet)), SMP_ERR_INVALID);
}

Test(exchange, an_answer_may_be_a_packet_made_elsewhere)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, raw, NULL);
    ask("0a 00 0005 0000 01 00" D_X, "09 00 0000 0002 50 01");
}

Test(exchange, the_hook_may_refuse)
{
    hook_says = SMP_RC_ACCESS_DENIED;
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0b"));
    cr_assert_eq(executed, 0);
    ask("0a 00 0001 0007 01 00 a0", "0b 00 0005 0007 01 00" RC("08"));
    cr_assert_eq(asked, 1, "it is asked about known commands only");
}

Test(exchange, handlers_can_be_replaced_and_removed)
{
    cr_assert_eq(smp_server_handle(server, 0, 0, SMP_OP_WRITE, NULL, NULL), SMP_OK);
    cr_assert_eq(smp_server_handle(server, 0, 0, SMP_OP_WRITE, NULL, NULL), SMP_OK);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("08"));
    ask("08 00 0005 0000 01 00" D_X, "09 00 0005 0000 01 00" R_X);
    cr_assert_eq(smp_server_handle(server, 0, 0, SMP_OP_WRITE, refusing, NULL), SMP_OK);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0a"));
    cr_assert_eq(smp_server_handle(server, 0, 200, SMP_OP_READ, echo, NULL), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_server_handle(server, 999, 0, SMP_OP_READ, echo, NULL), SMP_ERR_NOT_FOUND);
    cr_assert_eq(smp_server_handle(server, 0, 0, SMP_OP_WRITE_RSP, echo, NULL), SMP_ERR_NOT_FOUND);
}

/* ---- answering later ---- */

static struct smp_exchange *later[4];
static unsigned n_later;

static void put_off(struct smp_exchange *exchange, const void *request, void *user)
{
    struct smp_exchange *again;
    (void)request;
    (void)user;
    cr_assert_eq(smp_exchange_defer(exchange, &later[n_later]), SMP_OK);
    cr_assert_eq(smp_exchange_defer(exchange, &again), SMP_ERR_INVALID);
    cr_assert_eq(smp_exchange_reply(exchange, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_exchange_header(later[n_later])->sequence,
                 smp_exchange_header(exchange)->sequence);
    cr_assert_eq(smp_exchange_server(later[n_later]), server);
    cr_assert_eq(smp_exchange_transport(later[n_later]), world.far);
    n_later++;
}

static void reply_later(unsigned i)
{
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = {"x", 1}};
    cr_assert_eq(smp_exchange_reply(later[i], &rsp), SMP_OK);
}

static void open_deferring(uint32_t buf_count)
{
    options.buf_count = buf_count;
    open_server();
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, put_off, NULL);
}

Test(exchange_options, answers_may_come_later_and_in_any_order)
{
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    ask("0a 00 0005 0000 02 00" D_X, "");
    ask("08 00 0005 0000 03 00" D_X, "09 00 0005 0000 03 00" R_X);
    reply_later(1);
    world_settle(&world);
    cr_assert_str_eq(answer_hex(1), squeezed("0b 00 0005 0000 02 00" R_X));
    reply_later(0);
    world_settle(&world);
    cr_assert_str_eq(answer_hex(2), squeezed("0b 00 0005 0000 01 00" R_X));
}

Test(exchange_options, an_answer_put_off_holds_a_buffer)
{
    open_deferring(3);
    ask("0a 00 0005 0000 01 00" D_X, "");
    ask("0a 00 0005 0000 02 00" D_X, "");
    cr_assert_eq(n_later, 2);
    ask("08 00 0005 0000 03 00" D_X, "09 00 0005 0000 03 00" RC("02"));
    cr_assert_eq(starved, 1);
    smp_exchange_free(later[0]);
    ask("08 00 0005 0000 03 00" D_X, "09 00 0005 0000 03 00" R_X);
    reply_later(1);
    world_settle(&world);
    cr_assert_eq(client.n, 3);
    smp_exchange_free(NULL);
}

Test(exchange_options, answers_put_off_may_be_packets_made_elsewhere)
{
    const uint8_t packet[] = {9, 0, 0, 0, 0, 2, 0x50, 1};
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    cr_assert_eq(smp_exchange_reply_packet(later[0], packet, sizeof(packet)), SMP_OK);
    world_settle(&world);
    cr_assert_eq(client.n, 1);
    cr_assert_str_eq(answer_hex(0), squeezed("09 00 0000 0002 50 01"));
}

Test(exchange_options, answers_put_off_may_refuse_and_fail)
{
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    ask("0a 00 0005 0000 02 00" D_X, "");
    cr_assert_eq(smp_exchange_refuse(later[0], 10, NULL), SMP_OK);
    cr_assert_eq(smp_exchange_fail(later[1], 4, NULL), SMP_OK);
    world_settle(&world);
    cr_assert_str_eq(answer_hex(0), squeezed("0b 00 0005 0000 01 00" RC("0a")));
    cr_assert_str_eq(answer_hex(1),
                     squeezed("0b 00 0011 0000 02 00 a1 63657272 a2 6567726f7570 00 627263 04"));
}

Test(exchange_options, the_link_may_go_before_the_answer)
{
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    smp_transport_free(world.far);
    world.far = NULL;
    cr_assert_null(smp_exchange_transport(later[0]));
    reply_later(0);
    world_settle(&world);
    cr_assert_eq(client.n, 0);
}

Test(exchange_options, the_server_may_go_before_the_answer)
{
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    ask("0a 00 0005 0000 02 00" D_X, "");
    smp_server_free(server);
    server = NULL;
    cr_assert_null(smp_exchange_server(later[0]));
    cr_assert_eq(smp_exchange_reply(later[0], NULL), SMP_ERR_CLOSED);
    smp_exchange_free(later[1]);
    world_settle(&world);
    cr_assert_eq(client.n, 0);
}

Test(exchange_options, the_power_may_go_before_the_answer)
{
    open_deferring(3);
    ask("0a 00 0005 0000 01 00" D_X, "");
    ask("0a 00 0005 0000 02 00" D_X, "");
    smp_server_power(server, false);
    smp_server_power(server, true);
    ask("08 00 0005 0000 03 00" D_X, "09 00 0005 0000 03 00" R_X);
    cr_assert_eq(smp_exchange_reply(later[0], NULL), SMP_ERR_CLOSED);
    cr_assert_eq(smp_exchange_refuse(later[1], 1, NULL), SMP_ERR_CLOSED);
    ask("08 00 0005 0000 04 00" D_X, "09 00 0005 0000 04 00" R_X);
    cr_assert_eq(starved + overrun, 0);
}

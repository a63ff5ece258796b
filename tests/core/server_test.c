/* SPDX-License-Identifier: Apache-2.0 */
/* The server, asked with bytes written by hand: protocol, 1.3, 2.1 and "Framing" in 10. */
#include "core/transport.h"
#include "support/hex.h"
#include "support/peer.h"

#include <criterion/criterion.h>

#include <string.h>

static struct world world;
static struct peer client; /* on the near transport: records the answers */
static struct smp_server *server;
static struct smp_server_options options;

static unsigned executed;
static unsigned overrun, starved, asked;
static int hook_says;

static int hook(struct smp_server *s, enum smp_server_event event, struct smp_exchange *exchange,
                void *user)
{
    cr_assert_eq(s, server);
    cr_assert_eq(user, &options);
    cr_assert_eq(exchange == NULL, event == SMP_SERVER_OVERRUN);
    overrun += event == SMP_SERVER_OVERRUN;
    starved += event == SMP_SERVER_STARVED;
    asked += event == SMP_SERVER_REQUEST;
    return event == SMP_SERVER_REQUEST ? hook_says : 0;
}

static void echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};
    (void)user;
    executed++;
    cr_assert_eq(smp_exchange_reply(exchange, &rsp), SMP_OK);
    cr_assert_eq(smp_exchange_reply(exchange, &rsp), SMP_ERR_INVALID, "answered already");
}

static void params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp), .buf_size = 384, .buf_count = 4};
    (void)request;
    (void)user;
    executed++;
    smp_exchange_reply(exchange, &rsp);
}

static void open_server(void)
{
    options.size = sizeof(options);
    options.hook = hook;
    options.hook_user = &options;
    cr_assert_eq(world_open(&world, NULL), SMP_OK);
    smp_session_free(world.session); /* bytes come from the test itself */
    world.session = NULL;
    peer_open_on(&client, &world, world.near);
    cr_assert_eq(smp_server_new(world.loop, &options, &server), SMP_OK);
    cr_assert_eq(smp_server_listen(server, world.far), SMP_OK);
    smp_server_handle(server, 0, 0, SMP_OP_READ, echo, NULL);
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, echo, NULL);
    smp_server_handle(server, 0, 6, SMP_OP_READ, params, NULL);
}

static void close_server(void)
{
    smp_server_free(server);
    peer_close(&client);
    world_close(&world);
}

TestSuite(server, .init = open_server, .fini = close_server);
/* Tests that set options first. */
TestSuite(server_options, .fini = close_server);

/* ---- asking ---- */

static const char *answer_hex(size_t index)
{
    static char text[4][8192];
    uint8_t packet[4096];
    cr_assert_lt(index, client.n);
    const struct peer_packet *got = &client.packets[index];
    smp_header_encode(&got->header, packet);
    memcpy(packet + SMP_HEADER_SIZE, got->payload, got->len);
    return hex_write(packet, SMP_HEADER_SIZE + got->len, text[index % 4], sizeof(text[0]));
}

/* Hex without its spaces. */
static const char *squeezed(const char *hex)
{
    static char text[8192];
    uint8_t bytes[4096];
    return hex_write(bytes, hex_read(hex, bytes, sizeof(bytes)), text, sizeof(text));
}

/* Sends a packet; what comes back must be `answer`, "" meaning nothing. */
static void ask(const char *request, const char *answer)
{
    const size_t before = client.n;
    peer_send_hex(&client, request);
    world_settle(&world);
    if (*answer == '\0') {
        cr_assert_eq(client.n, before, "%s was answered: %s", request, answer_hex(before));
        return;
    }
    cr_assert_eq(client.n, before + 1, "%s: %zu answers", request, client.n - before);
    cr_assert_str_eq(answer_hex(before), squeezed(answer), "%s was answered with %s", request,
                     answer_hex(before));
}

/* {"d": "x"} and {"r": "x"}, {"rc": n} */
#define D_X "a1 6164 6178"
#define R_X "a1 6172 6178"
#define RC(n) "a1 627263 " n

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

/* ---- buffers ---- */

static void send_echoes(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        peer_send_hex(&client, "0a 00 0005 0000 00 00" D_X);
    }
}

static void open_slow(uint32_t buf_count)
{
    options.buf_count = buf_count;
    options.work_ns = 1000000;
    open_server();
}

Test(server_options, as_many_as_there_are_buffers_less_one_are_executed)
{
    open_slow(4);
    send_echoes(3);
    world_pass(&world, 100);
    cr_assert_eq(executed, 3);
    cr_assert_eq(starved + overrun, 0);
    cr_assert_eq(client.n, 3);
}

Test(server_options, with_one_more_there_is_no_buffer_for_an_answer)
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

Test(server_options, what_comes_beyond_vanishes)
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

Test(server_options, a_single_buffer_holds_request_and_answer)
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

Test(server_options, work_takes_its_time_one_after_the_other)
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

Test(server, while_it_stalls_requests_wait)
{
    smp_server_stall(server, UINT64_C(500000000));
    send_echoes(3);
    world_pass(&world, 499);
    cr_assert_eq(client.n, 0);
    world_pass(&world, 1);
    cr_assert_eq(client.n, 3);
}

Test(server_options, requests_larger_than_a_buffer_are_truncated)
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

Test(server_options, an_answer_too_large_for_a_buffer_is_rc_7)
{
    int code = 0;
    options.buf_size = 64;
    open_server();
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, talkative, &code);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("07"));
    cr_assert_eq(code, SMP_ERR_TOO_LARGE);
}

Test(server, an_answer_too_large_for_the_link_is_rc_7)
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

Test(server, a_handler_that_forgets_to_answer)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, forgetful, NULL);
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("01"));
}

Test(server, codes_of_the_group_are_err_in_v2_and_mapped_in_v1)
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

Test(server_options, err_as_ret_as_zephyr_3_4)
{
    static uint16_t rc = 3;
    options.err_as_ret = true;
    open_server();
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, failing, &rc);
    ask("0a 00 0005 0000 01 00" D_X,
        "0b 00 0011 0000 01 00 a1 63726574 a2 6567726f7570 00 627263 03");
}

Test(server_options, rc_always_as_zephyr_3_2)
{
    options.rc_always = true;
    open_server();
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0009 0000 01 00 a2 627263 00 6172 6178");
}

Test(server_options, v1_only_answers_in_v1)
{
    static uint16_t rc = 3;
    options.v1_only = true;
    open_server();
    ask("0a 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" R_X);
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, failing, &rc);
    ask("0a 00 0005 0000 01 00" D_X, "03 00 0005 0000 01 00" RC("05"));
}

Test(server, refusals_carry_their_reason)
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

Test(server, an_answer_may_be_a_packet_made_elsewhere)
{
    smp_server_handle(server, 0, 0, SMP_OP_WRITE, raw, NULL);
    ask("0a 00 0005 0000 01 00" D_X, "09 00 0000 0002 50 01");
}

Test(server, the_hook_may_refuse)
{
    hook_says = SMP_RC_ACCESS_DENIED;
    ask("0a 00 0005 0000 01 00" D_X, "0b 00 0005 0000 01 00" RC("0b"));
    cr_assert_eq(executed, 0);
    ask("0a 00 0001 0007 01 00 a0", "0b 00 0005 0007 01 00" RC("08"));
    cr_assert_eq(asked, 1, "it is asked about known commands only");
}

Test(server, handlers_can_be_replaced_and_removed)
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

Test(server_options, answers_may_come_later_and_in_any_order)
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

Test(server_options, an_answer_put_off_holds_a_buffer)
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

Test(server_options, answers_put_off_may_be_packets_made_elsewhere)
{
    const uint8_t packet[] = {9, 0, 0, 0, 0, 2, 0x50, 1};
    open_deferring(4);
    ask("0a 00 0005 0000 01 00" D_X, "");
    cr_assert_eq(smp_exchange_reply_packet(later[0], packet, sizeof(packet)), SMP_OK);
    world_settle(&world);
    cr_assert_eq(client.n, 1);
    cr_assert_str_eq(answer_hex(0), squeezed("09 00 0000 0002 50 01"));
}

Test(server_options, answers_put_off_may_refuse_and_fail)
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

Test(server_options, the_link_may_go_before_the_answer)
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

Test(server_options, the_server_may_go_before_the_answer)
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

Test(server_options, the_power_may_go_before_the_answer)
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

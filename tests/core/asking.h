/* SPDX-License-Identifier: Apache-2.0 */
/* A server asked with bytes written by hand: protocol, 1.3, 2.1 and "Framing" in 10. */
#ifndef TESTS_CORE_ASKING_H
#define TESTS_CORE_ASKING_H

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

static inline int hook(struct smp_server *s, enum smp_server_event event,
                       struct smp_exchange *exchange, void *user)
{
    cr_assert_eq(s, server);
    cr_assert_eq(user, &options);
    cr_assert_eq(exchange == NULL, event == SMP_SERVER_OVERRUN);
    overrun += event == SMP_SERVER_OVERRUN;
    starved += event == SMP_SERVER_STARVED;
    asked += event == SMP_SERVER_REQUEST;
    return event == SMP_SERVER_REQUEST ? hook_says : 0;
}

static inline void echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};
    (void)user;
    executed++;
    cr_assert_eq(smp_exchange_reply(exchange, &rsp), SMP_OK);
    cr_assert_eq(smp_exchange_reply(exchange, &rsp), SMP_ERR_INVALID, "answered already");
}

static inline void params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_params_rsp rsp = {.size = sizeof(rsp), .buf_size = 384, .buf_count = 4};
    (void)request;
    (void)user;
    executed++;
    smp_exchange_reply(exchange, &rsp);
}

static inline void open_server(void)
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

static inline void close_server(void)
{
    smp_server_free(server);
    peer_close(&client);
    world_close(&world);
}

static inline const char *answer_hex(size_t index)
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
static inline const char *squeezed(const char *hex)
{
    static char text[8192];
    uint8_t bytes[4096];
    return hex_write(bytes, hex_read(hex, bytes, sizeof(bytes)), text, sizeof(text));
}

/* Sends a packet; what comes back must be `answer`, "" meaning nothing. */
static inline void ask(const char *request, const char *answer)
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

static inline void send_echoes(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        peer_send_hex(&client, "0a 00 0005 0000 00 00" D_X);
    }
}

static inline void open_slow(uint32_t buf_count)
{
    options.buf_count = buf_count;
    options.work_ns = 1000000;
    open_server();
}

#endif

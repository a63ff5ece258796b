/* SPDX-License-Identifier: Apache-2.0 */
/* A session and a server, joined by a serial line: a pseudo-terminal between them. */
#ifndef TESTS_TRANSPORTS_LINE_H
#define TESTS_TRANSPORTS_LINE_H

#include <smp/smp.h>

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct smp_loop *loop;
    struct smp_transport *pty, *port;
    struct smp_server *server;
    struct smp_session *session;
    char device_text[512], client_text[512]; /* console text, as each side got it */
    int link; /* the last the session heard of the link; 1: nothing yet */
    unsigned links;
};

static inline void line_echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};
    (void)user;
    cr_expect_eq(smp_exchange_reply(exchange, &rsp), SMP_OK);
}

static inline void line_params(struct smp_exchange *exchange, const void *request, void *user)
{
    const uint32_t *size = user;
    const struct smp_os_params_rsp rsp = {
        .size = sizeof(rsp), .buf_size = size[0], .buf_count = size[1]};
    (void)request;
    cr_expect_eq(smp_exchange_reply(exchange, &rsp), SMP_OK);
}

static inline void line_append(char *all, size_t size, const char *text, size_t len)
{
    cr_assert_lt(strlen(all) + len, size);
    strncat(all, text, len);
}

static inline void line_device_text(struct smp_transport *transport, const char *text, size_t len,
                                    void *user)
{
    (void)transport;
    line_append(((struct line *)user)->device_text, 512, text, len);
}

static inline void line_client_text(struct smp_transport *transport, const char *text, size_t len,
                                    void *user)
{
    (void)transport;
    line_append(((struct line *)user)->client_text, 512, text, len);
}

static inline void line_link(struct smp_session *session, int reason, void *user)
{
    struct line *line = user;
    (void)session;
    line->link = reason;
    line->links++;
}

static inline void line_connect(struct line *line, const struct smp_serial_options *options)
{
    struct smp_serial_options own = options != NULL ? *options : (struct smp_serial_options){0};
    own.size = sizeof(own);
    own.console = line_client_text;
    own.console_user = line;
    const struct smp_session_options session = {
        .size = sizeof(session), .link = line_link, .link_user = line};
    cr_assert_eq(smp_serial_open(line->loop, smp_pty_path(line->pty), &own, &line->port), SMP_OK);
    cr_assert_eq(smp_session_new(line->port, &session, &line->session), SMP_OK);
}

static inline void line_disconnect(struct line *line)
{
    smp_session_free(line->session);
    smp_transport_free(line->port);
    line->session = NULL;
    line->port = NULL;
}

static inline struct line *line_new(const struct smp_pty_options *pty,
                                    const struct smp_serial_options *serial)
{
    static uint32_t params[2] = {384, 4};
    struct line *line = calloc(1, sizeof(*line));
    struct smp_pty_options own = pty != NULL ? *pty : (struct smp_pty_options){0};
    own.size = sizeof(own);
    own.console = line_device_text;
    own.console_user = line;
    const struct smp_server_options server = {
        .size = sizeof(server), .buf_size = params[0], .buf_count = params[1]};
    line->link = 1;
    cr_assert_eq(smp_loop_new(NULL, &line->loop), SMP_OK);
    cr_assert_eq(smp_pty_new(line->loop, NULL, &own, &line->pty), SMP_OK);
    cr_assert_eq(smp_server_new(line->loop, &server, &line->server), SMP_OK);
    cr_assert_eq(smp_server_listen(line->server, line->pty), SMP_OK);
    smp_server_handle(line->server, SMP_GROUP_OS, 0, SMP_OP_WRITE, line_echo, line);
    smp_server_handle(line->server, SMP_GROUP_OS, 6, SMP_OP_READ, line_params, params);
    line_connect(line, serial);
    return line;
}

static inline void line_free(struct line *line)
{
    line_disconnect(line);
    smp_server_free(line->server);
    smp_transport_free(line->pty);
    smp_loop_free(line->loop);
    free(line);
}

/* Turns the loop for some milliseconds. */
static inline void line_turn(struct line *line, int ms)
{
    uint64_t end = smp_loop_now(line->loop) + (uint64_t)ms * 1000000;
    while (smp_loop_now(line->loop) < end) {
        cr_assert_geq(smp_loop_turn(line->loop, 5), 0);
    }
}

/* An echo of `len` characters; its error, and that what came back is what was sent. */
static inline int line_ask(struct line *line, size_t len)
{
    static char text[4096];
    memset(text, 'a', len);
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {text, len}};
    const struct smp_result *result = NULL;
    smp_id id = 0;
    int error = smp_os_echo(line->session, &req, NULL, NULL, &id);
    error = error == SMP_OK ? smp_wait(line->session, id, &result) : error;
    if (error == SMP_OK && result->error == SMP_OK) {
        const struct smp_os_echo_rsp *rsp = result->rsp;
        cr_expect(rsp->text.len == len && memcmp(rsp->text.data, text, len) == 0);
    }
    return error == SMP_OK ? result->error : error;
}

#endif

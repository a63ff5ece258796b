/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions over serial lines, on pseudo-terminals and sockets. */
#include "transports/line.h"

#include "core/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

Test(serial, echoes_of_any_size)
{
    struct line *line = line_new(NULL, NULL);
    for (size_t len = 0; len < 360; len += len < 100 ? 17 : 61) {
        cr_expect_eq(line_ask(line, len), SMP_OK, "%zu", len);
    }
    line_free(line);
}

/* Two line buffers, as in Zephyr: what a client sends too fast is lost, and nothing may be. */
Test(serial, never_more_lines_than_the_device_holds)
{
    const struct smp_pty_options small = {.line_buffers = 2};
    struct smp_serial_stats stats = {.size = sizeof(stats)};
    struct smp_session_stats session = {.size = sizeof(session)};
    struct line *line = line_new(&small, NULL);
    for (int i = 0; i < 20; i++) {
        cr_expect_eq(line_ask(line, 40 + 16 * (size_t)i), SMP_OK);
    }
    smp_serial_get_stats(line->pty, &stats);
    smp_session_get_stats(line->session, &session);
    cr_expect_eq(stats.vanished, 0u);
    cr_expect_eq(session.repeated, 0u);
    line_free(line);
}

/* The same device, told a wrong number: so the test above can fail. */
Test(serial, too_many_lines_vanish)
{
    const struct smp_pty_options small = {.line_buffers = 2};
    const struct smp_serial_options wrong = {.lines = 9};
    struct smp_serial_stats stats = {.size = sizeof(stats)};
    struct line *line = line_new(&small, &wrong);
    smp_session_free(line->session);
    const struct smp_session_options hasty = {.size = sizeof(hasty), .timeout_ms = 200, .tries = 1};
    cr_assert_eq(smp_session_new(line->port, &hasty, &line->session), SMP_OK);
    cr_expect_eq(line_ask(line, 340), SMP_ERR_TIMEOUT);
    smp_serial_get_stats(line->pty, &stats);
    cr_expect_gt(stats.vanished, 0u);
    line_free(line);
}

Test(serial, packets_leave_room_for_the_framing)
{
    const struct smp_pty_options exact = {.max_received = 380};
    const struct smp_serial_options capped = {.max_packet = 200};
    struct line *line = line_new(&exact, NULL);
    cr_expect_eq(smp_session_max_packet(line->session), 380u, "Zephyr's default, less 4");
    cr_expect_eq(line_ask(line, 380 - 8 - 6), SMP_OK); /* a161 64 7901 6e: exactly 380 */
    line_disconnect(line);
    line_connect(line, &capped);
    cr_expect_eq(smp_session_max_packet(line->session), 200u);
    line_free(line);
}

Test(serial, windows)
{
    const struct smp_pty_options raw_pty = {.framing = SMP_SERIAL_RAW};
    const struct smp_serial_options raw = {.framing = SMP_SERIAL_RAW};
    const struct smp_serial_options three = {.framing = SMP_SERIAL_RAW, .window = 2};
    const struct smp_result *result;
    const struct {
        const struct smp_pty_options *pty;
        const struct smp_serial_options *serial;
        uint32_t window;
    } cases[] = {{NULL, NULL, 3}, {&raw_pty, &raw, 1}, {&raw_pty, &three, 2}};
    for (size_t i = 0; i < 3; i++) {
        struct line *line = line_new(cases[i].pty, cases[i].serial);
        smp_id id;
        cr_expect_eq(line_ask(line, 300), SMP_OK);
        line->session->params = SMPI_PARAMS_NONE;
        smpi_session_ask_params(line->session);
        cr_assert_eq(smp_os_params(line->session, NULL, NULL, &id), SMP_OK);
        cr_assert_eq(smp_wait(line->session, id, &result), SMP_OK);
        cr_expect_eq(smp_session_window(line->session), cases[i].window, "case %zu", i);
        cr_expect_eq(line_ask(line, 300), SMP_OK);
        line_free(line);
    }
}

Test(serial, text_shares_the_line)
{
    struct line *line = line_new(NULL, NULL);
    cr_expect_eq(line_ask(line, 10), SMP_OK);
    strcpy(line->device_text, "");
    cr_expect_eq(smp_serial_print(line->pty, "<inf> up\r\nuart:~$ ", 18), SMP_OK);
    cr_expect_eq(line_ask(line, 200), SMP_OK); /* the prompt is glued to its answer */
    cr_expect_eq(smp_serial_print(line->pty, "done\n", 5), SMP_OK);
    cr_expect_eq(smp_serial_print(line->port, "help\n", 5), SMP_OK);
    cr_expect_eq(line_ask(line, 10), SMP_OK);
    cr_expect_str_eq(line->client_text, "<inf> up\r\nuart:~$ done\n");
    cr_expect_str_eq(line->device_text, "help\n");
    line_free(line);
}

Test(serial, raw_line)
{
    const struct smp_pty_options pty = {.framing = SMP_SERIAL_RAW};
    const struct smp_serial_options raw = {.framing = SMP_SERIAL_RAW};
    struct line *line = line_new(&pty, &raw);
    for (size_t len = 0; len < 360; len += 31) {
        cr_expect_eq(line_ask(line, len), SMP_OK, "%zu", len);
    }
    cr_expect_eq(smp_serial_print(line->port, "x", 1), SMP_ERR_UNSUPPORTED);
    line_free(line);
}

/* ---- the line goes away ---- */

static int last_error, last_system_error;

static void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    (void)session;
    (void)user;
    last_error = result->error;
    last_system_error = result->system_error;
}

Test(serial, unplugged_in_the_middle)
{
    struct line *line = line_new(NULL, NULL);
    char path[64], text[128];
    cr_expect_eq(line_ask(line, 10), SMP_OK);
    snprintf(path, sizeof(path), "%s", smp_pty_path(line->pty));
    smp_server_power(line->server, false);
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"x", 1}};
    last_error = 1;
    cr_assert_eq(smp_os_echo(line->session, &req, on_done, NULL, NULL), SMP_OK);
    line_turn(line, 20);
    smp_server_free(line->server);
    smp_transport_free(line->pty);
    uint64_t begun = smp_loop_now(line->loop);
    line_turn(line, 50);
    cr_expect_eq(last_error, SMP_ERR_CLOSED);
    cr_expect_eq(line->link, SMP_ERR_CLOSED);
    cr_expect_lt(smp_loop_now(line->loop) - begun, 1000000000u);
    smp_serial_explain(path, last_error, last_system_error, text, sizeof(text));
    cr_expect(strstr(text, "gone"), "%s", text);
    cr_expect_eq(smp_os_echo(line->session, &req, NULL, NULL, NULL), SMP_ERR_CLOSED);
    cr_expect_eq(smp_serial_print(line->port, "x", 1), SMP_ERR_CLOSED);
    line_disconnect(line);
    smp_loop_free(line->loop);
    free(line);
}

/* No descriptor may stay open, or the port would come back under another name. */
static int open_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0;
    }
    return count;
}

Test(serial, opens_again_after_the_device_was_away)
{
    char link[] = "/tmp/smp-serial-test-XXXXXX";
    struct smp_loop *loop;
    struct smp_transport *pty, *port;
    struct smp_session *session;
    struct line line = {.link = 1};
    cr_assert_not_null(mkdtemp(link));
    char path[64];
    snprintf(path, sizeof(path), "%s/port", link);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_pty_new(loop, path, NULL, &pty), SMP_OK);
    cr_assert_eq(smp_serial_open(loop, path, NULL, &port), SMP_OK);
    const struct smp_session_options options = {
        .size = sizeof(options), .link = line_link, .link_user = &line};
    cr_assert_eq(smp_session_new(port, &options, &session), SMP_OK);
    cr_expect_eq(smp_serial_reopen(port), SMP_OK, "it is open");
    line.loop = loop;
    line_turn(&line, 30);
    int before = open_descriptors();

    smp_transport_free(pty);
    line_turn(&line, 30);
    cr_expect_eq(line.link, SMP_ERR_CLOSED);
    cr_expect_leq(open_descriptors(), before - 2, "both sides are closed");
    cr_expect_eq(smp_serial_reopen(port), SMP_ERR_NOT_FOUND);

    cr_assert_eq(smp_pty_new(loop, path, NULL, &pty), SMP_OK);
    struct smp_server *server;
    cr_assert_eq(smp_server_new(loop, NULL, &server), SMP_OK);
    cr_assert_eq(smp_server_listen(server, pty), SMP_OK);
    smp_server_handle(server, SMP_GROUP_OS, 0, SMP_OP_WRITE, line_echo, NULL);
    cr_expect_eq(smp_serial_reopen(port), SMP_OK);
    line.session = session;
    line_turn(&line, 30);
    cr_expect_eq(line.link, SMP_OK);
    cr_expect_eq(line_ask(&line, 100), SMP_OK);

    smp_session_free(session);
    smp_transport_free(port);
    smp_server_free(server);
    smp_transport_free(pty);
    smp_loop_free(loop);
    cr_expect_eq(access(path, F_OK), -1, "the link is gone");
    rmdir(link);
}

/* ---- descriptors of one's own ---- */

Test(serial, from_a_socket)
{
    int ends[2];
    struct smp_loop *loop;
    struct smp_transport *port;
    struct smp_session *session;
    struct line line = {.link = 1};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_serial_from_fd(loop, ends[0], NULL, &port), SMP_OK);
    const struct smp_session_options options = {.size = sizeof(options),
                                                .link = line_link,
                                                .link_user = &line,
                                                .tries = 1,
                                                .timeout_ms = 100};
    cr_assert_eq(smp_session_new(port, &options, &session), SMP_OK);
    line.loop = loop;
    line.session = session;
    cr_expect_eq(line_ask(&line, 3), SMP_ERR_TIMEOUT);
    char text[64] = {0};
    cr_expect_gt(read(ends[1], text, sizeof(text)), 20);
    cr_expect_eq(strncmp(text,
                         "\n\x06\x09"
                         "ABE",
                         6),
                 0, "%s", text + 1);
    cr_expect_eq(smp_serial_reopen(port), SMP_OK);
    close(ends[1]);
    line_turn(&line, 20);
    cr_expect_eq(line.link, SMP_ERR_CLOSED);
    cr_expect_eq(smp_serial_reopen(port), SMP_ERR_UNSUPPORTED);
    smp_session_free(session);
    smp_transport_free(port);
    cr_expect_geq(fcntl(ends[0], F_GETFD), 0, "the descriptor is the caller's");
    close(ends[0]);
    smp_loop_free(loop);
}

/* Writing to a peer that is gone must not end the process (SIGPIPE). */
Test(serial, a_peer_that_closed)
{
    int ends[2];
    struct smp_loop *loop;
    struct smp_transport *port;
    struct smp_session *session;
    struct line line = {.link = 1};
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_serial_from_fd(loop, ends[0], NULL, &port), SMP_OK);
    cr_assert_eq(smp_session_new(port, NULL, &session), SMP_OK);
    close(ends[1]);
    line.loop = loop;
    line.session = session;
    cr_expect_eq(line_ask(&line, 3), SMP_ERR_CLOSED);
    smp_session_free(session);
    smp_transport_free(port);
    close(ends[0]);
    smp_loop_free(loop);
}

/* ---- what is refused ---- */

Test(serial, arguments)
{
    struct smp_loop *loop;
    struct smp_transport *port;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    struct smp_transport *pty;
    cr_assert_eq(smp_pty_new(loop, NULL, NULL, &pty), SMP_OK);
    const char *path = smp_pty_path(pty);
    const struct smp_serial_options bad[] = {
        {.size = 0},
        {.size = sizeof(bad[0]), .framing = 2},
        {.size = sizeof(bad[0]), .line_length = 6},
        {.size = sizeof(bad[0]), .line_length = 16385},
        {.size = sizeof(bad[0]), .max_packet = 63},
        {.size = sizeof(bad[0]), .max_packet = 65534},
        {.size = sizeof(bad[0]), .dtr = 3},
        {.size = sizeof(bad[0]), .baud = UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(smp_serial_open(loop, path, &bad[i], &port), SMP_ERR_INVALID, "%zu", i);
    }
    cr_expect_eq(smp_serial_open(NULL, path, NULL, &port), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_open(loop, NULL, NULL, &port), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_open(loop, "", NULL, &port), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_open(loop, "/dev/nothing", NULL, &port), SMP_ERR_NOT_FOUND);
    cr_expect_eq(smp_serial_open(loop, "0123:4567:no such", NULL, &port), SMP_ERR_NOT_FOUND);
    cr_expect_eq(smp_serial_from_fd(loop, -1, NULL, &port), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_from_fd(loop, 250, NULL, &port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EBADF);
    cr_expect_eq(smp_serial_print(NULL, "", 0), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_reopen(pty), SMP_ERR_INVALID);
    cr_expect_eq(smp_serial_get_stats(NULL, NULL), SMP_ERR_INVALID);
    smp_transport_free(pty);
    smp_loop_free(loop);
}

Test(serial, a_port_serves_one_session)
{
    struct line *line = line_new(NULL, NULL);
    struct smp_session *second;
    struct smp_transport *port;
    cr_expect_eq(smp_session_new(line->port, NULL, &second), SMP_ERR_BUSY);
    cr_expect_eq(smp_serial_open(line->loop, smp_pty_path(line->pty), NULL, &port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EBUSY);
    line_free(line);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of a pseudo-terminal. */
#include "transports/line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

Test(pty, clients_come_and_go)
{
    struct line *line = line_new(NULL, NULL);
    for (int i = 0; i < 4; i++) {
        cr_expect_eq(line_ask(line, 50), SMP_OK, "client %d", i);
        line_disconnect(line);
        line_turn(line, i * 15);
        line_connect(line, NULL);
    }
    cr_expect_eq(line_ask(line, 50), SMP_OK);
    line_free(line);
}

/* What a device prints while nobody listens is not there for the next who comes. */
Test(pty, text_without_a_listener_is_lost)
{
    struct line *line = line_new(NULL, NULL);
    cr_expect_eq(line_ask(line, 5), SMP_OK);
    line_disconnect(line);
    line_turn(line, 50);
    cr_expect_eq(smp_serial_print(line->pty, "nobody hears\n", 13), SMP_ERR_CLOSED);
    line_connect(line, NULL);
    line_turn(line, 50);
    cr_expect_eq(smp_serial_print(line->pty, "heard\n", 6), SMP_OK);
    line_turn(line, 20);
    cr_expect_str_eq(line->client_text, "heard\n");
    line_free(line);
}

Test(pty, is_raw_before_anybody_sets_it)
{
    struct line *line = line_new(NULL, NULL);
    struct termios mode;
    int fd = open(smp_pty_path(line->pty), O_RDWR | O_NOCTTY);
    cr_assert_geq(fd, 0);
    cr_assert_eq(tcgetattr(fd, &mode), 0);
    cr_expect_eq(mode.c_lflag & (ECHO | ICANON), 0u);
    close(fd);
    line_free(line);
}

static double seconds_for(struct line *line, size_t len, int times)
{
    uint64_t begun = smp_loop_now(line->loop);
    for (int i = 0; i < times; i++) {
        cr_expect_eq(line_ask(line, len), SMP_OK);
    }
    return (double)(smp_loop_now(line->loop) - begun) / 1e9;
}

/* An echo of 300 is a packet of 314, 4 lines: 436 bytes there and as many back. */
Test(pty, as_slow_as_its_baud_rate_both_ways)
{
    const struct smp_pty_options slow = {.baud = 57600};
    const struct smp_serial_options many = {.lines = 100};
    struct line *line = line_new(&slow, &many);
    cr_expect_eq(line_ask(line, 1), SMP_OK);
    double took = seconds_for(line, 300, 4);
    double wanted = 4 * 2 * 436 * 10 / 57600.0;
    cr_expect_geq(took, wanted * 0.97, "%g s, %g at least", took, wanted);
    cr_expect_leq(took, wanted * 1.6 + 0.2, "%g s, %g are due", took, wanted);
    line_free(line);
}

Test(pty, lines_that_are_too_long_vanish)
{
    const struct smp_pty_options small = {.line_buffers = 2};
    const struct smp_serial_options longer = {.line_length = 300};
    struct smp_serial_stats stats = {.size = sizeof(stats)};
    struct line *line = line_new(&small, &longer);
    smp_session_free(line->session);
    const struct smp_session_options hasty = {
        .size = sizeof(hasty), .timeout_ms = 100, .tries = 1, .grace_ms = 1};
    cr_assert_eq(smp_session_new(line->port, &hasty, &line->session), SMP_OK);
    cr_expect_eq(line_ask(line, 60), SMP_OK);
    cr_expect_eq(line_ask(line, 150), SMP_ERR_TIMEOUT);
    smp_serial_get_stats(line->pty, &stats);
    cr_expect_eq(stats.vanished, 1u);
    cr_expect_eq(line_ask(line, 60), SMP_OK);
    line_free(line);
}

/* As MCUboot and Zephyr: a marker counts at the beginning of a line only. */
Test(pty, junk_before_a_marker_loses_the_frame)
{
    const struct smp_pty_options small = {.line_buffers = 2};
    struct line *line = line_new(&small, NULL);
    cr_expect_eq(line_ask(line, 5), SMP_OK);
    strcpy(line->device_text, "");
    smp_serial_print(line->port,
                     "junk\x06\x09"
                     "ABAKAAAGAABCAKFhZGJoaZsK\n",
                     31);
    line_turn(line, 40);
    cr_expect_eq(strncmp(line->device_text, "junk", 4), 0);
    cr_expect_eq(line_ask(line, 5), SMP_OK);
    line_free(line);
}

Test(pty, packets_that_are_too_large_vanish)
{
    const struct smp_pty_options small = {.max_received = 100};
    struct line *line = line_new(&small, NULL);
    smp_session_free(line->session);
    const struct smp_session_options hasty = {
        .size = sizeof(hasty), .timeout_ms = 200, .tries = 1, .grace_ms = 1};
    cr_assert_eq(smp_session_new(line->port, &hasty, &line->session), SMP_OK);
    cr_expect_eq(line_ask(line, 87), SMP_OK);
    cr_expect_eq(line_ask(line, 88), SMP_ERR_TIMEOUT);
    line_free(line);
}

Test(pty, another_baud_rate_is_garbage_when_it_matters)
{
    const struct smp_pty_options strict = {.baud = 57600, .strict_baud = true};
    const struct smp_pty_options any = {.baud = 57600};
    const struct smp_serial_options same = {.size = sizeof(same), .baud = 57600};
    const struct smp_serial_options other = {.size = sizeof(other), .baud = 9600};
    const struct smp_session_options hasty = {
        .size = sizeof(hasty), .timeout_ms = 200, .tries = 1, .grace_ms = 1};
    struct line *line = line_new(&strict, &same);
    cr_expect_eq(line_ask(line, 5), SMP_OK);
    line_free(line);
    line = line_new(&any, &other);
    cr_expect_eq(line_ask(line, 5), SMP_OK);
    line_free(line);
    line = line_new(&strict, &other);
    smp_session_free(line->session);
    cr_assert_eq(smp_session_new(line->port, &hasty, &line->session), SMP_OK);
    cr_expect_eq(line_ask(line, 5), SMP_ERR_TIMEOUT);
    smp_serial_print(line->pty, "hello\n", 6);
    line_turn(line, 40);
    cr_expect_neq(*line->client_text, '\0');
    cr_expect_null(strstr(line->client_text, "hello"));
    line_free(line);
}

/* ---- the link ---- */

static char folder[] = "/tmp/smp-pty-test-XXXXXX";

static void path_in(char *path, const char *name)
{
    snprintf(path, 64, "%s/%s", folder, name);
}

Test(pty, link_is_made_replaced_and_removed)
{
    char path[64], target[64] = {0};
    struct smp_loop *loop;
    struct smp_transport *first, *second;
    cr_assert_not_null(mkdtemp(folder));
    path_in(path, "dev");
    cr_assert_eq(symlink("/dev/pts/left-over", path), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_pty_new(loop, path, NULL, &first), SMP_OK);
    cr_assert_gt(readlink(path, target, sizeof(target) - 1), 0);
    cr_expect_str_eq(target, smp_pty_path(first));
    cr_assert_eq(smp_pty_new(loop, path, NULL, &second), SMP_OK);
    smp_transport_free(first); /* the link is not its own any more */
    memset(target, 0, sizeof(target));
    cr_assert_gt(readlink(path, target, sizeof(target) - 1), 0);
    cr_expect_str_eq(target, smp_pty_path(second));
    smp_transport_free(second);
    cr_expect_eq(readlink(path, target, sizeof(target)), -1);
    smp_loop_free(loop);
    cr_expect_eq(rmdir(folder), 0, "nothing is left");
}

Test(pty, link_over_a_file_is_refused)
{
    char path[64];
    struct smp_loop *loop;
    struct smp_transport *pty;
    struct stat status;
    cr_assert_not_null(mkdtemp(folder));
    path_in(path, "precious");
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_expect_eq(smp_pty_new(loop, path, NULL, &pty), SMP_ERR_EXISTS);
    cr_expect(lstat(path, &status) == 0 && S_ISREG(status.st_mode));
    path_in(path, "no/such/folder");
    cr_expect_eq(smp_pty_new(loop, path, NULL, &pty), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, ENOENT);
    smp_loop_free(loop);
    path_in(path, "precious");
    unlink(path);
    rmdir(folder);
}

Test(pty, arguments)
{
    struct smp_loop *loop;
    struct smp_transport *pty, *a, *b;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    const struct smp_pty_options bad[] = {
        {.size = 0},
        {.size = sizeof(bad[0]), .framing = 2},
        {.size = sizeof(bad[0]), .line_length = 6},
        {.size = sizeof(bad[0]), .max_packet = 7},
        {.size = sizeof(bad[0]), .max_packet = 65534},
        {.size = sizeof(bad[0]), .line_buffers = 1025},
        {.size = sizeof(bad[0]), .max_received = 7},
        {.size = sizeof(bad[0]), .strict_baud = true},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(smp_pty_new(loop, NULL, &bad[i], &pty), SMP_ERR_INVALID, "%zu", i);
    }
    cr_expect_eq(smp_pty_new(loop, "", NULL, &pty), SMP_ERR_INVALID);
    cr_expect_eq(smp_pty_new(NULL, NULL, NULL, &pty), SMP_ERR_INVALID);
    cr_assert_eq(smp_loopback_new(loop, 0, &a, &b), SMP_OK);
    cr_expect_null(smp_pty_path(a));
    cr_expect_null(smp_pty_path(NULL));
    smp_transport_free(a);
    smp_transport_free(b);
    smp_loop_free(loop);
}

Test(pty, needs_a_loop_with_descriptors)
{
    struct smp_fake_clock *clock;
    struct smp_loop *loop;
    struct smp_transport *pty;
    smp_fake_clock_new(&clock);
    const struct smp_loop_options options = {.size = sizeof(options),
                                             .clock = smp_fake_clock_get(clock)};
    cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
    cr_expect_eq(smp_pty_new(loop, NULL, NULL, &pty), SMP_ERR_UNSUPPORTED);
    smp_loop_free(loop);
    smp_fake_clock_free(clock);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening ports: pseudo-terminals, and what only fakes can show. */
#define _XOPEN_SOURCE 700

#include "transports/serial_baud.h"
#include "transports/serial_port.h"

#include <smp/error.h>

#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

/* A pseudo-terminal; the path of its other side. */
static int make_pty(char *path, size_t size)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert_geq(fd, 0);
    cr_assert(grantpt(fd) == 0 && unlockpt(fd) == 0);
    snprintf(path, size, "%s", ptsname(fd));
    return fd;
}

static const struct smp_serial_options defaults = {.size = sizeof(defaults), .baud = 115200};

static int try_open(const char *path, struct smpi_port *port)
{
    return smpi_port_open(path, &defaults, &smpi_port_calls, port);
}

Test(serial_port, pseudo_terminal_is_raw_and_never_blocks)
{
    char path[64], byte;
    struct smpi_port port;
    struct termios mode;
    int other = make_pty(path, sizeof(path));
    cr_assert_eq(try_open(path, &port), SMP_OK);
    cr_expect_not(port.real);
    cr_expect_null(port.library);
    cr_assert_eq(tcgetattr(port.fd, &mode), 0);
    cr_expect_eq(mode.c_lflag & (ICANON | ECHO | ISIG), 0u);
    cr_expect_eq(mode.c_iflag & (ICRNL | IXON), 0u);
    cr_expect_eq(mode.c_oflag & OPOST, 0u);
    cr_expect_eq(mode.c_cc[VMIN], 1, "a read without data must not look like a hang-up");
    cr_expect(smpi_baud_is(port.fd, 115200));
    cr_expect(read(port.fd, &byte, 1) < 0 && errno == EAGAIN);
    cr_expect_neq(fcntl(port.fd, F_GETFD) & FD_CLOEXEC, 0);
    cr_expect_eq(write(other, "\x06\x03\r\n", 4), 4);
    char data[4];
    usleep(10000);
    cr_expect(read(port.fd, data, 4) == 4 && memcmp(data, "\x06\x03\r\n", 4) == 0);
    smpi_port_close(&port);
    cr_expect_eq(port.fd, -1);
    smpi_port_close(&port); /* once more does no harm */
    close(other);
}

Test(serial_port, any_baud_rate_on_a_pseudo_terminal)
{
    char path[64];
    struct smpi_port port;
    struct smp_serial_options options = defaults;
    int other = make_pty(path, sizeof(path));
    static const uint32_t bauds[] = {300, 9600, 123456, 921600, 1000000, 12000000};
    for (size_t i = 0; i < sizeof(bauds) / sizeof(bauds[0]); i++) {
        options.baud = bauds[i];
        cr_expect_eq(smpi_port_open(path, &options, &smpi_port_calls, &port), SMP_OK);
        cr_expect(smpi_baud_is(port.fd, bauds[i]), "%u", bauds[i]);
        smpi_port_close(&port);
    }
    close(other);
}

Test(serial_port, what_is_none)
{
    struct smpi_port port;
    cr_expect_eq(try_open("/dev/nothing-here", &port), SMP_ERR_NOT_FOUND);
    cr_expect_eq(try_open("/dev/null", &port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, ENOTTY);
    cr_expect_eq(try_open("/tmp", &port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EISDIR);
    cr_expect_eq(port.fd, -1);
}

Test(serial_port, one_program_at_a_time)
{
    char path[64];
    struct smpi_port first, second;
    struct smp_serial_options shared = defaults;
    int other = make_pty(path, sizeof(path));
    shared.shared = true;
    cr_assert_eq(try_open(path, &first), SMP_OK);
    cr_expect_eq(try_open(path, &second), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EBUSY);
    cr_expect_eq(smpi_port_open(path, &shared, &smpi_port_calls, &second), SMP_OK);
    smpi_port_close(&second);
    smpi_port_close(&first);
    cr_expect_eq(try_open(path, &second), SMP_OK);
    smpi_port_close(&second);
    close(other);
}

/* A port that another program uses is not changed. */
Test(serial_port, a_busy_port_keeps_its_settings)
{
    char path[64];
    struct smpi_port port;
    struct termios before, after;
    int other = make_pty(path, sizeof(path));
    int holder = open(path, O_RDWR | O_NOCTTY);
    cr_assert_geq(holder, 0);
    cr_assert_eq(flock(holder, LOCK_EX | LOCK_NB), 0);
    tcgetattr(holder, &before);
    cr_expect_eq(try_open(path, &port), SMP_ERR_SYSTEM);
    cr_expect_eq(errno, EBUSY);
    tcgetattr(holder, &after);
    cr_expect_eq(before.c_lflag, after.c_lflag);
    cr_expect_eq(before.c_iflag, after.c_iflag);
    close(holder);
    close(other);
}

Test(serial_port, without_permission)
{
    char path[64], text[256];
    int other = make_pty(path, sizeof(path));
    if (geteuid() != 0) {
        cr_skip_test("SKIPPED, NOT TESTED: needs root, to give its rights away");
    }
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(seteuid(65534), 0);
    struct smpi_port port;
    int error = try_open(path, &port), system_error = errno;
    cr_assert_eq(seteuid(0), 0);
    cr_expect_eq(error, SMP_ERR_SYSTEM);
    cr_expect_eq(system_error, EACCES);
    smp_serial_explain(path, error, system_error, text, sizeof(text));
    cr_expect(strstr(text, "no permission") && strstr(text, "only its owner"), "%s", text);
    /* As ports usually are. */
    const struct group *dialout = getgrnam("dialout");
    if (dialout != NULL && chown(path, (uid_t)-1, dialout->gr_gid) == 0 && chmod(path, 0660) == 0) {
        smp_serial_explain(path, error, system_error, text, sizeof(text));
        cr_expect(strstr(text, "group dialout") && strstr(text, "usermod -aG dialout"), "%s", text);
    }
    close(other);
}

/* ---- modem lines: no pseudo-terminal has them ---- */

static struct {
    unsigned long request;
    int lines;
} modem_calls[4];
static int n_modem_calls;

static int record_modem(int fd, unsigned long request, int lines)
{
    (void)fd;
    modem_calls[n_modem_calls].request = request;
    modem_calls[n_modem_calls++].lines = lines;
    return 0;
}

static int fail_modem(int fd, unsigned long request, int lines)
{
    (void)fd;
    (void)request;
    (void)lines;
    errno = EIO;
    return -1;
}

Test(serial_port, modem_lines_are_left_alone_or_set)
{
    const struct smpi_port_calls calls = {.modem = record_modem, .lock = flock};
    struct smpi_port port = {.fd = 3, .real = true};
    struct smp_serial_options options = defaults;
    cr_expect_eq(smpi_port_set_modem(&port, &options, &calls), SMP_OK);
    cr_expect_eq(n_modem_calls, 0);
    options.dtr = SMP_SERIAL_ON;
    options.rts = SMP_SERIAL_OFF;
    cr_expect_eq(smpi_port_set_modem(&port, &options, &calls), SMP_OK);
    cr_expect_eq(n_modem_calls, 2);
    cr_expect(modem_calls[0].request == TIOCMBIS && modem_calls[0].lines == TIOCM_DTR);
    cr_expect(modem_calls[1].request == TIOCMBIC && modem_calls[1].lines == TIOCM_RTS);
    const struct smpi_port_calls broken = {.modem = fail_modem, .lock = flock};
    cr_expect_eq(smpi_port_set_modem(&port, &options, &broken), SMP_ERR_SYSTEM);
}

Test(serial_port, pseudo_terminals_have_no_modem_lines_to_fail_at)
{
    char path[64];
    const struct smpi_port_calls calls = {.modem = fail_modem, .lock = flock};
    struct smp_serial_options options = defaults;
    struct smpi_port port;
    int other = make_pty(path, sizeof(path));
    options.dtr = SMP_SERIAL_ON;
    cr_expect_eq(smpi_port_open(path, &options, &calls, &port), SMP_OK);
    smpi_port_close(&port);
    close(other);
}

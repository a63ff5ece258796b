/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* posix_openpt() */

#include "transports/serial_baud.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static int make_pty(int *other)
{
    *other = posix_openpt(O_RDWR | O_NOCTTY);
    cr_assert(*other >= 0 && grantpt(*other) == 0 && unlockpt(*other) == 0);
    const char *path = ptsname(*other);
    cr_assert_not_null(path);
    int fd = open(path, O_RDWR | O_NOCTTY);
    cr_assert_geq(fd, 0);
    return fd;
}

/* Both sides of a pseudo-terminal see it, and it survives other settings. */
Test(serial_baud, any_rate)
{
    static const uint32_t bauds[] = {300, 9600, 74880, 123456, 921600, 1000000, 12000000};
    struct termios mode;
    int other, fd = make_pty(&other);
    for (size_t i = 0; i < sizeof(bauds) / sizeof(bauds[0]); i++) {
        cr_expect(smpi_baud_set(fd, bauds[i]), "%u", bauds[i]);
        cr_expect(smpi_baud_is(fd, bauds[i]));
        cr_expect(smpi_baud_is(other, bauds[i]));
        cr_expect(smpi_baud_is(fd, bauds[i] + bauds[i] / 100),
                  "a hundredth is what hardware rounds");
        cr_expect_not(smpi_baud_is(fd, bauds[i] + bauds[i] / 20));
        cr_expect_not(smpi_baud_is(fd, 115200));
        cr_assert_eq(tcgetattr(fd, &mode), 0);
        mode.c_lflag ^= ECHO;
        cr_assert_eq(tcsetattr(fd, TCSANOW, &mode), 0);
        cr_expect(smpi_baud_is(fd, bauds[i]), "%u after another setting", bauds[i]);
    }
    close(fd);
    close(other);
}

/* As programs set it that know names only. */
Test(serial_baud, a_rate_with_a_name)
{
    struct termios mode;
    int other, fd = make_pty(&other);
    cr_assert_eq(tcgetattr(fd, &mode), 0);
    cfsetispeed(&mode, B57600);
    cfsetospeed(&mode, B57600);
    cr_assert_eq(tcsetattr(fd, TCSANOW, &mode), 0);
    cr_expect(smpi_baud_is(other, 57600));
    cr_expect_not(smpi_baud_is(other, 115200));
    close(fd);
    close(other);
}

Test(serial_baud, what_is_no_terminal)
{
    int fd = open("/dev/null", O_RDWR);
    cr_expect_not(smpi_baud_set(fd, 9600));
    cr_expect(smpi_baud_is(fd, 9600));
    close(fd);
}

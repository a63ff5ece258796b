/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux takes and tells any rate through `struct termios2`, whose header and that of the C library
 * exclude each other: so this stands in a file of its own.  Elsewhere a rate has to have a name.
 */
#include "transports/serial_baud.h"

/* A rate that hardware rounded is good; more than so many per cent off is another rate. */
enum { OFF_PERCENT_MAX = 3 };

#if defined(__linux__)

#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <sys/ioctl.h>

bool smpi_baud_set(int fd, uint32_t baud)
{
    struct termios2 mode;
    if (ioctl(fd, TCGETS2, &mode) != 0) {
        return false;
    }
    mode.c_cflag &= ~(tcflag_t)(CBAUD | (CBAUD << IBSHIFT));
    mode.c_cflag |= BOTHER | (BOTHER << IBSHIFT);
    mode.c_ispeed = baud;
    mode.c_ospeed = baud;
    return ioctl(fd, TCSETS2, &mode) == 0 && smpi_baud_is(fd, baud);
}

bool smpi_baud_is(int fd, uint32_t baud)
{
    struct termios2 mode;
    if (ioctl(fd, TCGETS2, &mode) != 0) {
        return true;
    }
    uint64_t off = mode.c_ospeed > baud ? mode.c_ospeed - baud : baud - mode.c_ospeed;
    return off * 100 <= (uint64_t)OFF_PERCENT_MAX * baud;
}

#else

#include <stddef.h>
#include <termios.h>

/* The system's number for a baud rate, or B0. */
static speed_t speed_of(uint32_t baud)
{
    static const struct {
        uint32_t baud;
        speed_t speed;
    } speeds[] = {
        {1200, B1200},   {2400, B2400},   {4800, B4800},     {9600, B9600},     {19200, B19200},
        {38400, B38400}, {57600, B57600}, {115200, B115200}, {230400, B230400},
    };
    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++) {
        if (speeds[i].baud == baud) {
            return speeds[i].speed;
        }
    }
    return B0;
}

bool smpi_baud_set(int fd, uint32_t baud)
{
    struct termios mode;
    speed_t speed = speed_of(baud);
    return speed != B0 && tcgetattr(fd, &mode) == 0 && cfsetispeed(&mode, speed) == 0 &&
           cfsetospeed(&mode, speed) == 0 && tcsetattr(fd, TCSANOW, &mode) == 0;
}

bool smpi_baud_is(int fd, uint32_t baud)
{
    struct termios mode;
    speed_t speed = speed_of(baud);
    return speed == B0 || tcgetattr(fd, &mode) != 0 || cfgetospeed(&mode) == speed;
}

#endif

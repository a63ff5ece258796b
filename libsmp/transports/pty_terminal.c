/* SPDX-License-Identifier: Apache-2.0 */
#define _XOPEN_SOURCE 700 /* posix_openpt() */

#include "transports/pty_terminal.h"

#include "transports/serial_port.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

enum { TEMPORARY = 16 };

static int find_path(struct smpi_terminal *terminal)
{
#if defined(__linux__)
    unsigned number;
    if (ioctl(terminal->fd, TIOCGPTN, &number) != 0) {
        return SMP_ERR_SYSTEM;
    }
    snprintf(terminal->path, sizeof(terminal->path), "/dev/pts/%u", number);
    return SMP_OK;
#else
    const char *path = ptsname(terminal->fd);
    int len = path != NULL ? snprintf(terminal->path, sizeof(terminal->path), "%s", path) : -1;
    return len > 0 && (size_t)len < sizeof(terminal->path) ? SMP_OK : SMP_ERR_SYSTEM;
#endif
}

/* Raw from the start.  Once closed, the other side counts as hung up until a client comes. */
static int prepare_other_side(const struct smpi_terminal *terminal)
{
    struct termios mode;
    int other = open(terminal->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (other < 0) {
        return SMP_ERR_SYSTEM;
    }
    bool good = tcgetattr(other, &mode) == 0;
    if (good) {
        cfmakeraw(&mode);
        good = tcsetattr(other, TCSANOW, &mode) == 0;
    }
    int system_error = errno;
    close(other);
    errno = system_error;
    return good ? SMP_OK : SMP_ERR_SYSTEM;
}

static int open_both(struct smpi_terminal *terminal)
{
    terminal->fd = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal->fd < 0 || fcntl(terminal->fd, F_SETFD, FD_CLOEXEC) != 0 ||
        grantpt(terminal->fd) != 0 || unlockpt(terminal->fd) != 0) {
        return SMP_ERR_SYSTEM;
    }
    int error = find_path(terminal);
    error = error == SMP_OK ? smpi_port_unblock(terminal->fd) : error;
    return error == SMP_OK ? prepare_other_side(terminal) : error;
}

/* Made beside the old one and renamed: there is always one. */
static int make_link(struct smpi_terminal *terminal, const char *link)
{
    char temporary[PATH_MAX + TEMPORARY];
    struct stat status;
    if (strlen(link) >= PATH_MAX) {
        return SMP_ERR_INVALID;
    }
    if (lstat(link, &status) == 0 && !S_ISLNK(status.st_mode)) {
        return SMP_ERR_EXISTS;
    }
    snprintf(temporary, sizeof(temporary), "%s.%ld", link, (long)getpid());
    unlink(temporary);
    if (symlink(terminal->path, temporary) != 0) {
        return SMP_ERR_SYSTEM;
    }
    if (rename(temporary, link) != 0) {
        int system_error = errno;
        unlink(temporary);
        errno = system_error;
        return SMP_ERR_SYSTEM;
    }
    strcpy(terminal->link, link);
    return SMP_OK;
}

static void remove_link(const struct smpi_terminal *terminal)
{
    char target[PATH_MAX];
    ssize_t len =
        *terminal->link != '\0' ? readlink(terminal->link, target, sizeof(target) - 1) : -1;
    if (len > 0) {
        target[len] = '\0';
        if (strcmp(target, terminal->path) == 0) {
            unlink(terminal->link);
        }
    }
}

int smpi_terminal_open(struct smpi_terminal *terminal, const char *link)
{
    int error = open_both(terminal);
    return error == SMP_OK && link != NULL ? make_link(terminal, link) : error;
}

void smpi_terminal_close(struct smpi_terminal *terminal, bool unlink_it)
{
    if (unlink_it) {
        remove_link(terminal);
    }
    if (terminal->fd >= 0) {
        close(terminal->fd);
    }
}

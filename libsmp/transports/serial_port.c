/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening ports.  libserialport sets up real ones, with any baud rate.  It refuses
 * pseudo-terminals (0.1.1 looks them up in sysfs and asks for modem lines), so those are set up
 * here.  In both cases the port is opened and locked here first: a port that another program uses
 * must not be changed.
 */
#include "transports/serial_port.h"
#include "transports/serial_baud.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#if defined(SMP_HAVE_LIBSERIALPORT)
#include <libserialport.h>
#endif

static int call_modem(int fd, unsigned long request, int lines)
{
    return ioctl(fd, request, &lines);
}

const struct smpi_port_calls smpi_port_calls = {.modem = call_modem, .lock = flock};

/* ---- with libserialport ---- */

#if defined(SMP_HAVE_LIBSERIALPORT)

static int set_mode(struct sp_port *port, const struct smp_serial_options *options)
{
    enum sp_flowcontrol flow = options->flow_control ? SP_FLOWCONTROL_RTSCTS : SP_FLOWCONTROL_NONE;
    if (sp_set_bits(port, 8) != SP_OK || sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
        sp_set_stopbits(port, 1) != SP_OK || sp_set_flowcontrol(port, flow) != SP_OK) {
        return SMP_ERR_SYSTEM;
    }
    return sp_set_baudrate(port, (int)options->baud) == SP_OK ? SMP_OK : SMP_ERR_INVALID;
}

/* SMP_ERR_UNSUPPORTED: not a port it knows. */
static int set_up_with_library(const char *path, const struct smp_serial_options *options,
                               struct smpi_port *port)
{
    struct sp_port *library;
    if (sp_get_port_by_name(path, &library) != SP_OK) {
        return SMP_ERR_UNSUPPORTED;
    }
    if (sp_open(library, SP_MODE_READ_WRITE) != SP_OK) {
        sp_free_port(library);
        return SMP_ERR_UNSUPPORTED;
    }
    int error = set_mode(library, options);
    if (error == SMP_OK && sp_get_port_handle(library, &port->fd) != SP_OK) {
        error = SMP_ERR_SYSTEM;
    }
    if (error != SMP_OK) {
        int system_error = errno;
        sp_close(library);
        sp_free_port(library);
        port->fd = -1;
        errno = system_error;
        return error;
    }
    port->library = library;
    port->real = true;
    return SMP_OK;
}

static void close_library(struct smpi_port *port)
{
    sp_close(port->library);
    sp_free_port(port->library);
}

#else

static int set_up_with_library(const char *path, const struct smp_serial_options *options,
                               struct smpi_port *port)
{
    (void)path;
    (void)options;
    (void)port;
    return SMP_ERR_UNSUPPORTED;
}

static void close_library(struct smpi_port *port)
{
    (void)port;
}

#endif

/* ---- without ---- */

/* Pseudo-terminals have none. */
static bool has_modem_lines(int fd)
{
    int lines;
    return ioctl(fd, TIOCMGET, &lines) == 0;
}

static int set_up_here(int fd, const struct smp_serial_options *options, bool real)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) != 0) {
        return SMP_ERR_SYSTEM;
    }
    cfmakeraw(&mode);
    mode.c_cflag |= CLOCAL | CREAD;
    mode.c_cflag &= ~(tcflag_t)(CSTOPB | CRTSCTS);
    mode.c_cflag |= options->flow_control ? CRTSCTS : 0;
    if (tcsetattr(fd, TCSANOW, &mode) != 0) {
        return SMP_ERR_SYSTEM;
    }
    /* A pseudo-terminal has no rate to refuse. */
    return smpi_baud_set(fd, options->baud) || !real ? SMP_OK : SMP_ERR_INVALID;
}

/* ---- both ---- */

static int open_own(const char *path, struct smpi_port *port)
{
    port->own = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port->own < 0) {
        return errno == ENOENT ? SMP_ERR_NOT_FOUND : SMP_ERR_SYSTEM;
    }
    if (!isatty(port->own)) {
        errno = ENOTTY;
        return SMP_ERR_SYSTEM;
    }
    return SMP_OK;
}

static int set_up(const char *path, const struct smp_serial_options *options,
                  struct smpi_port *port)
{
    int error = set_up_with_library(path, options, port);
    if (error == SMP_ERR_UNSUPPORTED) {
        port->fd = port->own;
        port->real = has_modem_lines(port->own);
        error = set_up_here(port->own, options, port->real);
    }
    return error;
}

/* A read without data must say so and not look like the end; lines stay as they are at the end. */
static int set_reading(const struct smpi_port *port, const struct smp_serial_options *options)
{
    struct termios mode;
    if (tcgetattr(port->fd, &mode) != 0) {
        return SMP_ERR_SYSTEM;
    }
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    if (options->dtr == SMP_SERIAL_LEAVE) {
        mode.c_cflag &= ~(tcflag_t)HUPCL;
    }
    if (tcsetattr(port->fd, TCSANOW, &mode) != 0) {
        return SMP_ERR_SYSTEM;
    }
    return smpi_port_unblock(port->fd);
}

static int set_modem_line(const struct smpi_port *port, const struct smpi_port_calls *calls,
                          int line, enum smp_serial_modem wanted)
{
    if (wanted == SMP_SERIAL_LEAVE || !port->real) {
        return 0;
    }
    return calls->modem(port->fd, wanted == SMP_SERIAL_ON ? TIOCMBIS : TIOCMBIC, line);
}

int smpi_port_set_modem(const struct smpi_port *port, const struct smp_serial_options *options,
                        const struct smpi_port_calls *calls)
{
    bool good = set_modem_line(port, calls, TIOCM_DTR, options->dtr) == 0 &&
                set_modem_line(port, calls, TIOCM_RTS, options->rts) == 0;
    return good ? SMP_OK : SMP_ERR_SYSTEM;
}

/* What other programs look at, if they look. */
static int claim(const struct smpi_port *port, const struct smp_serial_options *options,
                 const struct smpi_port_calls *calls)
{
    if (options->shared || calls->lock(port->own, LOCK_EX | LOCK_NB) == 0) {
        return SMP_OK;
    }
    errno = errno == EWOULDBLOCK ? EBUSY : errno;
    return SMP_ERR_SYSTEM;
}

int smpi_port_open(const char *path, const struct smp_serial_options *options,
                   const struct smpi_port_calls *calls, struct smpi_port *port)
{
    *port = (struct smpi_port){.fd = -1, .own = -1};
    int error = open_own(path, port);
    error = error == SMP_OK ? claim(port, options, calls) : error;
    error = error == SMP_OK ? set_up(path, options, port) : error;
    error = error == SMP_OK ? set_reading(port, options) : error;
    error = error == SMP_OK ? smpi_port_set_modem(port, options, calls) : error;
    if (error != SMP_OK) {
        int system_error = errno;
        smpi_port_close(port);
        errno = system_error;
    } else if (port->real && !options->shared) {
        /* Keeps out who does not look.  On a pseudo-terminal it would outlive a killed program. */
        ioctl(port->fd, TIOCEXCL);
    }
    return error;
}

void smpi_port_close(struct smpi_port *port)
{
    if (port->library != NULL) {
        close_library(port);
    }
    if (port->own >= 0) {
        close(port->own);
    }
    *port = (struct smpi_port){.fd = -1, .own = -1};
}

int smpi_port_unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? SMP_OK : SMP_ERR_SYSTEM;
}

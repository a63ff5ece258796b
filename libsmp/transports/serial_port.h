/* SPDX-License-Identifier: Apache-2.0 */
/* Opening serial ports, and what one can know about them. */
#ifndef SMPI_TRANSPORTS_SERIAL_PORT_H
#define SMPI_TRANSPORTS_SERIAL_PORT_H

#include <smp/serial.h>

/* An open port. */
struct smpi_port {
    int fd;        /* -1: closed */
    int own;       /* opened here; `fd` too, unless the library has one of its own */
    void *library; /* libserialport's handle, or NULL */
    bool real;     /* has a wire that carries as many bits as its baud rate says */
};

/*
 * How modem lines and settings are reached: the system's calls, or a test's.  `request` is as for
 * ioctl(); both return 0, or -1 with errno.
 */
struct smpi_port_calls {
    int (*modem)(int fd, unsigned long request, int lines);
    int (*lock)(int fd, int operation);
};
extern const struct smpi_port_calls smpi_port_calls;

/* As smp_serial_open() says. */
int smpi_port_open(const char *path, const struct smp_serial_options *options,
                   const struct smpi_port_calls *calls, struct smpi_port *port);
void smpi_port_close(struct smpi_port *port);

/* Modem lines as the options say; pseudo-terminals have none.  SMP_ERR_SYSTEM. */
int smpi_port_set_modem(const struct smpi_port *port, const struct smp_serial_options *options,
                        const struct smpi_port_calls *calls);

/* Makes any descriptor non-blocking. */
int smpi_port_unblock(int fd);

/* ---- finding ---- */

/* Whether libserialport is there to list ports with; otherwise Linux's own files are read. */
typedef int smpi_port_lister(smp_serial_port_callback *callback, void *user);

/* Reads them below `root`, as "/sys"; they stand in `dev`.  SMP_ERR_UNSUPPORTED on other systems. */
int smpi_port_list_sysfs(const char *root, const char *dev, smp_serial_port_callback *callback,
                         void *user);

/* smp_serial_find() among the ports that a lister lists. */
int smpi_port_find(smpi_port_lister *lister, const char *usb, char *path, size_t size);

/* Whether text has the form "VID:PID" or "VID:PID:SERIAL". */
bool smpi_port_is_usb(const char *text);

/* ---- explaining ---- */

/* Writes "name (process 123)" of who has `path` open, looking below `proc`.  False: not known. */
bool smpi_port_holder(const char *proc, const char *path, char *text, size_t size);

#endif

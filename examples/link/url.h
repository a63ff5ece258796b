/* SPDX-License-Identifier: Apache-2.0 */
/* Transports by address, as the programs take them on their command lines. */
#ifndef LINK_URL_H
#define LINK_URL_H

#include <smp/serial.h>
#include <smp/udp.h>

enum { LINK_PLACE_MAX = 256 };

enum link_type { LINK_UDP, LINK_SERIAL, LINK_TCP };

/*
 * udp://HOST:PORT, or HOST:PORT; serial:///dev/ttyACM0?baud=115200, serial://2fe3:0100 (USB
 * vendor and product), or a path; tcp://HOST:PORT?lines=8, a serial line behind TCP.  Listening, a serial line is a pseudo-terminal to be made.
 */
struct link_url {
    enum link_type type;
    char place[LINK_PLACE_MAX];
    struct smp_serial_options serial;
    uint32_t max_packet; /* mtu=, or 0 */
    int fd;              /* of TCP, or -1 */
};

/* False: `error` holds a sentence. */
bool link_url_read(const char *text, struct link_url *url, char *error, size_t size);

/* Opens the way to a device.  A host's name is looked up, which blocks.  SMP_OK, or the error, with a sentence in `text`. */
int link_url_open(struct smp_loop *loop, struct link_url *url, struct smp_transport **transport,
                  char *text, size_t size);

/* After the transport was freed. */
void link_url_close(struct link_url *url);

/* Opens a place where clients come. */
int link_url_listen(struct smp_loop *loop, const struct link_url *url,
                    struct smp_transport **transport, char *text, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses as text, as the kernel has them, and as opaque peers. */
#ifndef SMPI_TRANSPORTS_UDP_ADDRESS_H
#define SMPI_TRANSPORTS_UDP_ADDRESS_H

#include <smp/transport.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct smpi_udp_address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
    socklen_t len;
};

/*
 * Reads a numeric address; `listening` allows port 0.  SMP_ERR_INVALID, or
 * SMP_ERR_SYSTEM with errno when there is no such interface after the '%'.
 */
int smpi_udp_parse(const char *text, bool listening, struct smpi_udp_address *address);

/* SMP_ERR_INVALID when `size` is too small. */
int smpi_udp_print(const struct smpi_udp_address *address, char *text, size_t size);

/* `asked` numbers the server's own address that the peer spoke to. */
void smpi_udp_to_peer(const struct smpi_udp_address *address, uint8_t asked, struct smp_peer *peer);
/* False: not a peer that smpi_udp_to_peer() made. */
bool smpi_udp_from_peer(const struct smp_peer *peer, struct smpi_udp_address *address,
                        uint8_t *asked);

#endif

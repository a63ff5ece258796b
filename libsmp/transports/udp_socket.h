/* SPDX-License-Identifier: Apache-2.0 */
/* UDP sockets as systems differ in them: opening, receiving many at once, the path's MTU. */
#ifndef SMPI_TRANSPORTS_UDP_SOCKET_H
#define SMPI_TRANSPORTS_UDP_SOCKET_H

#include "transports/udp_address.h"

#include <stddef.h>
#include <stdint.h>

/* The most an IPv4 datagram carries; IPv6 could a little more. */
#define SMPI_UDP_MAX 65507u

/* A non-blocking socket, bound or connected.  SMP_ERR_EXISTS, SMP_ERR_SYSTEM. */
int smpi_udp_open(const struct smpi_udp_address *address, bool listening, int *fd);

/* What a datagram may carry on a connected socket, as far as the kernel knows. */
size_t smpi_udp_room(int fd, sa_family_t family);

/* Where datagrams arrive, several at once. */
struct smpi_udp_inbox;

size_t smpi_udp_inbox_size(void);
/* In zeroed memory of that size, most of which is never touched. */
void smpi_udp_inbox_init(struct smpi_udp_inbox *inbox);

/* Returns how many came, or -1 and errno. */
int smpi_udp_receive(int fd, struct smpi_udp_inbox *inbox);
const uint8_t *smpi_udp_packet(const struct smpi_udp_inbox *inbox, int i, size_t *len);
const struct smpi_udp_address *smpi_udp_sender(const struct smpi_udp_inbox *inbox, int i);

/*
 * On a socket bound to all addresses: which of them a datagram was sent to.  The
 * answer must come from the same one, or a connected client never sees it.
 * False: the socket has one address, or the system does not tell.
 */
bool smpi_udp_asked(struct smpi_udp_inbox *inbox, int i, struct in6_addr *address);

/* Sends from one of the socket's addresses; NULL: as the system chooses.  0, or -1 and errno. */
int smpi_udp_send_to(int fd, const struct smpi_udp_address *to, const struct in6_addr *from,
                     const uint8_t *packet, size_t len);

#endif

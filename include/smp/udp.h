/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file
 * SMP over UDP, IPv4 and IPv6, as client and as server: one packet a datagram,
 * port 1337.
 * @see Zephyr documentation, "SMP transport specification", UDP
 */
#ifndef SMP_UDP_H
#define SMP_UDP_H

#include <smp/export.h>
#include <smp/transport.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The port Zephyr listens on by default. */
#define SMP_UDP_PORT 1337u

/** Space for any numeric "[address%scope]:port" with its NUL. */
#define SMP_UDP_ADDRESS_MAX 80u

/**
 * Opens a client socket to one device.  Its packets are never cut into IP fragments, which few
 * devices can put together: they are as large as the path takes, and larger ones are refused.
 * When the device's system says that nobody listens there, requests in flight end with
 * SMP_ERR_REFUSED and the link is up again at once.
 * @param address  Numeric: "192.0.2.1", "192.0.2.1:1337", "2001:db8::1", "[fe80::1%eth0]:1337";
 *                 brackets around IPv4 are taken too.
 *                 Without a port, SMP_UDP_PORT.  Names: see smp_udp_resolve().
 * @retval SMP_ERR_INVALID  not a numeric address, the port is not 1 to 65535, or a link-local
 *                          IPv6 address does not say on which interface.
 * @retval SMP_ERR_SYSTEM   errno says why: no route, no such interface, ...
 * @retval SMP_ERR_UNSUPPORTED  a loop with its own clock.
 * @retval SMP_ERR_NO_MEMORY
 * @since 0.1
 */
SMP_API int smp_udp_connect(struct smp_loop *loop, const char *address,
                            struct smp_transport **transport);

/**
 * Opens a server socket.  @p address as above; port 0 lets the system choose.
 * "[::]" is every address of both IPv6 and IPv4, "0.0.0.0" every one of IPv4.
 * @retval SMP_ERR_EXISTS  the address is in use.
 * @retval as smp_udp_connect()
 * @since 0.1
 */
SMP_API int smp_udp_listen(struct smp_loop *loop, const char *address,
                           struct smp_transport **transport);

/**
 * The address a transport of this file is bound to, as "127.0.0.1:1337" or "[::1]:1337".
 * @param text  Room for SMP_UDP_ADDRESS_MAX bytes.
 * @retval SMP_ERR_INVALID  not a UDP transport, or @p size is too small.
 * @since 0.1
 */
SMP_API int smp_udp_local_address(const struct smp_transport *transport, char *text, size_t size);

/**
 * Turns "name", "name:port" or a numeric address into a numeric one.
 * BLOCKS for as long as the system's resolver does; needs no loop; any thread.
 * @retval SMP_ERR_NOT_FOUND  no such name.
 * @retval SMP_ERR_INVALID    not of that form, or @p size is too small.
 * @retval SMP_ERR_SYSTEM     errno says why; EAGAIN: no name server answered.
 * @since 0.1
 */
SMP_API int smp_udp_resolve(const char *name, char *address, size_t size);

#ifdef __cplusplus
}
#endif
#endif

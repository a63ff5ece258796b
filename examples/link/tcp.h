/* SPDX-License-Identifier: Apache-2.0 */
/* A serial line behind TCP: a terminal server, or an emulator's UART. */
#ifndef LINK_TCP_H
#define LINK_TCP_H

#include <stddef.h>

enum link_tcp_error { LINK_TCP_OK, LINK_TCP_FORM, LINK_TCP_FAILED };

/*
 * Connects to HOST:PORT or [IPV6]:PORT, to each of the host's addresses until one takes it.
 * Blocks: for the resolver, and up to timeout_ms for each address.  The descriptor is non-blocking
 * and the caller's to close.  On failure `text` holds a sentence; LINK_TCP_FORM: not an address.
 */
enum link_tcp_error link_tcp_connect(const char *place, int timeout_ms, int *fd, char *text,
                                     size_t size);

#endif

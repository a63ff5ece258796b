/* SPDX-License-Identifier: Apache-2.0 */
/* UDP in the frames of a capture. */
#ifndef SMPCTL_DATAGRAM_H
#define SMPCTL_DATAGRAM_H

#include "capture.h"

/* Whether frames of this link type (libpcap's DLT_...) can be read. */
bool datagram_link_known(int type);

/* Finds a whole UDP datagram from or to the port; false: the frame holds none. */
bool datagram_find(int type, const uint8_t *frame, size_t len, uint16_t port,
                   struct datagram *datagram);

#endif

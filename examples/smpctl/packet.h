/* SPDX-License-Identifier: Apache-2.0 */
/* One captured packet, as text or JSON. */
#ifndef SMPCTL_PACKET_H
#define SMPCTL_PACKET_H

#include "capture.h"

#include <smp/header.h>

#include <jansson.h>

struct smpctl;

#define PACKET_ROOM SMP_PACKET_MAX

struct packets {
    struct smpctl *ctl;
    json_t *list; /* where they go with --json, else NULL */
    size_t n;
};

/* Shows the packets in these bytes, usually one.  datagram: what carried it, or NULL. */
void packet_show(struct packets *packets, const uint8_t *data, size_t len,
                 const struct datagram *datagram);

#endif

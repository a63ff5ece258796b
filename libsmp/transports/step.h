/* SPDX-License-Identifier: Apache-2.0 */
/* Packet sizes worth trying when larger ones never arrive. */
#ifndef SMPI_TRANSPORTS_STEP_H
#define SMPI_TRANSPORTS_STEP_H

#include <stddef.h>

/* What an Ethernet frame carries, behind an IPv4 or IPv6 header and a UDP header. */
#define SMPI_STEP_IPV4 1472u
#define SMPI_STEP_IPV6 1452u
/* Passes every link that carries IPv6 (1280) and most small device buffers. */
#define SMPI_STEP_LEAST 512u

/* The next step below `size`, or 0. */
static inline size_t smpi_step_down(size_t size, size_t first)
{
    return size > first ? first : size > SMPI_STEP_LEAST ? SMPI_STEP_LEAST : 0;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the two kinds of serial transport share. */
#ifndef SMPI_TRANSPORTS_SERIAL_H
#define SMPI_TRANSPORTS_SERIAL_H

#include "transports/serial_stream.h"

/* The stream of a transport of either kind, else NULL. */
struct smpi_stream *smpi_serial_stream(const struct smp_transport *transport);

/* pty.c: its `free`, by which it is known, and what it counts. */
void smpi_pty_free(void *self);
uint64_t smpi_pty_vanished(const void *self);

#endif

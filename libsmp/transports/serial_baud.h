/* SPDX-License-Identifier: Apache-2.0 */
/* Baud rates of terminals: any number where the system allows that. */
#ifndef SMPI_TRANSPORTS_SERIAL_BAUD_H
#define SMPI_TRANSPORTS_SERIAL_BAUD_H

#include <stdbool.h>
#include <stdint.h>

/* Both ways.  False: the port, or the system, does not do that rate. */
bool smpi_baud_set(int fd, uint32_t baud);

/* Whether it is set; true when that cannot be known. */
bool smpi_baud_is(int fd, uint32_t baud);

#endif

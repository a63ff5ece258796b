/* SPDX-License-Identifier: Apache-2.0 */
/* Text of the wire and text of C. */
#ifndef SMPSIM_TEXT_H
#define SMPSIM_TEXT_H

#include <smp/message.h>

#include <stdbool.h>
#include <stddef.h>

/* Room for a name of a request in a line for people. */
#define SIM_SHOWN_MAX 80u

/* Borrows a C string. */
struct smp_str sim_str(const char *text);
bool sim_str_is(struct smp_str str, const char *text);

/*
 * What a client sent, for a terminal: printable ASCII stays, everything else becomes '?',
 * what is too long is cut.  Returns `shown`.
 */
const char *sim_shown(struct smp_str str, char shown[SIM_SHOWN_MAX]);

#endif

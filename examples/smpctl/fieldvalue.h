/* SPDX-License-Identifier: Apache-2.0 */
/* KEY=VALUE of the command line as CBOR, by a command's table. */
#ifndef SMPCTL_FIELDVALUE_H
#define SMPCTL_FIELDVALUE_H

#include "cbor_write.h"

struct smpctl;

/*
 * Makes a payload of the request's fields.  Returns STATUS_DONE, or what was
 * reported: an unknown key, one that is missing, or a value of the wrong type.
 */
int fieldvalue_payload(struct smpctl *ctl, const struct smp_message *request,
                       const char *const *assignments, int n, struct cbor *cbor);

#endif

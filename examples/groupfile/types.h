/* SPDX-License-Identifier: Apache-2.0 */
/* Fields and their types. */
#ifndef GROUPFILE_TYPES_H
#define GROUPFILE_TYPES_H

#include "source.h"

#include <smp/custom.h>

/*
 * Makes a message of the fields that a key of json lists; NULL when the key is
 * missing.  is_entry: of a map, whose entries have a key of their own.
 */
bool types_message(struct groupfile *file, const json_t *json, const char *key, bool is_entry,
                   struct smp_message **message);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Names in alphabetical order: devices give maps in any. */
#ifndef SMPCTL_SORTED_H
#define SMPCTL_SORTED_H

#include <smp/message.h>

/* The places of texts in order of their bytes.  To be freed; NULL: no memory, or none. */
size_t *sorted_texts(const struct smp_str *texts, size_t n);

/* The same for records, by the name that name() finds in each. */
size_t *sorted_records(const void *const *records, size_t n,
                       struct smp_str (*name)(const void *record));

#endif

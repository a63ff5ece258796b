/* SPDX-License-Identifier: Apache-2.0 */
/* Random records of any message, as JSON (support/record.h), from one seed. */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <smp/message.h>

#include <jansson.h>

/* One sequence for the process; the same seed gives the same. */
void random_seed(uint64_t seed);
uint64_t random_next(void);
uint64_t random_below(uint64_t limit);

/* A record that is the same after it was encoded and decoded.  A new reference. */
json_t *random_record(const struct smp_message *message);

#endif

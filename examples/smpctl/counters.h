/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of statistics, and how fast they move. */
#ifndef SMPCTL_COUNTERS_H
#define SMPCTL_COUNTERS_H

#include <smp/message.h>

#include <jansson.h>
#include <stdbool.h>

struct counter;

struct counters {
    struct counter *list; /* in the order they were first seen */
    size_t n;
};

/* Notes a value, now in nanoseconds.  False: no memory. */
bool counters_set(struct counters *counters, size_t section, struct smp_str name, uint64_t value,
                  uint64_t now);

/* Writes all, section by section, as `stat` does, and with the change per second. */
void counters_put(const struct counters *counters, char *const *sections, size_t n);

json_t *counters_json(const struct counters *counters, char *const *sections, size_t n);

void counters_free(struct counters *counters);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Where in a JSON text a value stands: for messages about files that are wrong. */
#ifndef GROUPFILE_PLACE_H
#define GROUPFILE_PLACE_H

#include <stddef.h>

#define PLACE_DEPTH 40

/* The way to a value: a key, or an index when key is NULL. */
struct place {
    struct {
        const char *key;
        size_t index;
    } steps[PLACE_DEPTH];
    size_t depth;
};

/* Steps beyond the depth are not counted; each enter needs its leave. */
void place_enter_key(struct place *place, const char *key);
void place_enter_index(struct place *place, size_t index);
void place_leave(struct place *place);

/* The line of the value in a text that is valid JSON; of what holds it, if it is not there. */
unsigned place_line(const struct place *place, const char *text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The file as JSON, its values by key, and what is wrong with them. */
#ifndef GROUPFILE_SOURCE_H
#define GROUPFILE_SOURCE_H

#include "groupfile.h"
#include "place.h"

#include <smp/loop.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct groupfile {
    struct smp_loop *loop;
    const char *path;
    const struct groupfile_server *server; /* may be NULL */
    const char *group;                     /* name of the one that is read */
    unsigned messages;                     /* made so far, for their names */
    char *text;                            /* the whole file */
    struct place place;
    bool failed;
    char *error;
    size_t error_size;
};

/* Reads and parses.  NULL: the error is there. */
json_t *groupfile_open(struct groupfile *file);
void groupfile_close(struct groupfile *file);

/* Says what is wrong with the value of a key (NULL: with all of it).  Returns false. */
bool groupfile_wrong(struct groupfile *file, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whether a call into the library went well; says so if not. */
bool groupfile_check(struct groupfile *file, int error, const char *what);

/* Whether it is an object with no keys but these. */
bool groupfile_keys(struct groupfile *file, const json_t *json, const char *const *keys);

/* A text; NULL when it is missing (which is wrong if needed) or no text (always). */
const char *groupfile_text(struct groupfile *file, const json_t *json, const char *key,
                           bool needed);

/* A number that must be there. */
bool groupfile_number(struct groupfile *file, const json_t *json, const char *key, uint64_t least,
                      uint64_t most, uint64_t *number);

/* true or false; stays as it is when missing. */
bool groupfile_bool(struct groupfile *file, const json_t *json, const char *key, bool *value);

#endif

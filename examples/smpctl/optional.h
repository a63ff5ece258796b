/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that only some commands want (line editing, capture files).  They
 * are loaded when such a command runs, so that all others start as fast and
 * small as without, and a machine that lacks them still has the rest.
 */
#ifndef SMPCTL_OPTIONAL_H
#define SMPCTL_OPTIONAL_H

#include <stdbool.h>
#include <stddef.h>

/* A function of the library, and where its address goes: a function pointer. */
struct optional_function {
    const char *name;
    void *pointer;
};

/* Loads the first library of the list (ends with NULL) that has all functions. */
bool optional_load(const char *const *names, const struct optional_function *functions, size_t n);

#endif

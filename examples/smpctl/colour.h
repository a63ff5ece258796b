/* SPDX-License-Identifier: Apache-2.0 */
/* Colours: only on a terminal that can, and not when NO_COLOR is set. */
#ifndef SMPCTL_COLOUR_H
#define SMPCTL_COLOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whether what is written there may have colours. */
bool colour_wanted(FILE *file);

/*
 * Looks whether a text begins with an escape sequence that only chooses colours.
 * Returns its length, or 0; `safe` gets a sequence written anew from those of
 * its numbers that are harmless (no hidden or blinking text), or "".
 */
size_t colour_sequence(const char *text, size_t len, char *safe, size_t size);

#define COLOUR_RESET "\033[0m"
#define COLOUR_ERROR "\033[31m"
#define COLOUR_HEADING "\033[1m"

#endif

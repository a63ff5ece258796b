/* SPDX-License-Identifier: Apache-2.0 */
#include "place.h"

#include <stdbool.h>
#include <string.h>

static void enter(struct place *place, const char *key, size_t index)
{
    if (place->depth < PLACE_DEPTH) {
        place->steps[place->depth].key = key;
        place->steps[place->depth].index = index;
    }
    place->depth++;
}

void place_enter_key(struct place *place, const char *key)
{
    enter(place, key, 0);
}

void place_enter_index(struct place *place, size_t index)
{
    enter(place, NULL, index);
}

void place_leave(struct place *place)
{
    place->depth--;
}

static const char *skip_space(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
    for (at++; *at && *at != '"'; at++) {
        at += *at == '\\' && at[1];
    }
    return *at ? at + 1 : at;
}

/* Passes over one value; nothing needs to be nested for that. */
static const char *skip_value(const char *at)
{
    size_t open = 0;
    do {
        at = skip_space(at);
        if (*at == '"') {
            at = skip_string(at);
        } else if (*at == '{' || *at == '[') {
            open++;
            at++;
        } else if (*at == '}' || *at == ']') {
            open--;
            at++;
        } else if (*at == ',' || *at == ':') {
            at++;
        } else {
            at += strcspn(at, " \t\r\n,:]}");
        }
    } while (*at && open > 0);
    return at;
}

/* The value behind a key, or NULL. */
static const char *find_key(const char *at, const char *key)
{
    size_t len = strlen(key);
    at = skip_space(at + 1);
    while (*at == '"') {
        bool found = strncmp(at + 1, key, len) == 0 && at[1 + len] == '"';
        at = skip_space(skip_string(at));
        at = skip_space(*at == ':' ? at + 1 : at);
        if (found) {
            return at;
        }
        at = skip_space(skip_value(at));
        at = skip_space(*at == ',' ? at + 1 : at);
    }
    return NULL;
}

static const char *find_index(const char *at, size_t index)
{
    at = skip_space(at + 1);
    for (; index > 0 && *at && *at != ']'; index--) {
        at = skip_space(skip_value(at));
        at = skip_space(*at == ',' ? at + 1 : at);
    }
    return *at && *at != ']' ? at : NULL;
}

unsigned place_line(const struct place *place, const char *text)
{
    const char *at = skip_space(text);
    size_t depth = place->depth < PLACE_DEPTH ? place->depth : PLACE_DEPTH;
    for (size_t i = 0; i < depth; i++) {
        const char *key = place->steps[i].key;
        const char *next = key && *at == '{'    ? find_key(at, key)
                           : !key && *at == '[' ? find_index(at, place->steps[i].index)
                                                : NULL;
        if (!next) {
            break;
        }
        at = next;
    }
    unsigned line = 1;
    for (; text < at; text++) {
        line += *text == '\n';
    }
    return line;
}

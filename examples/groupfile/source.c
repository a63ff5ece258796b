/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST (1u << 20) /* bytes; larger is no description */

static bool read_text(struct groupfile *file)
{
    FILE *stream = fopen(file->path, "r");
    size_t n = 0;
    file->text = stream ? malloc(MOST + 1) : NULL;
    if (file->text) {
        n = fread(file->text, 1, MOST, stream);
        file->text[n] = '\0';
    }
    bool good = file->text && !ferror(stream) && n < MOST;
    if (!good) {
        snprintf(file->error, file->error_size, "%s: %s", file->path,
                 n == MOST ? "too large" : strerror(errno));
    }
    if (stream) {
        fclose(stream);
    }
    return good;
}

json_t *groupfile_open(struct groupfile *file)
{
    json_error_t error;
    if (!read_text(file)) {
        return NULL;
    }
    json_t *json = json_loads(file->text, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        snprintf(file->error, file->error_size, "%s, line %d, column %d: %s", file->path,
                 error.line, error.column, error.text);
    }
    return json;
}

void groupfile_close(struct groupfile *file)
{
    free(file->text);
}

bool groupfile_wrong(struct groupfile *file, const char *key, const char *format, ...)
{
    va_list args;
    if (key) {
        place_enter_key(&file->place, key);
    }
    int n = snprintf(file->error, file->error_size, "%s, line %u: ", file->path,
                     place_line(&file->place, file->text));
    if (key) {
        place_leave(&file->place);
    }
    if (n > 0 && (size_t)n < file->error_size) {
        va_start(args, format);
        vsnprintf(file->error + n, file->error_size - (size_t)n, format, args);
        va_end(args);
    }
    file->failed = true;
    return false;
}

bool groupfile_check(struct groupfile *file, int error, const char *what)
{
    switch (error) {
    case SMP_OK:
        return true;
    case SMP_ERR_EXISTS:
        return groupfile_wrong(file, NULL, "%s is there already, by number or name", what);
    case SMP_ERR_INVALID:
        return groupfile_wrong(file, NULL,
                               "%s cannot be so; names are letters, digits, `_` and `-`, a letter "
                               "first",
                               what);
    default:
        return groupfile_wrong(file, NULL, "%s: %s", what, smp_error_text(error));
    }
}

bool groupfile_keys(struct groupfile *file, const json_t *json, const char *const *keys)
{
    if (!json_is_object(json)) {
        return groupfile_wrong(file, NULL, "an object in braces belongs here");
    }
    json_t *walked = (json_t *)(uintptr_t)json; /* walking takes no const */
    for (void *i = json_object_iter(walked); i; i = json_object_iter_next(walked, i)) {
        const char *key = json_object_iter_key(i);
        const char *const *known = keys;
        while (*known && strcmp(*known, key) != 0) {
            known++;
        }
        if (!*known) {
            return groupfile_wrong(file, key, "`%s` is not known here", key);
        }
    }
    return true;
}

const char *groupfile_text(struct groupfile *file, const json_t *json, const char *key, bool needed)
{
    const json_t *value = json_object_get(json, key);
    if (!value) {
        if (needed) {
            groupfile_wrong(file, NULL, "`%s` is missing", key);
        }
        return NULL;
    }
    if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) {
        groupfile_wrong(file, key, "`%s` is a text", key);
        return NULL;
    }
    return json_string_value(value);
}

bool groupfile_number(struct groupfile *file, const json_t *json, const char *key, uint64_t least,
                      uint64_t most, uint64_t *number)
{
    const json_t *value = json_object_get(json, key);
    if (!value) {
        return groupfile_wrong(file, NULL, "`%s` is missing", key);
    }
    json_int_t integer = json_integer_value(value);
    if (!json_is_integer(value) || integer < 0 || (uint64_t)integer < least ||
        (uint64_t)integer > most) {
        return groupfile_wrong(file, key, "`%s` is a number from %" PRIu64 " to %" PRIu64, key,
                               least, most);
    }
    *number = (uint64_t)integer;
    return true;
}

bool groupfile_bool(struct groupfile *file, const json_t *json, const char *key, bool *value)
{
    const json_t *given = json_object_get(json, key);
    if (given && !json_is_boolean(given)) {
        return groupfile_wrong(file, key, "`%s` is true or false", key);
    }
    *value = given ? json_is_true(given) : *value;
    return true;
}

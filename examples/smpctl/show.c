/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include "output.h"

#include <stdlib.h>

static void indent(int depth)
{
    fprintf(out, "%*s", 4 * depth, "");
}

static void scalar(const json_t *json)
{
    if (json_is_string(json)) {
        put_text(out, (struct smp_str){json_string_value(json), json_string_length(json)});
    } else {
        char *text = json_dumps(json, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
        fputs(text ? text : "", out);
        free(text);
    }
}

/* {"$hex": "0aff"}: bytes */
static const json_t *hex_of(const json_t *json)
{
    const json_t *hex = json_object_get(json, "$hex");
    return hex && json_object_size(json) == 1 ? hex : NULL;
}

static void value(json_t *json, int depth);

static void members(json_t *json, int depth)
{
    const char *key;
    json_t *member;
    json_object_foreach(json, key, member)
    {
        indent(depth);
        put_text(out, str_of(key));
        putc(':', out);
        value(member, depth);
    }
}

static void elements(json_t *json, int depth)
{
    size_t i;
    json_t *element;
    json_array_foreach(json, i, element)
    {
        indent(depth);
        putc('-', out);
        value(element, depth);
    }
}

static void leaf(const json_t *json)
{
    if (hex_of(json)) {
        fprintf(out, "h'%s'\n", json_string_value(hex_of(json)));
    } else {
        scalar(json);
        putc('\n', out);
    }
}

/* Behind a key or a list's dash. */
static void value(json_t *json, int depth)
{
    if (json_is_object(json) && !hex_of(json)) {
        putc('\n', out);
        members(json, depth + 1);
    } else if (json_is_array(json)) {
        putc('\n', out);
        elements(json, depth + 1);
    } else {
        putc(' ', out);
        leaf(json);
    }
}

void show_json(json_t *json)
{
    if (json_is_object(json) && !hex_of(json)) {
        members(json, 0);
    } else if (json_is_array(json)) {
        elements(json, 0);
    } else {
        leaf(json);
    }
}

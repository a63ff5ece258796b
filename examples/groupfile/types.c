/* SPDX-License-Identifier: Apache-2.0 */
#include "types.h"

#include "fieldjson.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names of types ---- */

static const struct type {
    const char *name;
    enum smp_kind kind;
    size_t width;
} types[] = {
    {"bool", SMP_KIND_BOOL, 0},   {"uint", SMP_KIND_UINT, 8},     {"uint8", SMP_KIND_UINT, 1},
    {"uint16", SMP_KIND_UINT, 2}, {"uint32", SMP_KIND_UINT, 4},   {"uint64", SMP_KIND_UINT, 8},
    {"int", SMP_KIND_INT, 8},     {"int8", SMP_KIND_INT, 1},      {"int16", SMP_KIND_INT, 2},
    {"int32", SMP_KIND_INT, 4},   {"int64", SMP_KIND_INT, 8},     {"text", SMP_KIND_STR, 0},
    {"bytes", SMP_KIND_BYTES, 0}, {"record", SMP_KIND_RECORD, 0}, {"any", SMP_KIND_VALUE, 0},
};

static const struct type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, name) == 0) {
            return &types[i];
        }
    }
    return NULL;
}

/* "list of text": the kind of it, and what comes behind "of". */
static enum smp_kind read_outer(const char **name)
{
    if (strncmp(*name, "list of ", 8) == 0) {
        *name += 8;
        return SMP_KIND_LIST;
    }
    if (strncmp(*name, "map of ", 7) == 0) {
        *name += 7;
        return SMP_KIND_MAP;
    }
    return SMP_KIND_NONE;
}

/* ---- messages ---- */

static bool new_message(struct groupfile *file, struct smp_message **message)
{
    char name[64];
    snprintf(name, sizeof name, "%.40s_%u", file->group, ++file->messages);
    return groupfile_check(file, smp_message_new(file->loop, name, 0, message), "the group's name");
}

static bool add(struct groupfile *file, struct smp_message *message,
                const struct smp_field_spec *spec)
{
    int error = smp_message_add(message, spec);
    if (error == SMP_ERR_EXISTS) {
        return groupfile_wrong(file, "key", "`%s` is there twice", spec->key);
    }
    if (error == SMP_ERR_TOO_LARGE) {
        return groupfile_wrong(file, NULL, "there are more than 64 fields");
    }
    return error == SMP_OK ||
           groupfile_wrong(file, NULL, "the field cannot be so: %s", smp_error_text(error));
}

static bool add_entry_key(struct groupfile *file, struct smp_message *message)
{
    const struct smp_field_spec key = {.size = sizeof key, .key = "", .kind = SMP_KIND_STR};
    return add(file, message, &key);
}

/* {"a": 1}: an entry's value stands without a key of its own. */
static bool scalar_entry(struct groupfile *file, const struct type *type,
                         struct smp_message **entry)
{
    const struct smp_field_spec value = {
        .size = sizeof value, .key = "", .kind = type->kind, .width = type->width};
    return new_message(file, entry) && add_entry_key(file, *entry) && add(file, *entry, &value);
}

/* ---- fields ---- */

/* Fills in what type and fields say. */
static bool read_type(struct groupfile *file, const json_t *json, struct smp_field_spec *spec)
{
    const char *text = groupfile_text(file, json, "type", true);
    const char *name = text;
    struct smp_message *inside = NULL;
    if (!text) {
        return false;
    }
    enum smp_kind outer = read_outer(&name);
    const struct type *type = find_type(name);
    if (!type) {
        return groupfile_wrong(file, "type",
                               "`%s` is no type; use bool, uint8 to uint64, int8 to int64, text, "
                               "bytes, any, record, or `list of` or `map of` one of these",
                               text);
    }
    bool is_record = type->kind == SMP_KIND_RECORD;
    if (!is_record && json_object_get(json, "fields")) {
        return groupfile_wrong(file, "fields", "only records have fields");
    }
    if (is_record && !json_object_get(json, "fields")) {
        return groupfile_wrong(file, NULL, "a record's `fields` are missing");
    }
    if (is_record && !types_message(file, json, "fields", outer == SMP_KIND_MAP, &inside)) {
        return false;
    }
    if (outer == SMP_KIND_MAP && !is_record && !scalar_entry(file, type, &inside)) {
        return false;
    }
    spec->kind = outer ? outer : type->kind;
    spec->element = outer == SMP_KIND_LIST ? type->kind : SMP_KIND_NONE;
    spec->width = outer == SMP_KIND_MAP ? 0 : type->width;
    spec->message = inside;
    return true;
}

/* ---- values ---- */

/* Makes {key: value} of it, and reads that again as a device would. */
static const char *encode_value(struct groupfile *file, const struct smp_field_spec *spec,
                                json_t *json, struct cbor *cbor, size_t *before)
{
    enum { ROOM = 4 * CBOR_MAX };
    struct smp_field_spec alone = *spec;
    struct smp_message *message;
    struct smp_result result = {.size = sizeof result};
    alone.optional = false;
    if (!new_message(file, &message) || !add(file, message, &alone)) {
        return "too much";
    }
    cbor_map(cbor, 1);
    cbor_text(cbor, spec->key, strlen(spec->key));
    *before = cbor->len;
    const char *wrong = fieldjson_put(cbor, smp_message_field(message, 0), json);
    if (wrong || cbor->full) {
        return wrong ? wrong : "too large for a packet";
    }
    void *memory = malloc(ROOM);
    int error =
        memory ? smp_message_decode(message, false, cbor->data, cbor->len, memory, ROOM, &result)
               : SMP_ERR_NO_MEMORY;
    free(memory);
    return error == SMP_OK ? NULL : "not all that belongs there, or too much";
}

static bool read_value(struct groupfile *file, const json_t *json,
                       const struct smp_field_spec *spec)
{
    json_t *value = json_object_get(json, "value");
    struct cbor *cbor = value ? calloc(1, sizeof *cbor) : NULL; /* too large for a stack */
    size_t before = 0;
    if (!value) {
        return true;
    }
    if (!cbor) {
        return groupfile_check(file, SMP_ERR_NO_MEMORY, "the value");
    }
    const char *wrong = encode_value(file, spec, value, cbor, &before);
    if (wrong && !file->failed) {
        groupfile_wrong(file, "value", "the value of `%s` is %s", spec->key, wrong);
    }
    bool kept =
        wrong || !file->server ||
        file->server->value(spec->key, cbor->data + before, cbor->len - before, file->server->user);
    free(cbor);
    return !wrong && groupfile_check(file, kept ? SMP_OK : SMP_ERR_NO_MEMORY, "the value");
}

/* What a command's own fields may have, and what fields inside of others. */
static const char *const root_keys[] = {"key",    "alias", "type", "optional",
                                        "fields", "value", NULL};
static const char *const inner_keys[] = {"key", "alias", "type", "optional", "fields", NULL};

static bool read_field(struct groupfile *file, const json_t *json, bool is_root,
                       struct smp_message *message)
{
    struct smp_field_spec spec = {.size = sizeof spec};
    if (!groupfile_keys(file, json, is_root ? root_keys : inner_keys) ||
        !(spec.key = groupfile_text(file, json, "key", true)) ||
        !groupfile_bool(file, json, "optional", &spec.optional) || !read_type(file, json, &spec)) {
        return false;
    }
    spec.alias = groupfile_text(file, json, "alias", false);
    if (!*spec.key && spec.kind != SMP_KIND_MAP) {
        return groupfile_wrong(file, "key", "only a map of all other entries has an empty key");
    }
    if (!*spec.key && json_object_get(json, "value")) {
        return groupfile_wrong(file, "value", "a map of all other entries has no value");
    }
    return !file->failed && add(file, message, &spec) && read_value(file, json, &spec);
}

bool types_message(struct groupfile *file, const json_t *json, const char *key, bool is_entry,
                   struct smp_message **message)
{
    const json_t *list = json_object_get(json, key);
    *message = NULL;
    if (!list) {
        return true;
    }
    bool is_root = strcmp(key, "fields") != 0;
    if (file->place.depth >= PLACE_DEPTH - 2) {
        return groupfile_wrong(file, key, "records are nested too deeply");
    }
    if (!json_is_array(list)) {
        return groupfile_wrong(file, key, "`%s` is a list of fields", key);
    }
    place_enter_key(&file->place, key);
    bool good = new_message(file, message) && (!is_entry || add_entry_key(file, *message));
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        place_enter_index(&file->place, i);
        good = read_field(file, json_array_get(list, i), is_root, *message);
        place_leave(&file->place);
    }
    place_leave(&file->place);
    return good;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the program's own.  What the macros of codec/table.h check when
 * the library is compiled is checked here when a field is added: encoder and
 * decoder trust their tables.
 */
#include "core/custom.h"

#include "base/utf8.h"
#include "codec/fields.h"

#include <string.h>

enum { FIELDS_MAX = 64, KEY_MAX_LEN = UINT8_MAX, STRUCT_MAX = UINT16_MAX };

struct smpi_custom_message {
    struct smp_message table; /* first: what the program holds */
    struct smp_loop *loop;
    struct smpi_custom_message *next;
    size_t end;     /* of the last member, when the library lays it out */
    bool laid_out;  /* by the library */
    bool is_frozen; /* something refers to it */
};

/* A member and those that belong to it.  size 0: there is none. */
struct span {
    size_t offset;
    size_t size;
    size_t align;
};
enum { MEMBER, HAS, COUNT, SPANS };

static struct smpi_custom_message *custom_of(struct smp_message *message)
{
    return SMPI_OF(message, struct smpi_custom_message, table);
}

void smpi_message_freeze(struct smp_loop *loop, const struct smp_message *message)
{
    for (struct smpi_custom_message *m = loop->custom_messages; m != NULL; m = m->next) {
        if (&m->table == message) {
            m->is_frozen = true;
        }
    }
}

bool smpi_is_element(const struct smp_message *message)
{
    return message->n_fields > 0 && smpi_is_keyless(&message->fields[0]) &&
           message->fields[0].kind == SMP_KIND_STR;
}

/* ---- a message ---- */

static int check_message(struct smp_loop *loop, const char *name, size_t size)
{
    if (!smpi_is_name(name)) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "a message needs a name of letters, digits, _ and -, a letter first");
    }
    if ((size != 0 && size < sizeof(size_t)) || size > STRUCT_MAX) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "message %s: its struct has %zu bytes, and should have %zu to %d", name,
                           size, sizeof(size_t), STRUCT_MAX);
    }
    for (const struct smpi_custom_message *m = loop->custom_messages; m != NULL; m = m->next) {
        if (strcmp(m->table.name, name) == 0) {
            return smpi_refuse(loop, SMP_ERR_EXISTS, "message %s: there is one of that name", name);
        }
    }
    return SMP_OK;
}

int smp_message_new(struct smp_loop *loop, const char *name, size_t size,
                    struct smp_message **message)
{
    if (loop == NULL || message == NULL) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_custom_open(loop);
    error = error == SMP_OK ? check_message(loop, name, size) : error;
    const char *own_name = smpi_keep_text(loop, name, &error);
    if (error != SMP_OK) {
        return error;
    }
    struct smpi_custom_message *made = smpi_keep(loop, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    *made = (struct smpi_custom_message){
        .table = {.name = own_name, .size = (uint16_t)(size == 0 ? sizeof(size_t) : size)},
        .loop = loop,
        .next = loop->custom_messages,
        .end = sizeof(size_t),
        .laid_out = size == 0,
    };
    loop->custom_messages = made;
    *message = &made->table;
    return SMP_OK;
}

/* ---- what a field's member looks like ---- */

/* Size and alignment of a scalar; size 0: there is no such one. */
static struct span scalar_span(enum smp_kind kind, size_t width)
{
    static const struct {
        size_t size, align;
    } spans[] = {
        [SMP_KIND_BOOL] = {sizeof(bool), _Alignof(bool)},
        [SMP_KIND_STR] = {sizeof(struct smp_str), _Alignof(struct smp_str)},
        [SMP_KIND_BYTES] = {sizeof(struct smp_bytes), _Alignof(struct smp_bytes)},
        [SMP_KIND_VALUE] = {sizeof(struct smp_value), _Alignof(struct smp_value)},
    };
    if (kind == SMP_KIND_UINT || kind == SMP_KIND_INT) {
        size_t size = width == 0 ? sizeof(uint64_t) : width;
        bool good = size == 1 || size == 2 || size == 4 || size == 8;
        return (struct span){.size = good ? size : 0, .align = size};
    }
    if (kind < SMP_KIND_BOOL || kind > SMP_KIND_VALUE ||
        (width != 0 && width != spans[kind].size)) {
        return (struct span){0};
    }
    return (struct span){.size = spans[kind].size, .align = spans[kind].align};
}

/* Which members the field has; `width` is what its row says.  False: kinds do not go together. */
static bool find_spans(const struct smp_field_spec *spec, struct span spans[SPANS], size_t *width)
{
    enum smp_kind kind = spec->kind;
    bool is_scalar = kind >= SMP_KIND_BOOL && kind <= SMP_KIND_VALUE;
    bool is_list = kind == SMP_KIND_LIST;
    bool of_scalars = is_list && spec->element != SMP_KIND_RECORD;
    struct span value = is_scalar || of_scalars
                            ? scalar_span(is_list ? spec->element : kind, spec->width)
                            : (struct span){.size = sizeof(void *), .align = _Alignof(void *)};

    if (kind < SMP_KIND_BOOL || kind > SMP_KIND_MAP || value.size == 0 ||
        (!is_list && spec->element != SMP_KIND_NONE && spec->element != kind) ||
        (spec->message != NULL) != (!is_scalar && !of_scalars) ||
        (spec->width != 0 && !is_scalar && !of_scalars)) {
        return false;
    }
    *width = value.size;
    spans[MEMBER] = is_scalar ? value : (struct span){0, sizeof(void *), _Alignof(void *)};
    if (spec->optional && kind != SMP_KIND_RECORD) {
        spans[HAS] = (struct span){0, sizeof(bool), _Alignof(bool)};
    }
    if (is_list || kind == SMP_KIND_MAP) {
        spans[COUNT] = (struct span){0, sizeof(size_t), _Alignof(size_t)};
    }
    return true;
}

/* ---- where the members are ---- */

static bool overlaps(size_t a, size_t a_size, size_t b, size_t b_size)
{
    return a < b + b_size && b < a + a_size;
}

/* Whether bytes belong to another field. */
static bool is_taken(const struct smp_message *message, size_t offset, size_t size)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        const struct smp_field *field = &message->fields[i];
        size_t width = field->kind > SMP_KIND_VALUE ? sizeof(void *) : field->width;
        if (overlaps(offset, size, field->offset, width) ||
            (field->has != 0 && overlaps(offset, size, field->has, sizeof(bool))) ||
            (field->count != 0 && overlaps(offset, size, field->count, sizeof(size_t)))) {
            return true;
        }
    }
    return false;
}

/* The program's offsets, checked. */
static bool take_offsets(const struct smp_message *message, const struct smp_field_spec *spec,
                         struct span spans[SPANS])
{
    const size_t offsets[SPANS] = {spec->offset, spec->has, spec->count};
    bool has_may_lack = spec->kind > SMP_KIND_VALUE;

    for (size_t i = 0; i < SPANS; i++) {
        struct span *span = &spans[i];
        size_t offset = offsets[i];
        if (i == HAS && offset == 0 && has_may_lack) {
            span->size = 0;
        }
        if (span->size == 0) {
            if (offset != 0) {
                return false;
            }
            continue;
        }
        if (offset < sizeof(size_t) || offset > message->size ||
            span->size > message->size - offset || offset % span->align != 0 ||
            is_taken(message, offset, span->size)) {
            return false;
        }
        span->offset = offset;
        for (size_t k = 0; k < i; k++) {
            if (overlaps(offset, span->size, spans[k].offset, spans[k].size)) {
                return false;
            }
        }
    }
    return true;
}

static size_t aligned(size_t offset, size_t align)
{
    return (offset + align - 1) / align * align;
}

/* Places of the library's choice, after what is there; how far they reach. */
static size_t lay_out(const struct smpi_custom_message *custom, struct span spans[SPANS])
{
    size_t end = custom->end;

    for (size_t i = 0; i < SPANS; i++) {
        if (spans[i].size > 0) {
            spans[i].offset = aligned(end, spans[i].align);
            end = spans[i].offset + spans[i].size;
        }
    }
    return end;
}

/* ---- keys ---- */

static bool is_key_of(const struct smp_message *message, const char *key)
{
    for (size_t i = 0; i < message->n_fields; i++) {
        const struct smp_field *field = &message->fields[i];
        if (strcmp(field->key, key) == 0 ||
            (field->alias != NULL && strcmp(field->alias, key) == 0)) {
            return true;
        }
    }
    return false;
}

/* An entry whose value is one scalar: nothing can be added to it. */
static bool is_complete(const struct smp_message *message)
{
    return smpi_is_element(message) && smpi_bare_value(message) != NULL;
}

/* The key "": an entry's key, an entry's value, or a map that takes what is left. */
static bool may_be_keyless(const struct smp_message *message, const struct smp_field_spec *spec)
{
    if (spec->alias != NULL) {
        return false;
    }
    if (spec->kind == SMP_KIND_MAP) {
        return !is_key_of(message, "");
    }
    if (spec->kind > SMP_KIND_VALUE || spec->optional) {
        return false;
    }
    return message->n_fields == 0 ? spec->kind == SMP_KIND_STR
                                  : message->n_fields == 1 && smpi_is_element(message);
}

static int check_key(struct smp_loop *loop, const struct smp_message *message,
                     const struct smp_field_spec *spec)
{
    const char *const keys[] = {spec->key, spec->alias};

    for (size_t i = 0; i < 2; i++) {
        size_t len = keys[i] == NULL ? 0 : strlen(keys[i]);
        if (len > KEY_MAX_LEN || !smpi_utf8_valid((const uint8_t *)keys[i], len)) {
            return smpi_refuse(loop, SMP_ERR_INVALID,
                               "message %s: a key is not UTF-8, or over %d bytes", message->name,
                               KEY_MAX_LEN);
        }
        if (len > 0 && (is_key_of(message, keys[i]) || (i == 1 && strcmp(keys[0], keys[1]) == 0))) {
            return smpi_refuse(loop, SMP_ERR_EXISTS, "message %s: the key \"%s\" is taken",
                               message->name, keys[i]);
        }
    }
    if (is_complete(message) || (spec->alias != NULL && spec->alias[0] == '\0') ||
        (spec->key[0] == '\0' && !may_be_keyless(message, spec))) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "message %s, key \"%s\": the key \"\" is for a map's entries only",
                           message->name, spec->key);
    }
    return SMP_OK;
}

/* Map entries and other records are not made the same way. */
static int check_nested(struct smp_loop *loop, const struct smp_message *message,
                        const struct smp_field_spec *spec)
{
    if (spec->message == NULL || (spec->message != message &&
                                  smpi_is_element(spec->message) == (spec->kind == SMP_KIND_MAP))) {
        return SMP_OK;
    }
    return smpi_refuse(loop, SMP_ERR_INVALID,
                       spec->kind == SMP_KIND_MAP
                           ? "message %s, key \"%s\": the first field of a map's entries has the "
                             "key \"\" and the kind STR"
                           : "message %s, key \"%s\": that message cannot stand here",
                       message->name, spec->key);
}

/* ---- a field ---- */

static int check_field(const struct smpi_custom_message *custom, const struct smp_field_spec *spec,
                       struct span spans[SPANS], size_t *width, size_t *end)
{
    const struct smp_message *message = &custom->table;
    struct smp_loop *loop = custom->loop;

    if (custom->is_frozen) {
        return smpi_refuse(loop, SMP_ERR_BUSY,
                           "message %s: a field or command refers to it already", message->name);
    }
    if (message->n_fields == FIELDS_MAX) {
        return smpi_refuse(loop, SMP_ERR_TOO_LARGE, "message %s: it has %d fields already",
                           message->name, FIELDS_MAX);
    }
    int error = check_key(loop, message, spec);
    error = error == SMP_OK ? check_nested(loop, message, spec) : error;
    if (error != SMP_OK) {
        return error;
    }
    if (!find_spans(spec, spans, width)) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "message %s, key \"%s\": kind, element, width and message do not go "
                           "together",
                           message->name, spec->key);
    }
    bool has_offsets = spec->offset != 0 || spec->has != 0 || spec->count != 0;
    if (custom->laid_out ? has_offsets : !take_offsets(message, spec, spans)) {
        return smpi_refuse(loop, SMP_ERR_INVALID,
                           "message %s, key \"%s\": a member is missing, not needed, overlaps "
                           "another, is not aligned or outside of the struct",
                           message->name, spec->key);
    }
    *end = custom->laid_out ? lay_out(custom, spans) : message->size;
    if (aligned(*end, sizeof(uint64_t)) > STRUCT_MAX) {
        return smpi_refuse(loop, SMP_ERR_TOO_LARGE, "message %s: over %d bytes", message->name,
                           STRUCT_MAX);
    }
    return SMP_OK;
}

int smp_message_add(struct smp_message *message, const struct smp_field_spec *spec)
{
    struct span spans[SPANS] = {{0}};
    size_t width = 0;
    size_t end = 0;

    if (message == NULL || spec == NULL || spec->size < sizeof(*spec) || spec->key == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smpi_custom_message *custom = custom_of(message);
    struct smp_loop *loop = custom->loop;
    int error = smpi_custom_open(loop);
    error = error == SMP_OK ? check_field(custom, spec, spans, &width, &end) : error;
    const char *key = smpi_keep_text(loop, spec->key, &error);
    const char *alias = smpi_keep_text(loop, spec->alias, &error);
    if (error != SMP_OK) {
        return error;
    }
    struct smp_field *fields =
        smpi_keep_grown(loop, message->fields, message->n_fields, sizeof(*fields));
    if (fields == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    fields[message->n_fields] = (struct smp_field){
        .key = key,
        .alias = alias,
        .message = spec->message,
        .offset = (uint16_t)spans[MEMBER].offset,
        .has = (uint16_t)spans[HAS].offset,
        .count = (uint16_t)spans[COUNT].offset,
        .kind = (uint8_t)spec->kind,
        .element = (uint8_t)(spec->kind == SMP_KIND_LIST ? spec->element
                             : spec->message != NULL     ? SMP_KIND_RECORD
                                                         : SMP_KIND_NONE),
        .width = (uint8_t)width,
        .flags = spec->optional ? SMPI_OPTIONAL : 0,
        .key_len = (uint8_t)strlen(key),
        .alias_len = (uint8_t)(alias == NULL ? 0 : strlen(alias)),
    };
    message->fields = fields;
    message->n_fields++;
    if (strcmp(key, "rc") == 0) { /* a field like any other, unless a required one is missing */
        message->flags |= SMPI_RC_IS_DATA;
    }
    custom->end = end;
    if (custom->laid_out) {
        message->size = (uint16_t)aligned(end, sizeof(uint64_t));
    }
    smpi_message_freeze(loop, spec->message);
    return SMP_OK;
}

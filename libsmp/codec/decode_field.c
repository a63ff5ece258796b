/* SPDX-License-Identifier: Apache-2.0 */
/* Fields from CBOR: scalars, records, lists and keyed maps. */
#include "codec/decoder.h"
#include "codec/fields.h"
#include "codec/value.h"
#include "base/utf8.h"

/* Elements a list has room for at first; then it doubles. */
#define FIRST_CAPACITY 4

int smpi_decode_text(struct smpi_decoder *d, const struct smpi_item *item, struct smp_str *text)
{
    struct smp_bytes bytes;
    int error = smpi_reader_string(&d->reader, item, d->arena, &bytes);

    if (error != SMP_OK)
        return error;
    if (!smpi_utf8_valid(bytes.data, bytes.len))
        d->result->bad_utf8 = true;
    *text = (struct smp_str){.data = (const char *)bytes.data, .len = bytes.len};
    return SMP_OK;
}

int smpi_decode_key(struct smpi_decoder *d, int depth, struct smp_bytes *key)
{
    struct smpi_item item;

    if (smpi_reader_take_short_text(&d->reader, key))
        return SMP_OK;
    if (smpi_reader_next(&d->reader, &item) != SMP_OK)
        return SMP_ERR_MALFORMED;
    if (item.kind == SMPI_ITEM_TEXT)
        return smpi_reader_string(&d->reader, &item, d->arena, key);
    *key = (struct smp_bytes){0};
    return smpi_reader_skip(&d->reader, &item, depth);
}

/* Any item, as raw CBOR. */
static int read_raw(struct smpi_decoder *d, const struct smpi_item *item, int depth,
                    struct smp_value *value)
{
    if (smpi_reader_skip(&d->reader, item, depth) != SMP_OK)
        return SMP_ERR_MALFORMED;
    value->kind = SMP_KIND_CBOR;
    value->as.bytes.data = item->start;
    value->as.bytes.len = (size_t)(d->reader.at - item->start);
    return SMP_OK;
}

int smpi_decode_scalar(struct smpi_decoder *d, enum smp_kind kind, size_t width,
                       const struct smpi_item *item, int depth, void *member)
{
    struct smp_value value;
    int error = SMP_OK;

    switch (item->kind) {
    case SMPI_ITEM_UINT:
        value.kind = SMP_KIND_UINT;
        value.as.uint = item->number;
        break;
    case SMPI_ITEM_BOOL:
        value.kind = SMP_KIND_BOOL;
        value.as.boolean = item->number == 1;
        break;
    case SMPI_ITEM_TEXT:
        value.kind = SMP_KIND_STR;
        error = smpi_decode_text(d, item, &value.as.str);
        break;
    case SMPI_ITEM_BYTES:
        value.kind = SMP_KIND_BYTES;
        error = smpi_reader_string(&d->reader, item, d->arena, &value.as.bytes);
        break;
    case SMPI_ITEM_NEGINT:
        if (item->number <= INT64_MAX) {
            value.kind = SMP_KIND_INT;
            value.as.sint = -1 - (int64_t)item->number;
            break;
        }
        /* fall through */
    default:
        if (kind != SMP_KIND_VALUE)
            return SMP_ERR_MALFORMED;
        error = read_raw(d, item, depth, &value);
        break;
    }
    if (error != SMP_OK)
        return error;
    return smpi_value_store(kind, width, member, &value) ? SMP_OK : SMP_ERR_MALFORMED;
}

int smpi_open_level(struct smpi_decoder *d, const struct smp_message *message, int depth,
                    struct smpi_level *level)
{
    if (depth > SMPI_DEPTH_MAX)
        return SMP_ERR_MALFORMED;
    *level = (struct smpi_level){.message = message, .depth = depth};
    level->record = smpi_arena_alloc(d->arena, message->size);
    if (!level->record)
        return SMP_ERR_TOO_LARGE;
    *(size_t *)(void *)level->record = message->size;
    return SMP_OK;
}

int smpi_decode_record(struct smpi_decoder *d, const struct smp_message *message,
                       struct smpi_item *item, int depth, void *member)
{
    struct smpi_level level;

    if (item->kind != SMPI_ITEM_MAP)
        return SMP_ERR_MALFORMED;
    int error = smpi_open_level(d, message, depth, &level);
    if (error != SMP_OK)
        return error;
    smpi_store_pointer(member, level.record);
    return smpi_decode_map(d, &level, item);
}

/*
 * Adds an element to a list or map of `record` and gives its place, NULL when
 * the arena is full.  The capacity is not kept anywhere: it is the next power
 * of two, so the array is full exactly when the count is one.
 */
static void *add_element(struct smpi_decoder *d, const struct smp_field *field, uint8_t *record)
{
    uint8_t *member = record + field->offset;
    size_t *count = (size_t *)(void *)(record + field->count);
    uint8_t *array = (uint8_t *)smpi_load_pointer(member);
    size_t n = *count;

    if (n == 0 || (n >= FIRST_CAPACITY && (n & (n - 1)) == 0)) {
        size_t capacity = n == 0 ? FIRST_CAPACITY : 2 * n;
        uint8_t *larger = smpi_arena_alloc(d->arena, capacity * field->width);
        if (!larger)
            return NULL;
        if (n > 0)
            memcpy(larger, array, n * field->width);
        array = larger;
        smpi_store_pointer(member, array);
    }
    *count = n + 1;
    return array + n * field->width;
}

static int decode_list(struct smpi_decoder *d, const struct smp_field *field,
                       struct smpi_item *list, int depth, uint8_t *record)
{
    int more;

    if (list->kind != SMPI_ITEM_ARRAY || depth > SMPI_DEPTH_MAX)
        return SMP_ERR_MALFORMED;
    while ((more = smpi_reader_more(&d->reader, list)) == 1) {
        struct smpi_item item;
        if (smpi_reader_next(&d->reader, &item) != SMP_OK)
            return SMP_ERR_MALFORMED;
        void *element = add_element(d, field, record);
        if (!element)
            return SMP_ERR_TOO_LARGE;
        int error =
            field->element == SMP_KIND_RECORD
                ? smpi_decode_record(d, field->message, &item, depth + 1, element)
                : smpi_decode_scalar(d, field->element, field->width, &item, depth, element);
        if (error != SMP_OK)
            return error;
    }
    return more;
}

int smpi_decode_element(struct smpi_decoder *d, const struct smp_field *field, struct smp_bytes key,
                        struct smpi_item *item, int depth, uint8_t *record)
{
    const struct smp_message *message = field->message;
    const struct smp_field *bare = smpi_bare_value(message);
    struct smpi_level level;

    void *element = add_element(d, field, record);
    int error = element ? smpi_open_level(d, message, depth, &level) : SMP_ERR_TOO_LARGE;
    if (error != SMP_OK)
        return error;
    smpi_store_pointer(element, level.record);
    if (!smpi_utf8_valid(key.data, key.len))
        d->result->bad_utf8 = true;
    *(struct smp_str *)(void *)(level.record + message->fields[0].offset) =
        (struct smp_str){.data = (const char *)key.data, .len = key.len};
    if (bare) {
        if (bare->has)
            *(bool *)(level.record + bare->has) = true;
        return smpi_decode_scalar(d, bare->kind, bare->width, item, depth - 1,
                                  level.record + bare->offset);
    }
    if (item->kind != SMPI_ITEM_MAP)
        return SMP_ERR_MALFORMED;
    return smpi_decode_map(d, &level, item);
}

static int decode_keyed(struct smpi_decoder *d, const struct smp_field *field,
                        struct smpi_item *map, int depth, uint8_t *record)
{
    int more;

    if (map->kind != SMPI_ITEM_MAP || depth > SMPI_DEPTH_MAX)
        return SMP_ERR_MALFORMED;
    while ((more = smpi_reader_more(&d->reader, map)) == 1) {
        struct smp_bytes key;
        struct smpi_item item;
        int error = smpi_decode_key(d, depth, &key);
        if (error != SMP_OK)
            return error;
        if (!key.data || smpi_reader_next(&d->reader, &item) != SMP_OK)
            return SMP_ERR_MALFORMED;
        error = smpi_decode_element(d, field, key, &item, depth + 1, record);
        if (error != SMP_OK)
            return error;
    }
    return more;
}

int smpi_decode_field(struct smpi_decoder *d, struct smpi_level *level,
                      const struct smp_field *field, struct smpi_item *item)
{
    uint8_t *record = level->record;
    int error;

    if (item->kind == SMPI_ITEM_NULL && field->flags & SMPI_OPTIONAL)
        return SMP_OK;
    switch (field->kind) {
    case SMP_KIND_RECORD:
        error =
            smpi_decode_record(d, field->message, item, level->depth + 1, record + field->offset);
        break;
    case SMP_KIND_LIST:
        error = decode_list(d, field, item, level->depth + 1, record);
        break;
    case SMP_KIND_MAP:
        error = decode_keyed(d, field, item, level->depth + 1, record);
        break;
    default:
        error = smpi_decode_scalar(d, field->kind, field->width, item, level->depth,
                                   record + field->offset);
        break;
    }
    if (error == SMP_OK && field->has)
        *(bool *)(record + field->has) = true;
    return error;
}

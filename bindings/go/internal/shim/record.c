/* SPDX-License-Identifier: Apache-2.0 */
/* Building records from the flat form: see README.md. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* Deepest nesting; messages have 8 levels at most. */
enum { DEPTH_MAX = 8, CHUNK_SIZE = 4096 };

struct input {
    struct shim *shim;
    const uint8_t *at, *end;
    int error;
};

/* ---- memory ---- */

void shimi_chunks_reset(struct shim *shim)
{
    while (shim->chunks && shim->chunks->next) {
        struct chunk *next = shim->chunks->next;
        free(shim->chunks);
        shim->chunks = next;
    }
    if (shim->chunks)
        shim->chunks->used = 0;
}

static void *alloc(struct input *in, size_t bytes)
{
    struct chunk *chunk = in->shim->chunks;
    const size_t head = 64; /* struct chunk, rounded */

    bytes = (bytes + 15) & ~(size_t)15;
    if (!chunk || bytes > chunk->size - chunk->used) {
        size_t size = bytes > CHUNK_SIZE ? bytes : CHUNK_SIZE;
        chunk = malloc(head + size);
        if (!chunk) {
            in->error = SMP_ERR_NO_MEMORY;
            return NULL;
        }
        *chunk = (struct chunk){.next = in->shim->chunks, .size = size};
        in->shim->chunks = chunk;
    }
    void *memory = (uint8_t *)chunk + head + chunk->used;
    chunk->used += bytes;
    return memset(memory, 0, bytes);
}

/* ---- reading ---- */

static const uint8_t *take(struct input *in, size_t len)
{
    if (in->error != SMP_OK || len > (size_t)(in->end - in->at)) {
        in->error = in->error != SMP_OK ? in->error : SMP_ERR_INVALID;
        return NULL;
    }
    in->at += len;
    return in->at - len;
}

static uint64_t take_number(struct input *in, size_t width)
{
    const uint8_t *at = take(in, width);
    uint64_t number = 0;

    for (size_t i = width; at && i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

static struct smp_bytes take_bytes(struct input *in)
{
    size_t len = (size_t)take_number(in, 4);
    const uint8_t *data = take(in, len);

    return (struct smp_bytes){data, data ? len : 0};
}

static void take_value(struct input *in, struct smp_value *value)
{
    struct smp_bytes bytes;

    memset(value, 0, sizeof(*value));
    value->kind = (enum smp_kind)take_number(in, 1);
    switch (value->kind) {
    case SMP_KIND_NONE:
        break;
    case SMP_KIND_BOOL:
        value->as.boolean = take_number(in, 1) != 0;
        break;
    case SMP_KIND_UINT:
        value->as.uint = take_number(in, 8);
        break;
    case SMP_KIND_INT:
        value->as.sint = (int64_t)take_number(in, 8);
        break;
    case SMP_KIND_STR:
        bytes = take_bytes(in);
        value->as.str = (struct smp_str){(const char *)bytes.data, bytes.len};
        break;
    case SMP_KIND_BYTES:
    case SMP_KIND_CBOR:
        value->as.bytes = take_bytes(in);
        break;
    default:
        in->error = SMP_ERR_INVALID;
    }
}

/* ---- building ---- */

static const void *take_record(struct input *in, const struct smp_message *message, int depth);

/* Whether the number fits, as unsigned or signed. */
static bool fits(enum smp_kind kind, size_t width, const struct smp_value *value)
{
    uint64_t most = UINT64_MAX >> (64 - 8 * width);

    if (kind == SMP_KIND_UINT)
        return (value->kind == SMP_KIND_UINT ||
                (value->kind == SMP_KIND_INT && value->as.sint >= 0)) &&
               value->as.uint <= most;
    most >>= 1;
    if (value->kind == SMP_KIND_INT && value->as.sint < 0)
        return value->as.sint >= -(int64_t)most - 1;
    return (value->kind == SMP_KIND_UINT || value->kind == SMP_KIND_INT) && value->as.uint <= most;
}

/* One scalar of a list, as wide as it is in C. */
static bool store(enum smp_kind kind, size_t width, uint8_t *at, const struct smp_value *value)
{
    if (kind == SMP_KIND_VALUE) {
        memcpy(at, value, sizeof(*value));
        return true;
    }
    if (kind == SMP_KIND_UINT || kind == SMP_KIND_INT) {
        if (!fits(kind, width, value))
            return false;
        const uint8_t u8 = (uint8_t)value->as.uint;
        const uint16_t u16 = (uint16_t)value->as.uint;
        const uint32_t u32 = (uint32_t)value->as.uint;
        const void *from = width == 1   ? (const void *)&u8
                           : width == 2 ? (const void *)&u16
                           : width == 4 ? (const void *)&u32
                                        : (const void *)&value->as.uint;
        memcpy(at, from, width);
        return true;
    }
    if (value->kind != kind)
        return false;
    memcpy(at, &value->as, width);
    return true;
}

static const void *take_scalars(struct input *in, const struct smp_field *field, size_t count)
{
    const size_t width = smp_field_width(field);
    uint8_t *array = alloc(in, count * width);
    struct smp_value value;

    for (size_t i = 0; array && i < count && in->error == SMP_OK; i++) {
        take_value(in, &value);
        if (in->error == SMP_OK &&
            !store(smp_field_element_kind(field), width, array + i * width, &value))
            in->error = SMP_ERR_INVALID;
    }
    return array;
}

static const void *take_records(struct input *in, const struct smp_field *field, size_t count,
                                int depth)
{
    const void **array = alloc(in, count * sizeof(*array));

    for (size_t i = 0; array && i < count && in->error == SMP_OK; i++)
        array[i] = take_record(in, smp_field_message(field), depth);
    return array;
}

static int take_field(struct input *in, const struct smp_field *field, void *record, int depth)
{
    enum smp_kind kind = smp_field_kind(field);
    struct smp_value value;

    if (kind == SMP_KIND_RECORD) {
        const void *element = take_record(in, smp_field_message(field), depth);
        return in->error == SMP_OK ? smp_field_set_elements(field, record, element, 1) : in->error;
    }
    if (kind != SMP_KIND_LIST && kind != SMP_KIND_MAP) {
        take_value(in, &value);
        return in->error == SMP_OK ? smp_field_set(field, record, &value) : in->error;
    }
    if (take_number(in, 1) != (uint64_t)kind)
        return SMP_ERR_INVALID;
    size_t count = (size_t)take_number(in, 4);
    if (count > (size_t)(in->end - in->at)) /* an element takes a byte at least */
        return SMP_ERR_INVALID;
    const void *elements = smp_field_message(field) ? take_records(in, field, count, depth)
                                                    : take_scalars(in, field, count);
    return in->error == SMP_OK ? smp_field_set_elements(field, record, elements, count) : in->error;
}

static const void *take_record(struct input *in, const struct smp_message *message, int depth)
{
    if (depth > DEPTH_MAX || take_number(in, 1) != SMP_KIND_RECORD) {
        in->error = in->error != SMP_OK ? in->error : SMP_ERR_INVALID;
        return NULL;
    }
    size_t n = (size_t)take_number(in, 2);
    size_t *record = alloc(in, smp_message_size(message));
    if (!record)
        return NULL;
    *record = smp_message_size(message);
    for (size_t i = 0; i < n && in->error == SMP_OK; i++) {
        const struct smp_field *field = smp_message_field(message, (size_t)take_number(in, 2));
        int error = field ? take_field(in, field, record, depth + 1) : SMP_ERR_INVALID;
        in->error = in->error != SMP_OK ? in->error : error;
    }
    return record;
}

const void *shimi_build(struct shim *shim, const struct smp_message *message, const uint8_t *data,
                        size_t len, int *error)
{
    struct input in = {.shim = shim, .at = data, .end = data + len};
    const void *record = NULL;

    if (message)
        record = take_record(&in, message, 1);
    if (in.error == SMP_OK && message && in.at != in.end)
        in.error = SMP_ERR_INVALID;
    *error = in.error;
    return in.error == SMP_OK ? record : NULL;
}

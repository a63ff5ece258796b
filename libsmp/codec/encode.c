/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/encode.h"
#include "codec/fields.h"
#include "codec/reader.h"
#include "codec/value.h"
#include "codec/writer.h"

/* Rows of a table, a bit each. */
typedef uint64_t row_set;

struct encoder {
    struct smpi_writer writer;
    const uint8_t *start;
    size_t *gap; /* NULL: none may be left, or one was */
};

static int encode_record(struct encoder *e, const struct smp_message *message, const void *record,
                         size_t first_row, int depth);

static int encode_value(struct encoder *e, const struct smp_value *value)
{
    struct smpi_writer *writer = &e->writer;
    const struct smp_bytes *bytes = &value->as.bytes;

    switch (value->kind) {
    case SMP_KIND_BOOL:
        smpi_write_bool(writer, value->as.boolean);
        return SMP_OK;
    case SMP_KIND_UINT:
        smpi_write_uint(writer, value->as.uint);
        return SMP_OK;
    case SMP_KIND_INT:
        smpi_write_int(writer, value->as.sint);
        return SMP_OK;
    case SMP_KIND_STR:
        if (!value->as.str.data && value->as.str.len > 0)
            return SMP_ERR_INVALID;
        smpi_write_text(writer, value->as.str.data, value->as.str.len);
        return SMP_OK;
    case SMP_KIND_BYTES:
        if (!bytes->data && bytes->len > 0)
            return SMP_ERR_INVALID;
        smpi_write_bytes(writer, bytes->data, bytes->len);
        return SMP_OK;
    default:
        return SMP_ERR_INVALID;
    }
}

/* Raw CBOR from a caller has to be one item, or the map around it would be broken. */
static int encode_raw(struct encoder *e, const struct smp_bytes *cbor, int depth)
{
    struct smpi_item item;

    if (!cbor->data)
        return SMP_ERR_INVALID;
    struct smpi_reader reader = {cbor->data, cbor->data + cbor->len};
    if (smpi_reader_next(&reader, &item) != SMP_OK ||
        smpi_reader_skip(&reader, &item, depth) != SMP_OK || smpi_reader_left(&reader) > 0)
        return SMP_ERR_INVALID;
    smpi_write_raw(&e->writer, cbor->data, cbor->len);
    return SMP_OK;
}

/* Bytes without data, of which only the length is known yet.  False: they are not. */
static bool encode_gap(struct encoder *e, const struct smp_bytes *bytes)
{
    if (!e->gap || bytes->data || bytes->len == 0)
        return false;
    uint8_t *gap = smpi_write_gap(&e->writer, bytes->len);
    *e->gap = gap ? (size_t)(gap - e->start) : 0;
    e->gap = NULL;
    return true;
}

static int encode_scalar(struct encoder *e, enum smp_kind kind, size_t width, const void *member,
                         int depth)
{
    struct smp_value value;

    if (kind == SMP_KIND_BYTES && encode_gap(e, member))
        return SMP_OK;
    smpi_value_load(kind, width, member, &value);
    return value.kind == SMP_KIND_CBOR ? encode_raw(e, &value.as.bytes, depth)
                                       : encode_value(e, &value);
}

/* One element of a keyed map: its key, and the rest of it. */
static int encode_keyed(struct encoder *e, const struct smp_message *message,
                        const uint8_t *element, int depth)
{
    const struct smp_field *key = &message->fields[0];
    const struct smp_field *bare = smpi_bare_value(message);

    if (smpi_is_past(element, key->offset, key->width) ||
        (bare && smpi_is_past(element, bare->offset, bare->width)))
        return SMP_ERR_INVALID;
    int error = encode_scalar(e, SMP_KIND_STR, key->width, element + key->offset, depth);
    if (error != SMP_OK)
        return error;
    return bare ? encode_scalar(e, bare->kind, bare->width, element + bare->offset, depth)
                : encode_record(e, message, element, 1, depth + 1);
}

/* The elements of a list or map; `depth` counts that one in. */
static int encode_elements(struct encoder *e, const struct smp_field *field, const void *record,
                           int depth)
{
    size_t count = smpi_elements(field, record);
    const uint8_t *array = smpi_load_pointer((const uint8_t *)record + field->offset);
    int error = array || count == 0 ? SMP_OK : SMP_ERR_INVALID;

    for (size_t i = 0; i < count && error == SMP_OK && !e->writer.full; i++) {
        const uint8_t *element = array + i * field->width;
        if (field->element != SMP_KIND_RECORD) {
            error = encode_scalar(e, field->element, field->width, element, depth);
            continue;
        }
        element = smpi_load_pointer(element);
        if (!element)
            return SMP_ERR_INVALID;
        error = field->kind == SMP_KIND_MAP
                    ? encode_keyed(e, field->message, element, depth)
                    : encode_record(e, field->message, element, 0, depth + 1);
    }
    return error;
}

/* A field's value; `depth` is how many maps and arrays are open around it. */
static int encode_field(struct encoder *e, const struct smp_field *field, const void *record,
                        int depth)
{
    const uint8_t *member = (const uint8_t *)record + field->offset;

    switch (field->kind) {
    case SMP_KIND_RECORD:
        return encode_record(e, field->message, smpi_load_pointer(member), 0, depth + 1);
    case SMP_KIND_LIST:
    case SMP_KIND_MAP:
        if (depth >= SMPI_DEPTH_MAX)
            return SMP_ERR_INVALID;
        if (field->kind == SMP_KIND_LIST)
            smpi_write_array(&e->writer, smpi_elements(field, record));
        else
            smpi_write_map(&e->writer, smpi_elements(field, record));
        return encode_elements(e, field, record, depth + 1);
    default:
        return encode_scalar(e, field->kind, field->width, member, depth);
    }
}

/* The rows of a record that are present, and how many entries they make in its map. */
static row_set present_rows(const struct smp_message *message, const void *record, size_t first_row,
                            size_t *entries)
{
    row_set rows = 0;

    for (size_t i = first_row; i < message->n_fields; i++) {
        const struct smp_field *field = &message->fields[i];
        if (!smpi_has(field, record))
            continue;
        rows |= (row_set)1 << i;
        *entries += smpi_is_keyless(field) ? smpi_elements(field, record) : 1;
    }
    return rows;
}

static int encode_rows(struct encoder *e, const struct smp_message *message, const void *record,
                       row_set rows, int depth)
{
    for (const struct smp_field *field = message->fields; rows != 0; field++, rows >>= 1) {
        int error = SMP_OK;
        if (!(rows & 1))
            continue;
        if (smpi_is_keyless(field)) {
            error = encode_elements(e, field, record, depth);
        } else {
            smpi_write_text(&e->writer, field->key, field->key_len);
            error = encode_field(e, field, record, depth);
        }
        if (error != SMP_OK)
            return error;
    }
    return SMP_OK;
}

/* A record as a map that is the `depth`th one open. */
static int encode_record(struct encoder *e, const struct smp_message *message, const void *record,
                         size_t first_row, int depth)
{
    size_t entries = 0;

    if (*(const size_t *)record < sizeof(size_t) || depth > SMPI_DEPTH_MAX)
        return SMP_ERR_INVALID;
    row_set rows = present_rows(message, record, first_row, &entries);
    smpi_write_map(&e->writer, entries);
    return encode_rows(e, message, record, rows, depth);
}

static size_t verdict_entries(const struct smpi_verdict *verdict)
{
    if (!verdict || verdict->kind == SMPI_VERDICT_NONE)
        return 0;
    return verdict->kind == SMPI_VERDICT_RC && verdict->reason.len > 0 ? 2 : 1;
}

static int encode_verdict(struct encoder *e, const struct smpi_verdict *verdict)
{
    struct smpi_writer *writer = &e->writer;

    switch (verdict->kind) {
    case SMPI_VERDICT_RC:
        smpi_write_text(writer, "rc", 2);
        smpi_write_int(writer, verdict->rc);
        if (verdict->reason.len == 0)
            return SMP_OK;
        if (!verdict->reason.data)
            return SMP_ERR_INVALID;
        smpi_write_text(writer, "rsn", 3);
        smpi_write_text(writer, verdict->reason.data, verdict->reason.len);
        return SMP_OK;
    case SMPI_VERDICT_ERR:
    case SMPI_VERDICT_RET:
        smpi_write_text(writer, verdict->kind == SMPI_VERDICT_ERR ? "err" : "ret", 3);
        return encode_record(e, &smpi_device_error,
                             &(struct smpi_device_error){.size = sizeof(struct smpi_device_error),
                                                         .group = verdict->group,
                                                         .rc = verdict->rc},
                             0, 2);
    default:
        return SMP_OK;
    }
}

int smpi_encode(const struct smp_message *message, const void *record,
                const struct smpi_verdict *verdict, uint8_t *cbor, size_t capacity, size_t *len,
                size_t *gap)
{
    struct encoder e = {.writer = {.at = cbor, .end = cbor + capacity}, .start = cbor, .gap = gap};
    size_t entries = verdict_entries(verdict);
    row_set rows = 0;
    int error = SMP_OK;

    *len = 0;
    if (record && *(const size_t *)record < sizeof(size_t))
        return SMP_ERR_INVALID;
    if (message && record)
        rows = present_rows(message, record, 0, &entries);
    smpi_write_map(&e.writer, entries);
    if (verdict)
        error = encode_verdict(&e, verdict);
    if (error == SMP_OK && rows != 0) /* without rows there may be no message */
        error = encode_rows(&e, message, record, rows, 1);
    if (error != SMP_OK)
        return error;
    if (e.writer.full)
        return SMP_ERR_TOO_LARGE;
    *len = (size_t)(e.writer.at - cbor);
    return SMP_OK;
}

size_t smpi_bytes_that_fit(size_t room)
{
    static const struct {
        uint64_t longest; /* that a head of this size can announce */
        size_t head;
    } heads[] = {{23, 1}, {UINT8_MAX, 2}, {UINT16_MAX, 3}, {UINT32_MAX, 5}, {UINT64_MAX, 9}};
    size_t fits = 0;

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]) && room > heads[i].head; i++) {
        size_t len = room - heads[i].head;
        fits = len < heads[i].longest ? len : (size_t)heads[i].longest;
        if (fits == len)
            break;
    }
    return fits;
}

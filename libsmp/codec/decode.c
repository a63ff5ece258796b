/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices send fields in the order of their tables more often than not: each
 * key is looked for from the row after the last one on, so that the first
 * comparison nearly always finds it.
 */
#include "codec/decode.h"
#include "codec/decoder.h"
#include "codec/fields.h"

/* Keys that are not the command's own.  @see protocol, 2.1 */
enum verdict { VERDICT_NONE, VERDICT_RC, VERDICT_ERR, VERDICT_RET, VERDICT_RSN };

/* Notes which key was wrong; the innermost comes first and stays. */
static int fail(struct smpi_decoder *d, const char *key, int error)
{
    if (error == SMP_ERR_MALFORMED && !d->result->key && key[0] != '\0')
        d->result->key = key;
    return error;
}

static bool is_key(struct smp_bytes key, const char *name, size_t len)
{
    return key.len == len && memcmp(key.data, name, len) == 0;
}

static bool is_field(const struct smp_field *field, struct smp_bytes key)
{
    return is_key(key, field->key, field->key_len) ||
           (field->alias_len > 0 && is_key(key, field->alias, field->alias_len));
}

/* The row with this key, looked for from the expected one on; n_fields if there is none. */
static size_t find_row(const struct smpi_level *level, struct smp_bytes key)
{
    const struct smp_message *message = level->message;
    size_t row = level->next;

    if (key.len == 0)
        return message->n_fields;
    for (size_t i = 0; i < message->n_fields; i++, row++) {
        if (row >= message->n_fields)
            row = 0;
        if (is_field(&message->fields[row], key))
            return row;
    }
    return message->n_fields;
}

/* The map whose elements may stand in this one, or NULL. */
static const struct smp_field *find_flat(const struct smp_message *message)
{
    for (size_t i = 0; i < message->n_fields; i++)
        if (smpi_is_flat(&message->fields[i]))
            return &message->fields[i];
    return NULL;
}

/* A key of no row: an element of a map that may stand here, or something to skip. */
static int decode_unknown(struct smpi_decoder *d, struct smpi_level *level, struct smp_bytes key,
                          struct smpi_item *item)
{
    const struct smp_field *flat = key.data ? find_flat(level->message) : NULL;

    if (flat && (item->kind == SMPI_ITEM_MAP || smpi_bare_value(flat->message)))
        return smpi_decode_element(d, flat, key, item, level->depth + 1, level->record);
    return smpi_reader_skip(&d->reader, item, level->depth);
}

static enum verdict find_verdict(struct smp_bytes key)
{
    if (is_key(key, "rc", 2))
        return VERDICT_RC;
    if (is_key(key, "err", 3))
        return VERDICT_ERR;
    if (is_key(key, "ret", 3))
        return VERDICT_RET;
    return is_key(key, "rsn", 3) ? VERDICT_RSN : VERDICT_NONE;
}

/* {"group": u, "rc": u}: both have to be there to mean anything. */
static int decode_device_error(struct smpi_decoder *d, struct smpi_item *item)
{
    const struct smp_field *missing = d->missing;
    struct smp_result *result = d->result;
    const struct smpi_device_error *said;

    d->missing = NULL;
    int error = smpi_decode_record(d, &smpi_device_error, item, 2, &said);
    if (error != SMP_OK)
        return error;
    if (d->missing)
        return fail(d, d->missing->key, SMP_ERR_MALFORMED);
    d->missing = missing;
    if (said->rc != 0) {
        result->from_group = true;
        result->group = said->group;
        result->rc = said->rc;
    }
    return SMP_OK;
}

/* Takes a verdict's value; `taken` stays false when it is, or is also, an ordinary field. */
static int take_verdict(struct smpi_decoder *d, struct smpi_level *level, enum verdict verdict,
                        bool is_field, struct smpi_item *item, bool *taken)
{
    struct smp_result *result = d->result;
    int64_t rc;

    switch (verdict) {
    case VERDICT_RC:
        *taken = !is_field || item->kind == SMPI_ITEM_NULL;
        if (item->kind == SMPI_ITEM_NULL)
            return SMP_OK;
        if (smpi_decode_scalar(d, SMP_KIND_INT, sizeof(rc), item, level->depth, &rc) != SMP_OK)
            return SMP_ERR_MALFORMED;
        if (level->message->flags & SMPI_RC_IS_DATA)
            d->data_rc = rc;
        else if (!result->from_group)
            result->rc = rc;
        return SMP_OK;
    case VERDICT_RSN:
        *taken = item->kind == SMPI_ITEM_TEXT;
        return *taken ? smpi_decode_text(d, item, &result->reason) : SMP_OK;
    case VERDICT_ERR:
        *taken = item->kind == SMPI_ITEM_MAP || !is_field;
        return *taken && item->kind != SMPI_ITEM_NULL ? decode_device_error(d, item) : SMP_OK;
    default: /* an integer `ret` is a shell's exit code */
        *taken = item->kind == SMPI_ITEM_MAP;
        return *taken ? decode_device_error(d, item) : SMP_OK;
    }
}

static int decode_verdict(struct smpi_decoder *d, struct smpi_level *level, enum verdict verdict,
                          const struct smp_field *field, struct smpi_item *item)
{
    static const char *const keys[] = {"", "rc", "err", "ret", "rsn"};
    bool taken = false;

    if (d->verdicts & 1u << verdict)
        return fail(d, keys[verdict], SMP_ERR_MALFORMED);
    d->verdicts |= 1u << verdict;
    int error = take_verdict(d, level, verdict, field != NULL, item, &taken);
    if (error != SMP_OK)
        return fail(d, keys[verdict], error);
    if (taken)
        return SMP_OK;
    return field ? smpi_decode_field(d, level, field, item)
                 : smpi_reader_skip(&d->reader, item, level->depth);
}

static int decode_entry(struct smpi_decoder *d, struct smpi_level *level)
{
    const struct smp_message *message = level->message;
    struct smp_bytes key;
    struct smpi_item item;
    int error = SMP_OK;

    if (!smpi_reader_take_short_text(&d->reader, &key))
        error = smpi_decode_key(d, level->depth, &key);
    if (error != SMP_OK)
        return error;
    size_t row = find_row(level, key);
    const struct smp_field *field = NULL;
    if (row < message->n_fields) {
        field = &message->fields[row];
        if (level->seen >> row & 1)
            return fail(d, field->key, SMP_ERR_MALFORMED);
        level->seen |= UINT64_C(1) << row;
        level->next = row + 1;
    }
    enum verdict verdict = level->verdicts ? find_verdict(key) : VERDICT_NONE;

    if (smpi_reader_next(&d->reader, &item) != SMP_OK)
        error = SMP_ERR_MALFORMED;
    else if (verdict != VERDICT_NONE)
        error = decode_verdict(d, level, verdict, field, &item);
    else if (field)
        error = smpi_decode_field(d, level, field, &item);
    else
        error = decode_unknown(d, level, key, &item);
    return error == SMP_OK || !field ? error : fail(d, field->key, error);
}

static void note_missing(struct smpi_decoder *d, const struct smpi_level *level)
{
    const struct smp_message *message = level->message;

    for (size_t i = 0; i < message->n_fields && !d->missing; i++) {
        const struct smp_field *field = &message->fields[i];
        if (!(field->flags & SMPI_OPTIONAL) && !(level->seen >> i & 1) && !smpi_is_keyless(field) &&
            !smpi_is_flat(field))
            d->missing = field;
    }
}

int smpi_decode_map(struct smpi_decoder *d, struct smpi_level *level, struct smpi_item *map)
{
    int more;

    while ((more = smpi_reader_more(&d->reader, map)) == 1) {
        int error = decode_entry(d, level);
        if (error != SMP_OK)
            return error;
    }
    note_missing(d, level);
    return more;
}

static int decode_root(struct smpi_decoder *d, struct smpi_level *root)
{
    struct smpi_item map = {.kind = SMPI_ITEM_MAP};

    if (smpi_reader_left(&d->reader) > 0 && smpi_reader_next(&d->reader, &map) != SMP_OK)
        return SMP_ERR_MALFORMED;
    if (map.kind != SMPI_ITEM_MAP)
        return SMP_ERR_MALFORMED;
    int error = smpi_decode_map(d, root, &map);
    if (error != SMP_OK)
        return error;
    for (const uint8_t *at = d->reader.at; at < d->reader.end; at++)
        if (*at != 0)
            return SMP_ERR_MALFORMED;
    if (d->missing && d->result->rc == 0)
        d->result->rc = d->data_rc;
    if (d->result->rc != 0)
        return SMP_ERR_DEVICE;
    return d->missing ? fail(d, d->missing->key, SMP_ERR_MALFORMED) : SMP_OK;
}

int smpi_decode(const struct smp_message *message, struct smp_bytes payload, bool is_answer,
                struct smpi_arena *arena, struct smp_result *result)
{
    static const struct smp_message nothing = {.name = "", .size = sizeof(size_t)};
    const uint8_t *end = payload.len > 0 ? payload.data + payload.len : payload.data;
    struct smpi_decoder d = {.reader = {payload.data, end}, .arena = arena, .result = result};
    struct smpi_level root;

    result->key = NULL;
    result->bad_utf8 = false;
    result->payload = payload;
    result->from_group = false;
    result->group = 0;
    result->rc = 0;
    result->reason = (struct smp_str){0};
    result->error = smpi_open_level(&d, message ? message : &nothing, 1, &root);
    if (result->error == SMP_OK) {
        root.verdicts = is_answer;
        result->error = decode_root(&d, &root);
    }
    bool usable = result->error == SMP_OK || result->error == SMP_ERR_DEVICE;
    result->message = usable ? message : NULL;
    result->rsp = usable && message ? root.record : NULL;
    if (!usable) {
        result->from_group = false;
        result->rc = 0;
    }
    return result->error;
}

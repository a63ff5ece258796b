/* SPDX-License-Identifier: Apache-2.0 */
#include "fieldvalue.h"

#include "fieldjson.h"
#include "localfile.h"
#include "output.h"
#include "smpctl.h"
#include "tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what was typed ---- */

static const char *put_bool(struct cbor *cbor, const char *text)
{
    bool value = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    if (!value && strcmp(text, "false") != 0 && strcmp(text, "0") != 0) {
        return "not true or false";
    }
    cbor_bool(cbor, value);
    return NULL;
}

/* Where every type is possible: a number, true, false, hex:0aff, or text. */
static const char *put_any(struct cbor *cbor, const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 0);
    if (strncmp(text, "hex:", 4) == 0) {
        return fieldjson_bytes(cbor, text + 4);
    }
    if (strncmp(text, "text:", 5) == 0) {
        cbor_text(cbor, text + 5, strlen(text + 5));
    } else if (end != text && !*end && !errno) {
        cbor_int(cbor, number);
    } else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        cbor_bool(cbor, *text == 't');
    } else {
        cbor_text(cbor, text, strlen(text));
    }
    return NULL;
}

static const char *put_typed(struct cbor *cbor, const struct smp_field *field, enum smp_kind kind,
                             const char *text)
{
    switch (kind) {
    case SMP_KIND_BOOL:
        return put_bool(cbor, text);
    case SMP_KIND_UINT:
    case SMP_KIND_INT:
        return fieldjson_number(cbor, field, kind, text);
    case SMP_KIND_STR:
        cbor_text(cbor, text, strlen(text));
        return NULL;
    case SMP_KIND_BYTES:
        return fieldjson_bytes(cbor, text);
    default:
        return put_any(cbor, text);
    }
}

/* ---- one KEY=VALUE ---- */

static bool is_scalar(const struct smp_field *field)
{
    enum smp_kind kind = smp_field_kind(field);
    return kind != SMP_KIND_RECORD && kind != SMP_KIND_LIST && kind != SMP_KIND_MAP;
}

/* KEY=@FILE: its bytes. */
static int put_file(struct smpctl *ctl, const struct smp_field *field, const char *path,
                    struct cbor *cbor)
{
    struct local_file file;
    int status = local_open(ctl, path, &file);
    size_t len = (size_t)file.source.length;
    if (status == STATUS_DONE && len > CBOR_MAX) {
        status = fail(ctl, STATUS_USAGE, "%s: does not fit a packet", path);
    }
    uint8_t *data = status == STATUS_DONE ? malloc(len + 1) : NULL;
    if (data && file.source.read(&file, 0, data, len) == SMP_OK) {
        if (smp_field_kind(field) == SMP_KIND_STR) {
            cbor_text(cbor, (const char *)data, len);
        } else {
            cbor_bytes(cbor, data, len);
        }
    } else if (status == STATUS_DONE) {
        status = fail(ctl, STATUS_FILE, "%s: cannot read it", path);
    }
    free(data);
    local_close(&file);
    return status;
}

static int put_json_text(struct smpctl *ctl, const struct smp_field *field, const char *text,
                         struct cbor *cbor)
{
    const char *key = *smp_field_key(field) ? smp_field_key(field) : "entries";
    json_error_t error;
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        return fail(ctl, STATUS_USAGE, "%s wants JSON: line %d, column %d: %s", key, error.line,
                    error.column, error.text);
    }
    const char *wrong = fieldjson_put(cbor, field, json);
    json_decref(json);
    return wrong ? fail(ctl, STATUS_USAGE, "%s: `%s` is %s", key, text, wrong) : STATUS_DONE;
}

static int put_value(struct smpctl *ctl, const struct smp_field *field, const char *text,
                     struct cbor *cbor)
{
    char type[32];
    enum smp_kind element = smp_field_element_kind(field);
    bool one_of_list =
        smp_field_kind(field) == SMP_KIND_LIST && element != SMP_KIND_RECORD && *text != '[';
    if (is_scalar(field) && element >= SMP_KIND_STR && *text == '@' && text[1] != '@') {
        return put_file(ctl, field, text + 1, cbor);
    }
    if (!is_scalar(field) && !one_of_list) {
        return put_json_text(ctl, field, text, cbor);
    }
    if (one_of_list) {
        cbor_array(cbor, 1);
    }
    text += strncmp(text, "@@", 2) == 0; /* a text that begins with one */
    const char *wrong = put_typed(cbor, field, element, text);
    return wrong ? fail(ctl, STATUS_USAGE, "%s%s`%s`: %s; it is %s", smp_field_key(field),
                        *smp_field_key(field) ? ": " : "", text, wrong,
                        tables_type(field, type, sizeof type))
                 : STATUS_DONE;
}

/* ---- all of them ---- */

static size_t key_len(const char *assignment)
{
    const char *equals = strchr(assignment, '=');
    return equals ? (size_t)(equals - assignment) : 0;
}

/* A map in the request's root takes what no other field does: its entries' value, or NULL. */
static const struct smp_field *rest_of(const struct smp_message *request)
{
    for (size_t i = 0; i < smp_message_fields(request); i++) {
        const struct smp_field *field = smp_message_field(request, i);
        if (smp_field_kind(field) == SMP_KIND_MAP && !*smp_field_key(field)) {
            return smp_message_field(smp_field_message(field), 1);
        }
    }
    return NULL;
}

static bool is_given(const char *key, const char *const *assignments, int n)
{
    for (int i = 0; i < n; i++) {
        size_t len = key_len(assignments[i]);
        if (strlen(key) == len && strncmp(assignments[i], key, len) == 0) {
            return true;
        }
    }
    return false;
}

static int put_assignment(struct smpctl *ctl, const struct smp_message *request, int i,
                          const char *const *assignments, struct cbor *cbor)
{
    char key[64];
    size_t len = key_len(assignments[i]);
    if (len == 0 || len >= sizeof key) {
        return fail(ctl, STATUS_USAGE, "`%s` is not KEY=VALUE", assignments[i]);
    }
    memcpy(key, assignments[i], len);
    key[len] = '\0';
    const struct smp_field *field = smp_message_find(request, key);
    field = field ? field : rest_of(request);
    if (!field) {
        return fail(ctl, STATUS_USAGE, "there is no `%s` in this request; see %s describe %s %s",
                    key, ctl->name, ctl->args[0], ctl->args[1]);
    }
    if (is_given(key, assignments, i)) {
        return fail(ctl, STATUS_USAGE, "`%s` is there twice", key);
    }
    cbor_text(cbor, key, len);
    return put_value(ctl, field, assignments[i] + len + 1, cbor);
}

static int check_missing(struct smpctl *ctl, const struct smp_message *request,
                         const char *const *assignments, int n)
{
    for (size_t i = 0; i < smp_message_fields(request); i++) {
        const struct smp_field *field = smp_message_field(request, i);
        const char *key = smp_field_key(field);
        char type[32];
        if (*key && !smp_field_optional(field) && !is_given(key, assignments, n)) {
            return fail(ctl, STATUS_USAGE, "%s=... is missing; it is %s", key,
                        tables_type(field, type, sizeof type));
        }
    }
    return STATUS_DONE;
}

int fieldvalue_payload(struct smpctl *ctl, const struct smp_message *request,
                       const char *const *assignments, int n, struct cbor *cbor)
{
    int status = STATUS_DONE;
    cbor_map(cbor, (size_t)n);
    for (int i = 0; status == STATUS_DONE && i < n; i++) {
        status = put_assignment(ctl, request, i, assignments, cbor);
    }
    status = status == STATUS_DONE ? check_missing(ctl, request, assignments, n) : status;
    return status == STATUS_DONE && cbor->full ? fail_error(ctl, SMP_ERR_TOO_LARGE) : status;
}

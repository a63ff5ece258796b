/* SPDX-License-Identifier: Apache-2.0 */
#include "settings_value.h"

#include "hex.h"
#include "output.h"
#include "smpctl.h"
#include "utf8.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char value_types[] =
    "int8, int16, int32 (or int), int64, uint8, uint16, uint32 (or uint), uint64, bool, str, hex";

/* Bytes of an integer type, 0: it is none. */
static size_t int_width(const char *type, bool *is_signed)
{
    static const struct {
        const char *name;
        size_t width;
    } types[] = {{"int", 4}, {"int8", 1}, {"int16", 2}, {"int32", 4}, {"int64", 8}};
    *is_signed = *type != 'u';
    type += *type == 'u';
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(type, types[i].name) == 0) {
            return types[i].width;
        }
    }
    return 0;
}

bool value_type_known(const char *type)
{
    bool is_signed;
    return int_width(type, &is_signed) || strcmp(type, "bool") == 0 || strcmp(type, "str") == 0 ||
           strcmp(type, "string") == 0 || strcmp(type, "hex") == 0;
}

static int read_int(struct smpctl *ctl, const char *type, const char *text, uint8_t *data,
                    size_t *len)
{
    bool is_signed;
    size_t width = int_width(type, &is_signed);
    uint64_t bits;
    char *end;
    errno = 0;
    if (is_signed) {
        long long number = strtoll(text, &end, 0);
        long long most = width == 8 ? INT64_MAX : (1ll << (8 * width - 1)) - 1;
        bits = (uint64_t)number;
        errno = number > most || number < -most - 1 ? ERANGE : errno;
    } else {
        bits = strtoull(text, &end, 0);
        errno = strchr(text, '-') || (width < 8 && bits >> 8 * width) ? ERANGE : errno;
    }
    if (!*text || *end || errno) {
        return fail(ctl, STATUS_USAGE, "`%s` is no %s", text, type);
    }
    for (size_t i = 0; i < width; i++) {
        data[i] = (uint8_t)(bits >> 8 * i);
    }
    *len = width;
    return STATUS_DONE;
}

int value_read(struct smpctl *ctl, const char *type, const char *text, uint8_t *data, size_t *len)
{
    bool is_signed;
    if (int_width(type, &is_signed)) {
        return read_int(ctl, type, text, data, len);
    }
    if (strcmp(type, "bool") == 0) {
        *data = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        *len = 1;
        return *data || strcmp(text, "false") == 0 || strcmp(text, "0") == 0
                   ? STATUS_DONE
                   : fail(ctl, STATUS_USAGE, "`%s` is no bool; use true or false", text);
    }
    if (strcmp(type, "hex") == 0) {
        return hex_read(text, data, VALUE_MAX, len)
                   ? STATUS_DONE
                   : fail(ctl, STATUS_USAGE,
                          "`%s` is not in hexadecimal, two digits a byte, or too long", text);
    }
    *len = strlen(text);
    if (*len > VALUE_MAX) {
        return fail(ctl, STATUS_USAGE, "the value has more than %d bytes", VALUE_MAX);
    }
    memcpy(data, text, *len);
    return STATUS_DONE;
}

bool value_is_int(struct smp_bytes bytes, int64_t *number)
{
    uint64_t bits = 0;
    if (bytes.len == 0 || bytes.len > 8 || (bytes.len & (bytes.len - 1))) {
        return false;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        bits |= (uint64_t)bytes.data[i] << 8 * i;
    }
    unsigned spare = 64 - 8 * (unsigned)bytes.len;
    *number = (int64_t)(bits << spare) >> spare; /* the sign comes along */
    return true;
}

bool value_is_text(struct smp_bytes bytes, struct smp_str *text)
{
    size_t len = bytes.len && bytes.data[bytes.len - 1] == '\0' ? bytes.len - 1 : bytes.len;
    *text = (struct smp_str){(const char *)bytes.data, len};
    for (size_t i = 0; i < len;) {
        uint32_t code;
        size_t width = utf8_next(text->data + i, len - i, &code);
        if (width == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            return false;
        }
        i += width;
    }
    return len > 0;
}

bool value_put_typed(FILE *file, const char *type, struct smp_bytes bytes)
{
    bool is_signed;
    size_t width = int_width(type, &is_signed);
    int64_t number;
    if (width || strcmp(type, "bool") == 0) {
        if (!value_is_int(bytes, &number)) {
            return false;
        }
        if (width && !is_signed && bytes.len < 8) {
            number &= (int64_t)((UINT64_C(1) << 8 * bytes.len) - 1);
        }
        if (width == 0) {
            fputs(number ? "true" : "false", file);
        } else if (is_signed) {
            fprintf(file, "%" PRId64, number);
        } else {
            fprintf(file, "%" PRIu64, (uint64_t)number);
        }
    } else if (strcmp(type, "hex") == 0) {
        put_hex(file, bytes.data, bytes.len);
    } else {
        struct smp_str text = {(const char *)bytes.data, bytes.len};
        text.len -= text.len && text.data[text.len - 1] == '\0';
        put_lines(file, text);
    }
    return true;
}

void value_put(FILE *file, const struct smp_value *value)
{
    struct smp_str text;
    switch (value->kind) {
    case SMP_KIND_STR:
        put_lines(file, value->as.str);
        break;
    case SMP_KIND_BYTES:
        if (value_is_text(value->as.bytes, &text)) {
            put_text(file, text);
        } else {
            put_hex(file, value->as.bytes.data, value->as.bytes.len);
        }
        break;
    case SMP_KIND_CBOR:
        put_hex(file, value->as.bytes.data, value->as.bytes.len);
        break;
    case SMP_KIND_BOOL:
        fputs(value->as.boolean ? "true" : "false", file);
        break;
    case SMP_KIND_UINT:
        fprintf(file, "%" PRIu64, value->as.uint);
        break;
    case SMP_KIND_INT:
        fprintf(file, "%" PRId64, value->as.sint);
        break;
    default:
        break;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "cbor_write.h"

#include "hex.h"

#include <string.h>

enum major { UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE };

static void put(struct cbor *cbor, const void *data, size_t len)
{
    if (len > sizeof cbor->data - cbor->len) {
        cbor->full = true;
        return;
    }
    if (len) {
        memcpy(cbor->data + cbor->len, data, len);
        cbor->len += len;
    }
}

/* A first byte and the shortest number behind it. */
static void head(struct cbor *cbor, enum major major, uint64_t number)
{
    uint8_t bytes[9];
    size_t width = number < 24            ? 0
                   : number <= UINT8_MAX  ? 1
                   : number <= UINT16_MAX ? 2
                   : number <= UINT32_MAX ? 4
                                          : 8;
    static const uint8_t codes[] = {[1] = 24, [2] = 25, [4] = 26, [8] = 27};
    bytes[0] = (uint8_t)(major << 5 | (width ? codes[width] : number));
    for (size_t i = 0; i < width; i++) {
        bytes[1 + i] = (uint8_t)(number >> 8 * (width - 1 - i));
    }
    put(cbor, bytes, 1 + width);
}

void cbor_uint(struct cbor *cbor, uint64_t number)
{
    head(cbor, UINT, number);
}

void cbor_int(struct cbor *cbor, int64_t number)
{
    if (number < 0) {
        head(cbor, NEGATIVE, ~(uint64_t)number);
    } else {
        head(cbor, UINT, (uint64_t)number);
    }
}

void cbor_bool(struct cbor *cbor, bool value)
{
    head(cbor, SIMPLE, value ? 21 : 20);
}

void cbor_text(struct cbor *cbor, const char *text, size_t len)
{
    head(cbor, TEXT, len);
    put(cbor, text, len);
}

void cbor_bytes(struct cbor *cbor, const uint8_t *data, size_t len)
{
    head(cbor, BYTES, len);
    put(cbor, data, len);
}

void cbor_array(struct cbor *cbor, size_t n)
{
    head(cbor, ARRAY, n);
}

void cbor_map(struct cbor *cbor, size_t n)
{
    head(cbor, MAP, n);
}

void cbor_raw(struct cbor *cbor, const uint8_t *data, size_t len)
{
    put(cbor, data, len);
}

/* ---- from JSON ---- */

static void put_real(struct cbor *cbor, double real)
{
    uint64_t bits;
    uint8_t bytes[9] = {SIMPLE << 5 | 27};
    memcpy(&bits, &real, sizeof bits);
    for (size_t i = 0; i < 8; i++) {
        bytes[1 + i] = (uint8_t)(bits >> 8 * (7 - i));
    }
    put(cbor, bytes, sizeof bytes);
}

static const char *put_hex_text(struct cbor *cbor, const json_t *hex)
{
    static uint8_t data[CBOR_MAX];
    size_t len;
    if (!json_is_string(hex) || !hex_read(json_string_value(hex), data, sizeof data, &len)) {
        return "$hex wants a text of two hexadecimal digits a byte";
    }
    cbor_bytes(cbor, data, len);
    return NULL;
}

static const char *put_object(struct cbor *cbor, json_t *json)
{
    const char *key;
    json_t *value;
    const json_t *hex = json_object_get(json, "$hex");
    if (hex && json_object_size(json) == 1) {
        return put_hex_text(cbor, hex);
    }
    cbor_map(cbor, json_object_size(json));
    json_object_foreach(json, key, value)
    {
        cbor_text(cbor, key, strlen(key));
        const char *wrong = cbor_json(cbor, value);
        if (wrong) {
            return wrong;
        }
    }
    return NULL;
}

const char *cbor_json(struct cbor *cbor, const json_t *json)
{
    const char *wrong = NULL;
    switch (json_typeof(json)) {
    case JSON_OBJECT: {
        json_t *walked = json_incref((json_t *)(uintptr_t)json); /* walking takes no const */
        wrong = put_object(cbor, walked);
        json_decref(walked);
        break;
    }
    case JSON_ARRAY:
        cbor_array(cbor, json_array_size(json));
        for (size_t i = 0; !wrong && i < json_array_size(json); i++) {
            wrong = cbor_json(cbor, json_array_get(json, i));
        }
        break;
    case JSON_STRING:
        cbor_text(cbor, json_string_value(json), json_string_length(json));
        break;
    case JSON_INTEGER:
        cbor_int(cbor, json_integer_value(json));
        break;
    case JSON_REAL:
        put_real(cbor, json_real_value(json));
        break;
    case JSON_NULL:
        head(cbor, SIMPLE, 22);
        break;
    default:
        cbor_bool(cbor, json_is_true(json));
    }
    return cbor->full ? "it does not fit a packet" : wrong;
}

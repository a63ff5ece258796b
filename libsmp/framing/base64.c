/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void smpi_base64_encode(const uint8_t *data, size_t len, char *text)
{
    for (; len >= 3; len -= 3, data += 3, text += 4) {
        uint32_t bits = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];
        text[0] = alphabet[bits >> 18];
        text[1] = alphabet[bits >> 12 & 63];
        text[2] = alphabet[bits >> 6 & 63];
        text[3] = alphabet[bits & 63];
    }
    if (len > 0) {
        uint32_t bits = (uint32_t)data[0] << 16 | (len > 1 ? (uint32_t)data[1] << 8 : 0);
        text[0] = alphabet[bits >> 18];
        text[1] = alphabet[bits >> 12 & 63];
        text[2] = '=';
        text[3] = '=';
        if (len > 1) {
            text[2] = alphabet[bits >> 6 & 63];
        }
    }
}

/* The six bits of a character, or -1. */
static int value_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

static bool is_blank(char c, bool strict)
{
    return c == ' ' || (!strict && (c == '\t' || c == '\r' || c == '\0'));
}

/* Takes blanks and padding off the end.  False: there is more padding than belongs there. */
static bool trim(const char *text, size_t *len, bool strict)
{
    size_t n = *len;
    while (n > 0 && is_blank(text[n - 1], strict)) {
        n--;
    }
    size_t padded = n;
    while (n > 0 && text[n - 1] == '=') {
        n--;
    }
    size_t padding = padded - n;
    size_t most = (4 - n % 4) % 4;
    *len = n;
    return n % 4 != 1 && (strict ? padding == most : padding <= most);
}

size_t smpi_base64_decode(const char *text, size_t len, bool strict, uint8_t *data)
{
    if (!trim(text, &len, strict)) {
        return SMPI_BASE64_BAD;
    }
    uint32_t bits = 0;
    size_t out = 0;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i]);
        if (value < 0) {
            return SMPI_BASE64_BAD;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0) { /* each character but the first of four completes a byte */
            unsigned unused = 6 - 2 * (unsigned)(i % 4);
            data[out++] = (uint8_t)(bits >> unused);
            bits &= (1u << unused) - 1;
        }
    }
    return out;
}

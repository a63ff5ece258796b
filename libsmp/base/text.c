/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void smpi_text_init(struct smpi_text *text, char *data, size_t size)
{
    *text = (struct smpi_text){.data = data, .size = size};
    if (size > 0)
        data[0] = '\0';
}

static void add(struct smpi_text *text, const char *data, size_t len)
{
    if (text->len + 1 < text->size) {
        size_t room = text->size - text->len - 1;
        size_t fits = len < room ? len : room;
        memcpy(text->data + text->len, data, fits);
        text->data[text->len + fits] = '\0';
    }
    text->len += len;
}

void smpi_text_add(struct smpi_text *text, const char *string)
{
    add(text, string, strlen(string));
}

void smpi_text_print(struct smpi_text *text, const char *format, ...)
{
    char piece[128];
    va_list arguments;

    va_start(arguments, format);
    int len = vsnprintf(piece, sizeof(piece), format, arguments);
    va_end(arguments);
    if (len > 0)
        smpi_text_add(text, piece);
}

void smpi_text_hex(struct smpi_text *text, const uint8_t *data, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        char pair[2] = {digits[data[i] >> 4], digits[data[i] & 15]};
        add(text, pair, sizeof(pair));
    }
}

/* Characters that do something to a terminal or to the order of the text around them. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static void escape_character(struct smpi_text *text, uint32_t c)
{
    switch (c) {
    case '\n':
        smpi_text_add(text, "\\n");
        break;
    case '\r':
        smpi_text_add(text, "\\r");
        break;
    case '\t':
        smpi_text_add(text, "\\t");
        break;
    case '"':
        smpi_text_add(text, "\\\"");
        break;
    case '\\':
        smpi_text_add(text, "\\\\");
        break;
    default:
        smpi_text_print(text, "\\u%04x", (unsigned)c);
        break;
    }
}

void smpi_text_escape(struct smpi_text *text, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t at = 0; at < len;) {
        uint32_t c;
        size_t step = smpi_utf8_decode(bytes + at, len - at, &c);
        if (step == 0) {
            smpi_text_print(text, "\\x%02x", bytes[at]);
            step = 1;
        } else if (is_control(c) || c == '"' || c == '\\') {
            escape_character(text, c);
        } else {
            add(text, (const char *)bytes + at, step);
        }
        at += step;
    }
}

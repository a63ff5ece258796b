/* SPDX-License-Identifier: Apache-2.0 */
#include "hex.h"

#include <string.h>

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_read(const char *text, uint8_t *data, size_t capacity, size_t *len)
{
    *len = 0;
    text += strncmp(text, "0x", 2) == 0 ? 2 : 0;
    while (*text) {
        if (strchr(" \t\r\n:-", *text)) {
            text++;
            continue;
        }
        int high = digit(text[0]);
        int low = high < 0 ? -1 : digit(text[1]);
        if (low < 0 || *len == capacity) {
            return false;
        }
        data[(*len)++] = (uint8_t)(high << 4 | low);
        text += 2;
    }
    return true;
}

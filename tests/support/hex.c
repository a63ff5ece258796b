/* SPDX-License-Identifier: Apache-2.0 */
#include "support/hex.h"

#include "support/world.h"

#include <string.h>

static int digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    WORLD_MUST(at != NULL);
    return (int)(at - digits);
}

size_t hex_read(const char *hex, uint8_t *bytes, size_t size)
{
    size_t len = 0;
    for (;;) {
        while (*hex == ' ' || *hex == '\n') {
            hex++;
        }
        if (*hex == '\0') {
            return len;
        }
        WORLD_MUST(len < size);
        int high = digit(hex[0]);
        bytes[len++] = (uint8_t)(high << 4 | digit(hex[1]));
        hex += 2;
    }
}

const char *hex_write(const uint8_t *bytes, size_t len, char *text, size_t size)
{
    const char *digits = "0123456789abcdef";
    size_t used = 0;
    for (size_t i = 0; i < len && used + 3 <= size; i++) {
        text[used++] = digits[bytes[i] >> 4];
        text[used++] = digits[bytes[i] & 15];
    }
    text[used] = '\0';
    return text;
}

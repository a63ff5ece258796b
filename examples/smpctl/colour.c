/* SPDX-License-Identifier: Apache-2.0 */
#include "colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool colour_wanted(FILE *file)
{
    const char *no_color = getenv("NO_COLOR"); /* see no-color.org: any text but none */
    const char *terminal = getenv("TERM");
    return !(no_color && *no_color) && terminal && *terminal && strcmp(terminal, "dumb") != 0 &&
           fileno(file) >= 0 && isatty(fileno(file));
}

/* Reset, bold, faint, italic, underlined, their ends, and the 16 colours. */
static bool is_harmless(unsigned code)
{
    return code <= 4 || (code >= 22 && code <= 24) || (code >= 30 && code <= 37) || code == 39 ||
           (code >= 40 && code <= 47) || code == 49 || (code >= 90 && code <= 97) ||
           (code >= 100 && code <= 107);
}

size_t colour_sequence(const char *text, size_t len, char *safe, size_t size)
{
    size_t i = 2;
    size_t n = 0;
    *safe = '\0';
    if (len < 3 || text[0] != '\033' || text[1] != '[') {
        return 0;
    }
    while (i < len) {
        unsigned code = 0;
        while (i < len && text[i] >= '0' && text[i] <= '9') {
            code = code < 1000 ? code * 10 + (unsigned)(text[i] - '0') : code;
            i++;
        }
        if (is_harmless(code) && n + 8 < size) {
            n += (size_t)snprintf(safe + n, size - n, "\033[%um", code);
        }
        if (i < len && text[i] == 'm') {
            return i + 1;
        }
        if (i >= len || text[i] != ';') {
            break;
        }
        i++;
    }
    *safe = '\0';
    return 0;
}

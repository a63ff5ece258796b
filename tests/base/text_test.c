/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <criterion/criterion.h>

#include <string.h>

static const char *escaped(const char *data, size_t len)
{
    static char buffer[256];
    struct smpi_text text;

    smpi_text_init(&text, buffer, sizeof(buffer));
    smpi_text_escape(&text, data, len);
    cr_assert_eq(text.len, strlen(buffer));
    return buffer;
}

Test(text, follows_snprintfs_rule)
{
    char buffer[8];
    struct smpi_text text;

    memset(buffer, 'x', sizeof(buffer));
    smpi_text_init(&text, buffer, 6);
    cr_assert_str_eq(buffer, "");
    smpi_text_add(&text, "abc");
    smpi_text_print(&text, "%d", 12345);
    smpi_text_add(&text, "more");
    cr_assert_str_eq(buffer, "abc12");
    cr_assert_eq(text.len, 12);
    cr_assert_eq(buffer[6], 'x');
}

Test(text, counts_without_a_buffer)
{
    struct smpi_text text;
    char one = 'x';

    smpi_text_init(&text, NULL, 0);
    smpi_text_add(&text, "abc");
    smpi_text_hex(&text, (const uint8_t *)"\x01\xfe", 2);
    cr_assert_eq(text.len, 7);
    smpi_text_init(&text, &one, 1);
    smpi_text_add(&text, "abc");
    cr_assert_eq(one, '\0');
}

Test(text, writes_hex)
{
    char buffer[16];
    struct smpi_text text;

    smpi_text_init(&text, buffer, sizeof(buffer));
    smpi_text_hex(&text, (const uint8_t *)"\x00\x7f\xa0", 3);
    cr_assert_str_eq(buffer, "007fa0");
}

Test(text, escapes_what_could_fool_a_terminal_or_a_log)
{
    cr_assert_str_eq(escaped("plain", 5), "plain");
    cr_assert_str_eq(escaped("a\nb\r\tc", 6), "a\\nb\\r\\tc");
    cr_assert_str_eq(escaped("\x1b[31m", 5), "\\u001b[31m");
    cr_assert_str_eq(escaped("say \"no\" \\", 10), "say \\\"no\\\" \\\\");
    cr_assert_str_eq(escaped("\0\x7f", 2), "\\u0000\\u007f");
    cr_assert_str_eq(escaped("\xc2\x9b", 2), "\\u009b");
    cr_assert_str_eq(escaped("\xe2\x80\xae", 3), "\\u202e");
}

Test(text, keeps_utf8_and_shows_what_is_none)
{
    cr_assert_str_eq(escaped("gr\xc3\xb6\xc3\x9f"
                             "er",
                             8),
                     "gr\xc3\xb6\xc3\x9f"
                     "er");
    cr_assert_str_eq(escaped("\xff\xc3", 2), "\\xff\\xc3");
    cr_assert_str_eq(escaped("\xed\xa0\x80", 3), "\\xed\\xa0\\x80");
}

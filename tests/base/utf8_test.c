/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors after RFC 3629 and Unicode's table 3-7 of well-formed sequences. */
#include "base/utf8.h"

#include <criterion/criterion.h>

#include <string.h>

static bool valid(const char *text)
{
    return smpi_utf8_valid((const uint8_t *)text, strlen(text));
}

Test(utf8, accepts_the_first_and_last_of_each_length)
{
    cr_assert(valid(""));
    cr_assert(valid("\x7f"));
    cr_assert(valid("\xc2\x80"));
    cr_assert(valid("\xdf\xbf"));
    cr_assert(valid("\xe0\xa0\x80"));
    cr_assert(valid("\xed\x9f\xbf"));
    cr_assert(valid("\xee\x80\x80"));
    cr_assert(valid("\xef\xbf\xbf"));
    cr_assert(valid("\xf0\x90\x80\x80"));
    cr_assert(valid("\xf4\x8f\xbf\xbf"));
    cr_assert(smpi_utf8_valid((const uint8_t *)"a\0b", 3));
}

Test(utf8, refuses_what_is_not_the_shortest_form_a_surrogate_or_too_high)
{
    static const char *const wrong[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xfe",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_assert_not(valid(wrong[i]), "vector %zu", i);
}

Test(utf8, refuses_sequences_that_are_cut_or_broken)
{
    cr_assert_not(valid("\xc3"));
    cr_assert_not(valid("\xe2\x82"));
    cr_assert_not(valid("\xf0\x9f\x98"));
    cr_assert_not(valid("\xe2(\xa1"));
    cr_assert_not(valid("\xc3\xc3"));
}

/* The stride of eight must neither skip a byte nor look past the end. */
Test(utf8, finds_a_bad_byte_at_every_place_of_every_length)
{
    uint8_t text[40];

    for (size_t len = 1; len <= sizeof(text); len++) {
        memset(text, 'a', sizeof(text));
        cr_assert(smpi_utf8_valid(text, len));
        for (size_t at = 0; at < len; at++) {
            text[at] = 0xff;
            cr_assert_not(smpi_utf8_valid(text, len), "length %zu, byte %zu", len, at);
            text[at] = 'a';
        }
        text[len < sizeof(text) ? len : 0] = len < sizeof(text) ? 0xff : 'a';
        cr_assert(smpi_utf8_valid(text, len), "byte %zu was looked at", len);
    }
}

Test(utf8, decodes_characters)
{
    uint32_t c = 0;

    cr_assert_eq(smpi_utf8_decode((const uint8_t *)"A", 1, &c), 1);
    cr_assert_eq(c, 'A');
    cr_assert_eq(smpi_utf8_decode((const uint8_t *)"\xc3\xa4", 2, &c), 2);
    cr_assert_eq(c, 0xe4);
    cr_assert_eq(smpi_utf8_decode((const uint8_t *)"\xe2\x82\xac", 3, &c), 3);
    cr_assert_eq(c, 0x20ac);
    cr_assert_eq(smpi_utf8_decode((const uint8_t *)"\xf0\x9f\x98\x80", 4, &c), 4);
    cr_assert_eq(c, 0x1f600);
    cr_assert_eq(smpi_utf8_decode((const uint8_t *)"\xf0\x9f\x98\x80", 3, &c), 0);
}

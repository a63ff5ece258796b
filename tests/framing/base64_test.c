/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/base64.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* RFC 4648, 10. */
static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void expect_decoded(const char *text, bool strict, const char *wanted)
{
    uint8_t data[64];
    /* Exactly as large as its contents: a sanitizer sees a read past the end. */
    char *copy = malloc(strlen(text) + 1);
    memcpy(copy, text, strlen(text));
    size_t len = smpi_base64_decode(copy, strlen(text), strict, data);
    if (wanted == NULL) {
        cr_expect_eq(len, SMPI_BASE64_BAD, "\"%s\" was taken, %s", text,
                     strict ? "strict" : "tolerant");
    } else {
        cr_expect(len == strlen(wanted) && memcmp(data, wanted, len) == 0,
                  "\"%s\" gave %zu bytes, %s", text, len, strict ? "strict" : "tolerant");
    }
    free(copy);
}

Test(base64, vectors_of_the_rfc)
{
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const char *data = vectors[i][0];
        char text[16] = {0};
        cr_expect_eq(smpi_base64_size(strlen(data)), strlen(vectors[i][1]));
        smpi_base64_encode((const uint8_t *)data, strlen(data), text);
        cr_expect_str_eq(text, vectors[i][1]);
        expect_decoded(vectors[i][1], true, data);
        expect_decoded(vectors[i][1], false, data);
    }
}

Test(base64, every_character_has_its_value)
{
    static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned value = 0; value < 64; value++) {
        uint8_t data[3] = {(uint8_t)(value << 2), 0, 0};
        char text[4];
        smpi_base64_encode(data, 3, text);
        cr_expect_eq(text[0], all[value]);
        cr_expect_eq(smpi_base64_decode(text, 4, true, data), 3);
        cr_expect_eq(data[0], value << 2);
    }
    for (int c = 0; c < 256; c++) {
        char text[4] = {(char)c, 'A', 'A', 'A'};
        uint8_t data[3];
        bool member = c != 0 && strchr(all, c) != NULL;
        cr_expect_eq(smpi_base64_decode(text, 4, false, data) == 3, member, "%02x", c);
    }
}

Test(base64, tolerant_takes_what_sloppy_senders_write)
{
    expect_decoded("Zg", false, "f");
    expect_decoded("Zg=", false, "f");
    expect_decoded("Zm8", false, "fo");
    expect_decoded("Zm9v\r", false, "foo");
    expect_decoded("Zg== \t\r", false, "f");
    expect_decoded("Zh==", false, "f"); /* unused bits set */
    expect_decoded("   ", false, "");
}

Test(base64, strict_takes_what_mcuboot_takes)
{
    expect_decoded("Zg", true, NULL);
    expect_decoded("Zg=", true, NULL);
    expect_decoded("Zm8", true, NULL);
    expect_decoded("Zm9v\r", true, NULL);
    expect_decoded("Zg== ", true, "f");
    expect_decoded("Zh==", true, "f");
}

Test(base64, nobody_takes_what_is_none)
{
    static const char *const bad[] = {
        "Z",    "Zm9vY",    "=",         "====",  "Zm9v=", "Zg===",      "Zm8==",      "Zm=v",
        "Z===", "Zg==Zg==", "Zm9v Zm9v", " Zm9v", "Zm-_",  "Zm9v\nZm9v", "\x06\tZm9v",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        expect_decoded(bad[i], true, NULL);
        expect_decoded(bad[i], false, NULL);
    }
}

Test(base64, decodes_where_it_stands)
{
    char text[] = "Zm9vYmFy";
    cr_expect_eq(smpi_base64_decode(text, 8, true, (uint8_t *)text), 6);
    cr_expect_eq(memcmp(text, "foobar", 6), 0);
}

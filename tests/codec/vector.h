/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte vectors as people write them: hex digits, and text between single
 * quotes.  "bf 63'off' 190c00 ff" is {_ "off": 3072}.
 */
#ifndef TESTS_CODEC_VECTOR_H
#define TESTS_CODEC_VECTOR_H

#include "codec/decode.h"

#include <criterion/criterion.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static inline uint8_t vector_digit(char c)
{
    cr_assert(isxdigit((unsigned char)c), "'%c' is not a hex digit", c);
    return (uint8_t)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

/* Exactly as large as its contents, so that a sanitizer sees a read past the end. */
static inline struct smp_bytes vector_copy(const void *data, size_t len)
{
    static void *kept[256]; /* reachable until the test ends */
    static size_t n_kept;

    uint8_t *copy = malloc(len > 0 ? len : 1);
    cr_assert(copy && n_kept < sizeof(kept) / sizeof(kept[0]));
    kept[n_kept++] = copy;
    if (len > 0)
        memcpy(copy, data, len);
    return (struct smp_bytes){.data = copy, .len = len};
}

static inline struct smp_bytes vector(const char *notation)
{
    uint8_t bytes[4096];
    size_t len = 0;

    for (const char *at = notation; *at != '\0';) {
        cr_assert(len < sizeof(bytes));
        if (*at == ' ') {
            at++;
        } else if (*at == '\'') {
            for (at++; *at != '\''; at++)
                bytes[len++] = (uint8_t)*at;
            at++;
        } else {
            bytes[len++] = (uint8_t)(vector_digit(at[0]) << 4 | vector_digit(at[1]));
            at += 2;
        }
    }
    return vector_copy(bytes, len);
}

static inline void expect_bytes(const uint8_t *data, size_t len, const char *notation)
{
    struct smp_bytes wanted = vector(notation);

    cr_assert_eq(len, wanted.len, "%zu bytes, not %zu", len, wanted.len);
    for (size_t i = 0; i < len; i++)
        cr_assert_eq(data[i], wanted.data[i], "byte %zu is %02x, not %02x", i, data[i],
                     wanted.data[i]);
}

static inline void expect_str(struct smp_str str, const char *wanted)
{
    cr_assert_eq(str.len, strlen(wanted), "\"%.*s\" is not \"%s\"", (int)str.len, str.data, wanted);
    cr_assert(str.len == 0 || memcmp(str.data, wanted, str.len) == 0, "\"%.*s\" is not \"%s\"",
              (int)str.len, str.data, wanted);
}

/* Decodes into memory that lasts until the next call. */
static inline struct smp_result decode_bytes(const struct smp_message *message,
                                             struct smp_bytes payload, bool is_answer)
{
    static _Alignas(max_align_t) uint8_t memory[65536];
    struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
    struct smp_result result;

    memset(&result, 0x5a, sizeof(result));
    memset(memory, 0x5a, sizeof(memory));
    int error = smpi_decode(message, payload, is_answer, &arena, &result);
    cr_assert_eq(error, result.error);
    cr_assert_eq(result.payload.data, payload.data);
    return result;
}

static inline struct smp_result decode_answer(const struct smp_message *message,
                                              const char *notation)
{
    return decode_bytes(message, vector(notation), true);
}

/* An answer that is not a valid one, with the key that was wrong, or NULL. */
static inline void expect_malformed(const struct smp_message *message, const char *notation,
                                    const char *key)
{
    struct smp_result result = decode_answer(message, notation);

    cr_assert_eq(result.error, SMP_ERR_MALFORMED, "%s gives %s", notation,
                 smp_error_name(result.error));
    cr_assert_null(result.rsp);
    cr_assert_null(result.message);
    cr_assert_eq(result.rc, 0);
    if (key)
        cr_assert_str_eq(result.key ? result.key : "no key", key, "%s: key %s", notation,
                         result.key ? result.key : "NULL");
    else
        cr_assert_null(result.key, "%s: key %s", notation, result.key);
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What no device should send: every case ends in bounded time, in bounded
 * memory, with an error.  Vectors are allocated to the byte, so that a
 * sanitizer sees any read past the end.
 */
#include "codec/tables.h"
#include "codec/vector.h"

#include <stdio.h>

static const struct smp_message *const messages[] = {
    NULL, &t_upload, &t_offset, &t_state, &t_pools, &t_root, &t_counters, &t_all, &t_shell,
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

/* An image list that uses most of what CBOR has. */
static const char *const rich =
    "bf 62'rc' 00 66'images' 9f bf 64'slot' 00 67'version' 7f 63'1.0' 62'.0' ff "
    "64'hash' 5820 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff "
    "68'bootable' f5 61'x' 82 f93c00 a1 c1 00 f8ff ff "
    "a2 64'slot' 1801 67'version' 6b'1.2.3.45678' ff 6b'splitStatus' 20 ff";

Test(hostile, every_cut_of_an_answer_is_malformed)
{
    struct smp_bytes whole = vector(rich);

    cr_assert_eq(decode_bytes(&t_state, whole, true).error, SMP_OK);
    for (size_t len = 1; len < whole.len; len++) {
        struct smp_bytes cut = vector_copy(whole.data, len);
        for (size_t i = 0; i < 2; i++) {
            struct smp_result result = decode_bytes(i ? &t_state : NULL, cut, true);
            cr_assert_eq(result.error, SMP_ERR_MALFORMED, "cut at %zu", len);
            cr_assert_null(result.rsp);
        }
    }
}

/* Walks everything that was decoded, so that a sanitizer sees pointers that are wrong. */
static size_t touch(const struct smp_message *message, const void *record)
{
    size_t sum = *(const size_t *)record;

    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        struct smp_value value;
        if (smp_field_get(field, record, &value) == SMP_OK &&
            (value.kind == SMP_KIND_STR || value.kind == SMP_KIND_BYTES))
            for (size_t j = 0; j < value.as.bytes.len; j++)
                sum += value.as.bytes.data[j];
        for (size_t j = 0; j < smp_field_count(field, record); j++) {
            const void *element = smp_field_element(field, record, j);
            if (element)
                sum += touch(smp_field_message(field), element);
        }
    }
    return sum;
}

Test(hostile, every_changed_byte_gives_a_result_that_can_be_walked)
{
    struct smp_bytes whole = vector(rich);
    uint8_t bytes[512];
    size_t sum = 0;

    memcpy(bytes, whole.data, whole.len);
    for (size_t at = 0; at < whole.len; at++) {
        for (unsigned value = 0; value < 256; value++) {
            bytes[at] = (uint8_t)value;
            for (size_t i = 0; i < MESSAGES; i++) {
                struct smp_bytes payload = {bytes, whole.len};
                struct smp_result result = decode_bytes(messages[i], payload, true);
                cr_assert(result.error == SMP_OK || result.error == SMP_ERR_DEVICE ||
                          result.error == SMP_ERR_MALFORMED);
                cr_assert_eq(result.error == SMP_ERR_DEVICE, result.rc != 0);
                if (result.rsp)
                    sum += touch(result.message, result.rsp);
            }
        }
        bytes[at] = whole.data[at];
    }
    cr_assert_gt(sum, 0);
}

Test(hostile, lengths_that_lie_are_refused_at_once)
{
    static const char *const vectors[] = {
        "bb1000000000000000",
        "bbffffffffffffffff 00",
        "a1 66'images' 9b1000000000000000",
        "a1 66'images' 9b1000000000000000 a0",
        "a1 66'images' 9bffffffffffffffff a0 a0 a0",
        "a1 67'numbers' 9a7fffffff 00",
        "a1 67'numbers' 9a00010000 00",
        "a1 63'str' 7bffffffffffffffff 00",
        "a1 63'str' 7b7fffffffffffffff 00",
        "a1 65'bytes' 5affffffff 00",
        "a1 65'value' bb4000000000000000 00",
        "a1 61'x' 9b2000000000000000",
        "a1 65'bytes' 5f 5bfffffffffffffff0 00 ff",
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        for (size_t j = 0; j < MESSAGES; j++)
            cr_assert_eq(decode_answer(messages[j], vectors[i]).error, SMP_ERR_MALFORMED, "%s",
                         vectors[i]);
}

Test(hostile, what_is_not_a_map_is_malformed)
{
    static const char *const vectors[] = {"80", "9f ff", "00", "20",    "60", "40",     "f6", "f4",
                                          "ff", "1c",    "c1", "c1 80", "f8", "f93c00", "fc"};

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        expect_malformed(&t_offset, vectors[i], NULL);
}

Test(hostile, breaks_out_of_place_are_malformed)
{
    expect_malformed(&t_offset, "bf 63'off' ff", "off");
    expect_malformed(&t_offset, "bf 63'off' ff ff", "off");
    expect_malformed(&t_offset, "a1 ff 00", NULL);
    expect_malformed(&t_offset, "a1 63'off' ff", "off");
    expect_malformed(&t_offset, "bf 61'x' ff ff", NULL);
    expect_malformed(&t_state, "a1 66'images' 81 ff", "images");
    expect_malformed(&t_pools, "a1 66'mpools' bf 61'a' ff ff", "mpools");
}

/* `depth` maps in each other under a key that no table knows. */
static struct smp_bytes nested(size_t depth)
{
    static uint8_t bytes[8192];
    size_t len = 0;

    for (size_t i = 0; i + 1 < depth; i++) {
        memcpy(bytes + len, "\xa1\x61x", 3);
        len += 3;
    }
    bytes[len++] = 0xa0;
    return (struct smp_bytes){bytes, len};
}

Test(hostile, nesting_ends_at_eight)
{
    for (size_t i = 0; i < MESSAGES; i++) {
        int expected = messages[i] == &t_upload || messages[i] == &t_state ||
                               messages[i] == &t_counters || messages[i] == &t_shell
                           ? SMP_ERR_MALFORMED /* required fields are missing anyway */
                           : SMP_OK;
        cr_assert_eq(decode_bytes(messages[i], nested(8), true).error, expected);
        cr_assert_eq(decode_bytes(messages[i], nested(9), true).error, SMP_ERR_MALFORMED);
        cr_assert_eq(decode_bytes(messages[i], nested(1000), true).error, SMP_ERR_MALFORMED);
    }
}

/* A record that may hold itself: following it ends at eight too. */
struct t_self {
    size_t size;
    const struct t_self *self;
    size_t n_list;
    const struct t_self *const *list;
    size_t n_map;
    const struct t_pool *const *map;
};
static const struct smp_message t_self;
static const struct smp_field t_self_fields[] = {
    SMPI_RECORD(t_self, "self", self, t_self, t_self, SMPI_OPTIONAL),
    SMPI_LIST_OPT(t_self, "list", list, t_self, t_self),
    SMPI_MAP_ALIAS(t_self, "map", "m", map, t_pool, t_pool, SMPI_OPTIONAL),
};
static const struct smp_message t_self = SMPI_MESSAGE(t_self, t_self_fields);

Test(hostile, what_is_followed_ends_at_eight)
{
    char notation[256];

    for (int depth = 1; depth < 20; depth++) {
        notation[0] = '\0';
        for (int i = 1; i < depth; i++)
            strcat(notation, "a1 64'self' ");
        strcat(notation, "a0");
        cr_assert_eq(decode_answer(&t_self, notation).error,
                     depth <= 8 ? SMP_OK : SMP_ERR_MALFORMED, "%d records", depth);
        notation[0] = '\0';
        for (int i = 1; i + 1 < depth; i += 2)
            strcat(notation, "a1 64'list' 81 ");
        strcat(notation, "a0");
        cr_assert_eq(decode_answer(&t_self, notation).error,
                     depth <= 8 ? SMP_OK : SMP_ERR_MALFORMED, "%d lists and records", depth);
    }
}

Test(hostile, an_empty_list_or_map_counts_as_a_level)
{
    char notation[256] = "";

    for (int i = 1; i < 7; i++)
        strcat(notation, "a1 64'self' ");
    size_t len = strlen(notation);
    strcat(notation, "a1 64'list' 80");
    cr_assert_eq(decode_answer(&t_self, notation).error, SMP_OK);
    strcpy(notation + len, "a1 64'self' a1 64'list' 80");
    cr_assert_eq(decode_answer(&t_self, notation).error, SMP_ERR_MALFORMED);
    strcpy(notation + len, "a1 64'self' a1 63'map' a0");
    cr_assert_eq(decode_answer(&t_self, notation).error, SMP_ERR_MALFORMED);
}

/* `head`, `count` times `entry`, `tail`. */
static struct smp_bytes repeated(const char *head, const char *entry, size_t count,
                                 const char *tail)
{
    struct smp_bytes parts[] = {vector(head), vector(entry), vector(tail)};
    uint8_t *bytes = malloc(parts[0].len + count * parts[1].len + parts[2].len);
    size_t len = parts[0].len;

    cr_assert_not_null(bytes);
    memcpy(bytes, parts[0].data, len);
    for (size_t i = 0; i < count; i++, len += parts[1].len)
        memcpy(bytes + len, parts[1].data, parts[1].len);
    memcpy(bytes + len, parts[2].data, parts[2].len);
    return (struct smp_bytes){bytes, len + parts[2].len};
}

static int decode_repeated(const struct smp_message *message, const char *head, const char *entry,
                           const char *tail)
{
    struct smp_bytes payload = repeated(head, entry, 1000000, tail);
    int error = decode_bytes(message, payload, true).error;

    free((void *)payload.data);
    return error;
}

Test(hostile, a_million_entries_take_bounded_time_and_memory, .timeout = 20)
{
    cr_assert_eq(decode_repeated(&t_offset, "bf", "61'x' 00", "63'off' 05 ff"), SMP_OK);
    cr_assert_eq(decode_repeated(&t_offset, "bf 61'x' 9f", "80", "ff ff"), SMP_OK);
    cr_assert_eq(decode_repeated(&t_offset, "bf 61'x' 7f", "60", "ff ff"), SMP_OK);
    cr_assert_eq(decode_repeated(&t_offset, "bf 63'off'", "c1", "05 ff"), SMP_OK);
    cr_assert_eq(decode_repeated(&t_all, "bf 65'texts' 9f", "60", "ff ff"), SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_all, "bf 67'numbers' 9f", "00", "ff ff"), SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_all, "bf 65'bytes' 5f", "41 00", "ff ff"), SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_state, "bf 66'images' 9f", "a0", "ff ff"), SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_pools, "bf 66'mpools' bf", "60 a0", "ff ff"),
                 SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_root, "bf", "60 a0", "ff"), SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_counters, "bf 66'fields' bf", "60 00", "ff ff"),
                 SMP_ERR_TOO_LARGE);
    cr_assert_eq(decode_repeated(&t_offset, "bf", "7f 61'x' ff 00", "ff"), SMP_ERR_TOO_LARGE);
}

Test(hostile, an_arena_that_is_too_small_is_said_so_at_every_size)
{
    static _Alignas(max_align_t) uint8_t memory[2048];
    struct smp_bytes payload = vector(rich);
    int last = SMP_ERR_TOO_LARGE;

    for (size_t size = 0; size <= sizeof(memory); size += 8) {
        struct smpi_arena arena = {.base = memory, .size = size};
        struct smp_result result = {0};
        int error = smpi_decode(&t_state, payload, true, &arena, &result);
        cr_assert(error == SMP_OK || error == SMP_ERR_TOO_LARGE);
        cr_assert(error != SMP_ERR_TOO_LARGE || last == SMP_ERR_TOO_LARGE, "size %zu", size);
        cr_assert_eq(result.rsp == NULL, error != SMP_OK);
        cr_assert_null(result.key);
        cr_assert_leq(arena.used, arena.size);
        last = error;
    }
    cr_assert_eq(last, SMP_OK);
}

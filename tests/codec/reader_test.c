/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors after RFC 8949, appendices A and F. */
#include "codec/reader.h"
#include "codec/vector.h"

static _Alignas(max_align_t) uint8_t memory[1024];

static struct smpi_reader reader_of(struct smp_bytes bytes)
{
    return (struct smpi_reader){bytes.data, bytes.data + bytes.len};
}

static struct smpi_item read_one(const char *notation)
{
    struct smpi_reader reader = reader_of(vector(notation));
    struct smpi_item item = {0};

    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK, "%s", notation);
    cr_assert(item.indefinite || item.kind == SMPI_ITEM_ARRAY || item.kind == SMPI_ITEM_MAP ||
                  smpi_reader_left(&reader) == 0,
              "%s: %zu bytes left", notation, smpi_reader_left(&reader));
    return item;
}

static int skip_all(struct smp_bytes bytes)
{
    struct smpi_reader reader = reader_of(bytes);
    struct smpi_item item;

    if (smpi_reader_next(&reader, &item) != SMP_OK)
        return SMP_ERR_MALFORMED;
    int error = smpi_reader_skip(&reader, &item, 0);
    cr_assert(error != SMP_OK || smpi_reader_left(&reader) == 0, "bytes left");
    return error;
}

Test(reader, reads_integers_of_every_width)
{
    static const struct {
        const char *cbor;
        enum smpi_item_kind kind;
        uint64_t number;
    } vectors[] = {
        {"00", SMPI_ITEM_UINT, 0},
        {"17", SMPI_ITEM_UINT, 23},
        {"1818", SMPI_ITEM_UINT, 24},
        {"1900ff", SMPI_ITEM_UINT, 255}, /* not the shortest form, but allowed */
        {"1a000f4240", SMPI_ITEM_UINT, 1000000},
        {"1bffffffffffffffff", SMPI_ITEM_UINT, UINT64_MAX},
        {"20", SMPI_ITEM_NEGINT, 0},
        {"3863", SMPI_ITEM_NEGINT, 99},
        {"3903e7", SMPI_ITEM_NEGINT, 999},
        {"3a00010000", SMPI_ITEM_NEGINT, 65536},
        {"3bffffffffffffffff", SMPI_ITEM_NEGINT, UINT64_MAX},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct smpi_item item = read_one(vectors[i].cbor);
        cr_assert_eq(item.kind, vectors[i].kind, "%s", vectors[i].cbor);
        cr_assert_eq(item.number, vectors[i].number, "%s", vectors[i].cbor);
    }
}

Test(reader, reads_simple_values_the_unassigned_too)
{
    cr_assert_eq(read_one("f4").kind, SMPI_ITEM_BOOL);
    cr_assert_eq(read_one("f4").number, 0);
    cr_assert_eq(read_one("f5").number, 1);
    cr_assert_eq(read_one("f6").kind, SMPI_ITEM_NULL);
    cr_assert_eq(read_one("f7").kind, SMPI_ITEM_NULL);
    cr_assert_eq(read_one("f0").kind, SMPI_ITEM_SIMPLE);
    cr_assert_eq(read_one("f0").number, 16);
    cr_assert_eq(read_one("f8ff").number, 255);
    cr_assert_eq(read_one("f820").number, 32);
}

Test(reader, reads_floats)
{
    cr_assert_eq(read_one("f93c00").kind, SMPI_ITEM_FLOAT);
    cr_assert_eq(read_one("f93c00").real, 1.0);
    cr_assert_eq(read_one("fa47c35000").real, 100000.0);
    cr_assert_eq(read_one("fbc010666666666666").real, -4.1);
}

Test(reader, steps_over_tags)
{
    struct smpi_item item = read_one("c1 d818 d9d9f7 1a514b67b0");

    cr_assert_eq(item.kind, SMPI_ITEM_UINT);
    cr_assert_eq(item.number, 1363896240);
    cr_assert_eq(item.start[0], 0x1a);
}

Test(reader, refuses_what_is_not_well_formed)
{
    /* ends too early, reserved heads, breaks out of place, two-byte simple below 32 */
    static const char *const wrong[] = {
        "",
        "18",
        "19 00",
        "1a 000000",
        "1b 00000000000000",
        "38",
        "58",
        "78",
        "98",
        "b8",
        "f8",
        "f9 00",
        "fa 000000",
        "fb 00000000000000",
        "c0",
        "c1 c1",
        "1c",
        "1d",
        "1e",
        "1f",
        "3c",
        "3f",
        "5c",
        "7d",
        "9e",
        "bc",
        "dc",
        "df",
        "fc",
        "fd",
        "fe",
        "ff",
        "f800",
        "f818",
        "f81f",
        "c1 ff",
        "41",
        "61",
        "43 0000",
        "63'ab'",
        "5affffffff 00",
        "7bffffffffffffffff 00",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct smpi_reader reader = reader_of(vector(wrong[i]));
        struct smpi_item item;
        cr_assert_eq(smpi_reader_next(&reader, &item), SMP_ERR_MALFORMED, "%s", wrong[i]);
    }
}

Test(reader, refuses_counts_that_cannot_be_true)
{
    static const char *const wrong[] = {
        "9b1000000000000000", "9bffffffffffffffff 00", "bb1000000000000000", "81", "82 00", "a1 00",
        "a2 00 00 00",        "bb8000000000000000 00", "9a00010000 0000",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct smpi_reader reader = reader_of(vector(wrong[i]));
        struct smpi_item item;
        cr_assert_eq(smpi_reader_next(&reader, &item), SMP_ERR_MALFORMED, "%s", wrong[i]);
    }
}

Test(reader, gives_strings_as_views_and_joins_chunks)
{
    struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
    struct smp_bytes cbor = vector("65'hello'");
    struct smpi_reader reader = reader_of(cbor);
    struct smpi_item item;
    struct smp_bytes string;

    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
    cr_assert_eq(smpi_reader_string(&reader, &item, &arena, &string), SMP_OK);
    cr_assert_eq(string.data, cbor.data + 1);
    cr_assert_eq(arena.used, 0);

    reader = reader_of(vector("7f 62'he' 60 7803'llo' ff 00"));
    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
    cr_assert_eq(smpi_reader_string(&reader, &item, &arena, &string), SMP_OK);
    expect_bytes(string.data, string.len, "'hello'");
    cr_assert_eq(smpi_reader_left(&reader), 1);

    reader = reader_of(vector("5f ff"));
    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
    cr_assert_eq(smpi_reader_string(&reader, &item, &arena, &string), SMP_OK);
    cr_assert_eq(string.len, 0);
}

Test(reader, refuses_chunks_of_another_kind)
{
    static const char *const wrong[] = {
        "7f 41'a' ff", "5f 61'a' ff", "5f 00 ff", "5f c1 41'a' ff", "7f 7f 61'a' ff ff", "5f 41'a'",
        "5f 42'a' ff", "5f 81 00 ff", "7f",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
        struct smpi_reader reader = reader_of(vector(wrong[i]));
        struct smpi_item item;
        struct smp_bytes string;
        cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
        cr_assert_eq(smpi_reader_string(&reader, &item, &arena, &string), SMP_ERR_MALFORMED, "%s",
                     wrong[i]);
        cr_assert_eq(skip_all(vector(wrong[i])), SMP_ERR_MALFORMED, "%s", wrong[i]);
    }
}

Test(reader, says_so_when_the_arena_is_too_small_for_the_chunks)
{
    struct smpi_arena arena = {.base = memory, .size = 4};
    struct smpi_reader reader = reader_of(vector("5f 43000000 42 0000 ff"));
    struct smpi_item item;
    struct smp_bytes string;

    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
    cr_assert_eq(smpi_reader_string(&reader, &item, &arena, &string), SMP_ERR_TOO_LARGE);
}

Test(reader, walks_containers_of_both_kinds)
{
    static const char *const arrays[] = {"83 01 02 03", "9f 01 02 03 ff"};

    for (size_t i = 0; i < 2; i++) {
        struct smpi_reader reader = reader_of(vector(arrays[i]));
        struct smpi_item array;
        struct smpi_item item;
        uint64_t sum = 0;
        int more;
        cr_assert_eq(smpi_reader_next(&reader, &array), SMP_OK);
        while ((more = smpi_reader_more(&reader, &array)) == 1) {
            cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
            sum += item.number;
        }
        cr_assert_eq(more, 0);
        cr_assert_eq(sum, 6);
        cr_assert_eq(smpi_reader_left(&reader), 0);
    }
    struct smpi_reader reader = reader_of(vector("9f"));
    struct smpi_item array;
    cr_assert_eq(smpi_reader_next(&reader, &array), SMP_OK);
    cr_assert_eq(smpi_reader_more(&reader, &array), SMP_ERR_MALFORMED);
}

Test(reader, skips_anything_that_is_well_formed)
{
    static const char *const right[] = {
        "00",
        "f90000",
        "f8ff",
        "60",
        "7f ff",
        "5f 41'a' 40 ff",
        "80",
        "9f ff",
        "a0",
        "bf ff",
        "82 9f 01 ff a1 00 bf 01 02 ff",
        "bf 61'a' 9f 80 ff 61'b' a1 20 f6 ff",
        "c1 c2 81 c3 00",
        "88 00 00 00 00 00 00 00 81 00",
    };

    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
        cr_assert_eq(skip_all(vector(right[i])), SMP_OK, "%s", right[i]);
}

Test(reader, does_not_skip_over_errors_inside)
{
    static const char *const wrong[] = {
        "81 1c",    "9f 00",    "bf 00 ff",    "bf 00 01 02 ff", "a1 ff 00",
        "a1 00 ff", "82 00 ff", "9f 81 ff ff", "81 82 00",       "bf 61'a' bf 61'b' ff ff",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        cr_assert_eq(skip_all(vector(wrong[i])), SMP_ERR_MALFORMED, "%s", wrong[i]);
}

Test(reader, skips_eight_levels_and_no_more)
{
    cr_assert_eq(skip_all(vector("81 81 81 81 81 81 81 80")), SMP_OK);
    cr_assert_eq(skip_all(vector("81 81 81 81 81 81 81 81 80")), SMP_ERR_MALFORMED);
    cr_assert_eq(skip_all(vector("a1 00 a1 00 a1 00 a1 00 a1 00 a1 00 a1 00 bf ff")), SMP_OK);

    struct smp_bytes bytes = vector("80");
    struct smpi_reader reader = reader_of(bytes);
    struct smpi_item item;
    cr_assert_eq(smpi_reader_next(&reader, &item), SMP_OK);
    cr_assert_eq(smpi_reader_skip(&reader, &item, SMPI_DEPTH_MAX), SMP_ERR_MALFORMED);
}

Test(reader, takes_a_thousand_levels_and_a_million_items_in_its_stride, .timeout = 10)
{
    enum { MILLION = 1000000 };
    uint8_t *bytes = malloc(MILLION);

    cr_assert_not_null(bytes);
    memset(bytes, 0x9f, 1000);
    cr_assert_eq(skip_all((struct smp_bytes){bytes, 1000}), SMP_ERR_MALFORMED);
    memset(bytes, 0xc1, MILLION); /* a million tags */
    cr_assert_eq(skip_all((struct smp_bytes){bytes, MILLION}), SMP_ERR_MALFORMED);
    memset(bytes, 0x40, MILLION); /* a million empty chunks */
    bytes[0] = 0x5f;
    bytes[MILLION - 1] = 0xff;
    cr_assert_eq(skip_all((struct smp_bytes){bytes, MILLION}), SMP_OK);
    bytes[0] = 0x9f;
    cr_assert_eq(skip_all((struct smp_bytes){bytes, MILLION}), SMP_OK);
    free(bytes);
}

Test(reader, takes_short_text_only_when_all_of_it_is_there)
{
    struct smp_bytes text;
    struct smpi_reader reader = reader_of(vector("63'off' 01"));

    cr_assert(smpi_reader_take_short_text(&reader, &text));
    expect_bytes(text.data, text.len, "'off'");
    cr_assert_eq(smpi_reader_left(&reader), 1);
    cr_assert_not(smpi_reader_take_short_text(&reader, &text));
    cr_assert_eq(smpi_reader_left(&reader), 1);

    static const char *const others[] = {"", "63'of'", "43'off'", "7803'off'", "7f ff", "ff", "00"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        reader = reader_of(vector(others[i]));
        cr_assert_not(smpi_reader_take_short_text(&reader, &text), "%s", others[i]);
    }
    reader = reader_of(vector("60"));
    cr_assert(smpi_reader_take_short_text(&reader, &text));
    cr_assert_eq(text.len, 0);
}

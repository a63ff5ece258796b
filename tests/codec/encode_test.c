/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/encode.h"
#include "codec/tables.h"
#include "codec/vector.h"

static uint8_t out[1024];

static int encode(const struct smp_message *message, const void *record, size_t *len)
{
    memset(out, 0xee, sizeof(out));
    return smpi_encode(message, record, NULL, out, sizeof(out), len, NULL);
}

static void expect_encoded(const struct smp_message *message, const void *record,
                           const char *notation)
{
    size_t len = 0;

    cr_assert_eq(encode(message, record, &len), SMP_OK);
    expect_bytes(out, len, notation);
}

static void expect_invalid(const struct smp_message *message, const void *record)
{
    size_t len = 99;

    cr_assert_eq(encode(message, record, &len), SMP_ERR_INVALID);
    cr_assert_eq(len, 0);
}

static struct smp_str str(const char *text)
{
    return (struct smp_str){.data = text, .len = strlen(text)};
}

/* ---- fields ---- */

Test(encode, writes_one_definite_map_of_what_is_present_in_the_tables_order)
{
    struct t_upload upload = {.size = sizeof(upload), .off = 512};

    expect_encoded(&t_upload, &upload, "a1 63'off' 190200");
    upload.has_data = true;
    upload.data = (struct smp_bytes){(const uint8_t *)"\x01\x02\x03", 3};
    expect_encoded(&t_upload, &upload, "a2 63'off' 190200 64'data' 43 010203");
    upload.off = 0;
    upload.has_image = true;
    upload.has_len = true;
    upload.len = 524552;
    upload.has_upgrade = true;
    expect_encoded(&t_upload, &upload,
                   "a5 65'image' 00 63'len' 1a00080108 63'off' 00 64'data' 43 010203 "
                   "67'upgrade' f4");
}

Test(encode, a_null_record_is_an_empty_map)
{
    expect_encoded(&t_upload, NULL, "a0");
    expect_encoded(NULL, NULL, "a0");
}

Test(encode, writes_every_kind_and_width)
{
    struct t_all all = {.size = sizeof(all),
                        .has_b = true,
                        .b = true,
                        .has_u8 = true,
                        .u8 = 255,
                        .has_u16 = true,
                        .u16 = 65535,
                        .has_u32 = true,
                        .u32 = 4294967295u,
                        .has_u64 = true,
                        .u64 = UINT64_MAX,
                        .has_i8 = true,
                        .i8 = -128,
                        .has_i16 = true,
                        .i16 = -2,
                        .has_i32 = true,
                        .i32 = INT32_MIN,
                        .has_i64 = true,
                        .i64 = INT64_MIN,
                        .has_str = true,
                        .has_bytes = true};

    expect_encoded(&t_all, &all,
                   "ab 61'b' f5 62'u8' 18ff 63'u16' 19ffff 63'u32' 1affffffff "
                   "63'u64' 1bffffffffffffffff 62'i8' 387f 63'i16' 21 63'i32' 3a7fffffff "
                   "63'i64' 3b7fffffffffffffff 63'str' 60 65'bytes' 40");
}

Test(encode, writes_values_of_any_kind)
{
    static const struct {
        struct smp_value value;
        const char *cbor;
    } vectors[] = {
        {{.kind = SMP_KIND_BOOL, .as.boolean = true}, "f5"},
        {{.kind = SMP_KIND_UINT, .as.uint = 24}, "1818"},
        {{.kind = SMP_KIND_INT, .as.sint = -1}, "20"},
        {{.kind = SMP_KIND_INT, .as.sint = 5}, "05"},
        {{.kind = SMP_KIND_STR, .as.str = {"a", 1}}, "61'a'"},
        {{.kind = SMP_KIND_BYTES, .as.bytes = {(const uint8_t *)"a", 1}}, "41'a'"},
        {{.kind = SMP_KIND_CBOR, .as.bytes = {(const uint8_t *)"\x82\x00\x01", 3}}, "82 00 01"},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct t_all all = {.size = sizeof(all), .has_value = true, .value = vectors[i].value};
        char notation[64] = "a1 65'value' ";
        expect_encoded(&t_all, &all, strcat(notation, vectors[i].cbor));
    }
}

Test(encode, raw_cbor_must_be_exactly_one_item)
{
    static const char *const wrong[] = {"", "00 00", "82 00", "ff", "1c", "61"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct t_all all = {.size = sizeof(all),
                            .has_value = true,
                            .value = {.kind = SMP_KIND_CBOR, .as.bytes = vector(wrong[i])}};
        expect_invalid(&t_all, &all);
    }
}

/* ---- lists, maps, records ---- */

Test(encode, writes_lists_and_the_empty_ones_that_are_required)
{
    struct t_image images[2] = {
        {.size = sizeof(images[0]), .slot = 0, .version = str("1.0.0")},
        {.size = sizeof(images[0]), .slot = 1, .version = str("1.1.0"), .has_active = true},
    };
    const struct t_image *list[] = {&images[0], &images[1]};
    struct t_state state = {.size = sizeof(state)};

    expect_encoded(&t_state, &state, "a1 66'images' 80");
    state.n_images = 2;
    state.images = list;
    expect_encoded(&t_state, &state,
                   "a1 66'images' 82 a2 64'slot' 00 67'version' 65'1.0.0' "
                   "a3 64'slot' 01 67'version' 65'1.1.0' 66'active' f4");
}

Test(encode, optional_lists_are_left_out_when_empty)
{
    static const struct smp_str texts[] = {{"a", 1}, {"", 0}};
    static const int32_t numbers[] = {-1, 65536};
    struct t_all all = {.size = sizeof(all)};

    expect_encoded(&t_all, &all, "a0");
    all.n_texts = 2;
    all.texts = texts;
    all.n_signed_numbers = 2;
    all.signed_numbers = numbers;
    expect_encoded(&t_all, &all, "a2 65'texts' 82 61'a' 60 66'signed' 82 20 1a00010000");
}

Test(encode, writes_keyed_maps_under_their_key_in_the_root_and_with_bare_values)
{
    struct t_pool pool = {
        .size = sizeof(pool), .name = str("a"), .has_priority = true, .priority = -3};
    struct t_pool empty = {.size = sizeof(empty), .name = str("b")};
    const struct t_pool *list[] = {&pool, &empty};
    struct t_pools pools = {.size = sizeof(pools), .n_pools = 2, .pools = list};
    struct t_counter counter = {.size = sizeof(counter), .name = str("rx"), .value = 7};
    const struct t_counter *counter_list[] = {&counter};
    struct t_counters counters = {.size = sizeof(counters), .n_fields = 1, .fields = counter_list};

    expect_encoded(&t_pools, &pools, "a1 66'mpools' a2 61'a' a1 64'prio' 22 61'b' a0");
    expect_encoded(&t_root, &pools, "a2 61'a' a1 64'prio' 22 61'b' a0");
    expect_encoded(&t_counters, &counters, "a1 66'fields' a1 62'rx' 07");
    pools.n_pools = 0;
    expect_encoded(&t_pools, &pools, "a1 66'mpools' a0");
    expect_encoded(&t_root, &pools, "a0");
}

Test(encode, writes_nested_records)
{
    struct t_offset offset = {.size = sizeof(offset), .has_off = true, .off = 1};
    struct t_all all = {.size = sizeof(all), .record = &offset};

    expect_encoded(&t_all, &all, "a1 66'record' a1 63'off' 01");
}

/* ---- structs of another version ---- */

Test(encode, members_past_the_size_count_as_absent)
{
    struct t_offset offset = {
        .size = offsetof(struct t_offset, has_match), .has_off = true, .has_match = true};
    struct t_all all = {.size = offsetof(struct t_all, record), .record = (void *)&all};
    struct t_all shorter = {.size = offsetof(struct t_all, texts), .n_texts = 1000};
    struct t_state no_list = {.size = offsetof(struct t_state, images), .n_images = 1000};

    expect_encoded(&t_offset, &offset, "a1 63'off' 00");
    expect_encoded(&t_all, &all, "a0");
    expect_encoded(&t_all, &shorter, "a0");
    expect_encoded(&t_state, &no_list, "a0");
    offset.size = sizeof(size_t);
    expect_encoded(&t_offset, &offset, "a0");
    offset.size = sizeof(offset) + 100; /* a newer program */
    expect_encoded(&t_offset, &offset, "a2 63'off' 00 65'match' f4");
}

/* A list whose count stands behind it in the struct. */
struct t_late {
    size_t size;
    const struct t_offset *const *list;
    size_t n_list;
};
static const struct smp_field t_late_fields[] = {
    SMPI_LIST(t_late, "list", list, t_offset, t_offset),
};
static const struct smp_message t_late = SMPI_MESSAGE(t_late, t_late_fields);

Test(encode, a_list_whose_count_is_past_the_size_is_absent)
{
    struct t_late late = {.size = offsetof(struct t_late, n_list), .n_list = 1000};

    expect_encoded(&t_late, &late, "a0");
    late = (struct t_late){.size = sizeof(late)};
    expect_encoded(&t_late, &late, "a1 64'list' 80");
}

Test(encode, elements_have_a_size_too)
{
    struct t_image image = {.size = offsetof(struct t_image, has_active),
                            .slot = 1,
                            .version = str("1"),
                            .has_active = true};
    const struct t_image *list[] = {&image};
    struct t_state state = {.size = sizeof(state), .n_images = 1, .images = list};

    expect_encoded(&t_state, &state, "a1 66'images' 81 a2 64'slot' 01 67'version' 61'1'");
    image.size = 0;
    expect_invalid(&t_state, &state);
}

/* ---- mistakes of the caller ---- */

Test(encode, refuses_what_is_inconsistent)
{
    struct t_upload upload = {.size = 0};
    expect_invalid(&t_upload, &upload);
    upload.size = sizeof(size_t) - 1;
    expect_invalid(&t_upload, &upload);

    upload = (struct t_upload){.size = sizeof(upload), .has_data = true, .data = {NULL, 4}};
    expect_invalid(&t_upload, &upload);

    struct t_all all = {.size = sizeof(all), .has_str = true, .str = {NULL, 4}};
    expect_invalid(&t_all, &all);
    all = (struct t_all){.size = sizeof(all), .n_texts = 1};
    expect_invalid(&t_all, &all);
    all = (struct t_all){.size = sizeof(all), .has_value = true};
    expect_invalid(&t_all, &all);

    const struct t_image *none[] = {NULL};
    struct t_state state = {.size = sizeof(state), .n_images = 1, .images = none};
    expect_invalid(&t_state, &state);

    struct t_pool pool = {.size = offsetof(struct t_pool, name)}; /* no key */
    const struct t_pool *list[] = {&pool};
    struct t_pools pools = {.size = sizeof(pools), .n_pools = 1, .pools = list};
    expect_invalid(&t_pools, &pools);
}

struct t_self {
    size_t size;
    const struct t_self *self;
};
static const struct smp_message t_self;
static const struct smp_field t_self_fields[] = {
    SMPI_RECORD(t_self, "self", self, t_self, t_self, SMPI_OPTIONAL),
};
static const struct smp_message t_self = SMPI_MESSAGE(t_self, t_self_fields);

Test(encode, ends_at_eight_levels)
{
    struct t_self level[9];

    for (int i = 0; i < 9; i++)
        level[i] = (struct t_self){.size = sizeof(level[0]), .self = i ? &level[i - 1] : NULL};
    expect_encoded(&t_self, &level[7],
                   "a1 64'self' a1 64'self' a1 64'self' a1 64'self' "
                   "a1 64'self' a1 64'self' a1 64'self' a0");
    expect_invalid(&t_self, &level[8]);
    level[0].self = &level[0];
    expect_invalid(&t_self, &level[0]);
}

Test(encode, says_too_large_at_every_capacity_below_and_writes_nothing_past_it)
{
    struct t_image image = {.size = sizeof(image),
                            .version = str("1.2.3.4"),
                            .has_hash = true,
                            .hash = {(const uint8_t *)"0123456789abcdef0123456789abcdef", 32}};
    const struct t_image *list[] = {&image, &image};
    struct t_state state = {.size = sizeof(state), .n_images = 2, .images = list};
    size_t whole = 0;

    cr_assert_eq(encode(&t_state, &state, &whole), SMP_OK);
    for (size_t capacity = 0; capacity < whole; capacity++) {
        size_t len = 99;
        memset(out, 0xee, sizeof(out));
        cr_assert_eq(smpi_encode(&t_state, &state, NULL, out, capacity, &len, NULL),
                     SMP_ERR_TOO_LARGE, "capacity %zu", capacity);
        cr_assert_eq(len, 0);
        for (size_t i = capacity; i < sizeof(out); i++)
            cr_assert_eq(out[i], 0xee, "capacity %zu, byte %zu", capacity, i);
    }
    size_t len;
    cr_assert_eq(smpi_encode(&t_state, &state, NULL, out, whole, &len, NULL), SMP_OK);
    cr_assert_eq(len, whole);
}

/* ---- verdicts ---- */

static void expect_verdict(const struct smpi_verdict *verdict, const void *record,
                           const char *notation)
{
    size_t len;

    cr_assert_eq(smpi_encode(&t_offset, record, verdict, out, sizeof(out), &len, NULL), SMP_OK);
    expect_bytes(out, len, notation);
}

Test(encode, puts_the_verdict_first)
{
    struct t_offset offset = {.size = sizeof(offset), .has_off = true, .off = 9};
    struct smpi_verdict verdict = {.kind = SMPI_VERDICT_NONE, .group = 8, .rc = 11};

    expect_verdict(&verdict, &offset, "a1 63'off' 09");
    verdict.kind = SMPI_VERDICT_ERR;
    expect_verdict(&verdict, &offset, "a2 63'err' a2 65'group' 08 62'rc' 0b 63'off' 09");
    expect_verdict(&verdict, NULL, "a1 63'err' a2 65'group' 08 62'rc' 0b");
    verdict.kind = SMPI_VERDICT_RET;
    expect_verdict(&verdict, NULL, "a1 63'ret' a2 65'group' 08 62'rc' 0b");
    verdict.kind = SMPI_VERDICT_RC;
    expect_verdict(&verdict, NULL, "a1 62'rc' 0b");
    verdict.rc = 0;
    expect_verdict(&verdict, &offset, "a2 62'rc' 00 63'off' 09");
    verdict.rc = -5;
    verdict.reason = str("no slot");
    expect_verdict(&verdict, NULL, "a2 62'rc' 24 63'rsn' 67'no slot'");
}

/* ---- gaps ---- */

Test(encode, leaves_a_gap_for_bytes_that_are_to_come)
{
    struct t_upload upload = {
        .size = sizeof(upload), .off = 512, .has_data = true, .data = {NULL, 4}};
    size_t gap = 0;
    size_t len;

    memset(out, 0xee, sizeof(out));
    cr_assert_eq(smpi_encode(&t_upload, &upload, NULL, out, sizeof(out), &len, &gap), SMP_OK);
    cr_assert_eq(gap, 14);
    memcpy(out + gap, "\x01\x02\x03\x04", 4);
    expect_bytes(out, len, "a2 63'off' 190200 64'data' 44 01020304");
}

Test(encode, leaves_one_gap_at_most_and_only_where_it_fits)
{
    struct t_upload upload = {.size = sizeof(upload),
                              .has_sha = true,
                              .sha = {NULL, 32},
                              .has_data = true,
                              .data = {NULL, 4}};
    size_t gap = 0;
    size_t len;

    cr_assert_eq(smpi_encode(&t_upload, &upload, NULL, out, sizeof(out), &len, &gap),
                 SMP_ERR_INVALID);
    upload.has_sha = false;
    for (size_t capacity = 0; capacity < 16; capacity++)
        cr_assert_eq(smpi_encode(&t_upload, &upload, NULL, out, capacity, &len, &gap),
                     SMP_ERR_TOO_LARGE, "capacity %zu", capacity);
    cr_assert_eq(smpi_encode(&t_upload, &upload, NULL, out, 16, &len, &gap), SMP_OK);
    cr_assert_eq(gap, 12);
}

/* The head grows at 24, 256 and 65536: there a byte of room may have to stay empty. */
Test(encode, knows_how_many_bytes_fit)
{
    cr_assert_eq(smpi_bytes_that_fit(0), 0);
    cr_assert_eq(smpi_bytes_that_fit(1), 0);
    cr_assert_eq(smpi_bytes_that_fit(2), 1);
    cr_assert_eq(smpi_bytes_that_fit(24), 23);
    cr_assert_eq(smpi_bytes_that_fit(25), 23);
    cr_assert_eq(smpi_bytes_that_fit(26), 24);
    cr_assert_eq(smpi_bytes_that_fit(257), 255);
    cr_assert_eq(smpi_bytes_that_fit(258), 255);
    cr_assert_eq(smpi_bytes_that_fit(259), 256);
    cr_assert_eq(smpi_bytes_that_fit(65538), 65535);
    cr_assert_eq(smpi_bytes_that_fit(65540), 65535);
    cr_assert_eq(smpi_bytes_that_fit(65541), 65536);
    for (size_t room = 2; room < 1000; room++) {
        size_t n = smpi_bytes_that_fit(room);
        size_t head = n < 24 ? 1 : n < 256 ? 2 : 3;
        size_t next_head = n + 1 < 24 ? 1 : n + 1 < 256 ? 2 : 3;
        cr_assert_leq(head + n, room);
        cr_assert_gt(next_head + n + 1, room);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a well-meaning device sends.  What a hostile one sends: decode_hostile_test.c. */
#include "codec/tables.h"
#include "codec/vector.h"

#include <stdio.h>

static const struct t_offset *offset_of(const char *notation)
{
    struct smp_result result = decode_answer(&t_offset, notation);

    cr_assert_eq(result.error, SMP_OK, "%s: %s, key %s", notation, smp_error_name(result.error),
                 result.key);
    cr_assert_eq(result.message, &t_offset);
    const struct t_offset *offset = result.rsp;
    cr_assert_eq(offset->size, sizeof(*offset));
    return offset;
}

static const struct t_all *all_of(const char *notation)
{
    struct smp_result result = decode_answer(&t_all, notation);

    cr_assert_eq(result.error, SMP_OK, "%s: %s, key %s", notation, smp_error_name(result.error),
                 result.key);
    return result.rsp;
}

/* ---- maps ---- */

Test(decode, takes_definite_and_indefinite_maps_in_any_order)
{
    static const char *const vectors[] = {
        "a2 63'off' 190c00 65'match' f5",
        "bf 63'off' 190c00 65'match' f5 ff",
        "bf 65'match' f5 63'off' 190c00 ff",
        "d9d9f7 a2 63'off' c1 190c00 65'match' f5",         /* tags */
        "b90002 7803'off' 1b0000000000000c00 65'match' f5", /* long heads */
        "bf 7f 61'o' 62'ff' ff 190c00 65'match' f5 ff",     /* a key in chunks */
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        const struct t_offset *offset = offset_of(vectors[i]);
        cr_assert(offset->has_off);
        cr_assert_eq(offset->off, 3072);
        cr_assert(offset->has_match);
        cr_assert(offset->match);
    }
}

Test(decode, tells_absent_from_zero)
{
    cr_assert_not(offset_of("a0")->has_off);
    cr_assert_not(offset_of("")->has_off);
    cr_assert_not(offset_of("bf ff")->has_match);
    cr_assert(offset_of("a1 63'off' 00")->has_off);
    cr_assert_eq(offset_of("a1 63'off' 00")->off, 0);
    cr_assert_not(offset_of("a2 63'off' f6 65'match' f7")->has_off);
    cr_assert_not(offset_of("a2 63'off' f6 65'match' f7")->has_match);
}

Test(decode, skips_keys_it_does_not_know)
{
    static const char *const vectors[] = {
        "a3 61'x' 01 63'off' 05 61'x' 02",
        "bf 61'x' bf 63'off' 01 ff 63'off' 05 ff",
        "a2 61'x' 82 9f 01 ff a1 00 f93c00 63'off' 05",
        "a2 01 02 63'off' 05", /* keys that are not text */
        "a2 41'x' 02 63'off' 05",
        "a2 81 00 02 63'off' 05",
        "a2 a0 02 63'off' 05",
        "a2 60 02 63'off' 05",    /* the empty key */
        "a2 61'x' f0 63'off' 05", /* unassigned simple values */
        "a2 61'x' f8ff 63'off' 05",
        "a2 63'of' 'F' 02 63'off' 05",
        "bf 61'x' 7f 61'a' 61'b' ff 63'off' 05 ff",
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        cr_assert_eq(offset_of(vectors[i])->off, 5, "%s", vectors[i]);
}

Test(decode, takes_zero_bytes_after_the_map_for_padding)
{
    cr_assert_eq(offset_of("a1 63'off' 05 000000")->off, 5);
    expect_malformed(&t_offset, "a1 63'off' 05 a0", NULL);
    expect_malformed(&t_offset, "a1 63'off' 05 0001", NULL);
}

/* ---- scalars ---- */

Test(decode, fills_members_of_every_kind_and_width)
{
    const struct t_all *all = all_of("ac 61'b' f5 62'u8' 18ff 63'u16' 19ffff 63'u32' 1affffffff "
                                     "63'u64' 1bffffffffffffffff 62'i8' 387f 63'i16' 397fff "
                                     "63'i32' 3a7fffffff 63'i64' 3b7fffffffffffffff "
                                     "63'str' 62'hi' 65'bytes' 43 00ff7f 65'value' 07");

    cr_assert(all->has_b && all->b);
    cr_assert(all->has_u8 && all->u8 == UINT8_MAX);
    cr_assert(all->has_u16 && all->u16 == UINT16_MAX);
    cr_assert(all->has_u32 && all->u32 == UINT32_MAX);
    cr_assert(all->has_u64 && all->u64 == UINT64_MAX);
    cr_assert(all->has_i8 && all->i8 == INT8_MIN);
    cr_assert(all->has_i16 && all->i16 == INT16_MIN);
    cr_assert(all->has_i32 && all->i32 == INT32_MIN);
    cr_assert(all->has_i64 && all->i64 == INT64_MIN);
    cr_assert(all->has_str && all->has_bytes && all->has_value);
    expect_str(all->str, "hi");
    expect_bytes(all->bytes.data, all->bytes.len, "00ff7f");
    cr_assert_eq(all->value.kind, SMP_KIND_UINT);
    cr_assert_eq(all->value.as.uint, 7);
}

Test(decode, text_and_bytes_are_views_unless_in_chunks)
{
    struct smp_bytes payload = vector("a2 63'str' 63'abc' 65'bytes' 42 0102");
    struct smp_result result = decode_bytes(&t_all, payload, true);
    const struct t_all *all = result.rsp;

    cr_assert_eq(all->str.data, (const char *)payload.data + 6);
    cr_assert_eq(all->bytes.data, payload.data + 16);

    all = all_of("a2 63'str' 7f 61'a' 60 62'bc' ff 65'bytes' 5f 4101 4102 ff");
    expect_str(all->str, "abc");
    expect_bytes(all->bytes.data, all->bytes.len, "0102");
}

/* Old Zephyr sends `prio` unsigned, jp's clients `force` as a number. */
Test(decode, takes_numbers_of_the_other_sign_and_booleans_as_numbers_where_they_fit)
{
    cr_assert_eq(all_of("a1 62'i8' 187f")->i8, 127);
    cr_assert_eq(all_of("a1 63'i64' 1affffffff")->i64, 4294967295);
    cr_assert(all_of("a1 61'b' 01")->b);
    cr_assert(all_of("a1 61'b' 00")->has_b);
    cr_assert_not(all_of("a1 61'b' 00")->b);
}

Test(decode, names_the_key_of_a_number_out_of_range)
{
    expect_malformed(&t_all, "a1 62'u8' 190100", "u8");
    expect_malformed(&t_all, "a1 63'u16' 1a00010000", "u16");
    expect_malformed(&t_all, "a1 63'u32' 1b0000000100000000", "u32");
    expect_malformed(&t_all, "a1 62'u8' 20", "u8");
    expect_malformed(&t_all, "a1 63'u64' 20", "u64");
    expect_malformed(&t_all, "a1 62'i8' 1880", "i8");
    expect_malformed(&t_all, "a1 62'i8' 3880", "i8");
    expect_malformed(&t_all, "a1 63'i16' 398000", "i16");
    expect_malformed(&t_all, "a1 63'i32' 1a80000000", "i32");
    expect_malformed(&t_all, "a1 63'i64' 1b8000000000000000", "i64");
    expect_malformed(&t_all, "a1 63'i64' 3b8000000000000000", "i64");
    expect_malformed(&t_all, "a1 61'b' 02", "b");
    expect_malformed(&t_all, "a1 61'b' 20", "b");
}

Test(decode, names_the_key_of_a_wrong_type)
{
    expect_malformed(&t_offset, "a1 63'off' 61'5'", "off");
    expect_malformed(&t_offset, "a1 63'off' f5", "off");
    expect_malformed(&t_offset, "a1 63'off' f93c00", "off");
    expect_malformed(&t_offset, "a1 63'off' a0", "off");
    expect_malformed(&t_offset, "a1 63'off' f0", "off");
    expect_malformed(&t_offset, "a1 65'match' 64'true'", "match");
    expect_malformed(&t_all, "a1 63'str' 41'a'", "str");
    expect_malformed(&t_all, "a1 65'bytes' 61'a'", "bytes");
    expect_malformed(&t_all, "a1 65'texts' 61'a'", "texts");
    expect_malformed(&t_all, "a1 65'texts' 81 01", "texts");
    expect_malformed(&t_all, "a1 65'pools' 80", "pools");
    expect_malformed(&t_all, "a1 66'record' 80", "record");
    expect_malformed(&t_all, "a1 66'images' a0", "images");
    expect_malformed(&t_all, "a1 66'images' 81 00", "images");
    expect_malformed(&t_state, "a1 66'images' f6", "images"); /* null, but required */
}

Test(decode, keeps_values_of_any_type)
{
    cr_assert_eq(all_of("a1 65'value' f4")->value.kind, SMP_KIND_BOOL);
    cr_assert_eq(all_of("a1 65'value' 3863")->value.kind, SMP_KIND_INT);
    cr_assert_eq(all_of("a1 65'value' 3863")->value.as.sint, -100);
    cr_assert_eq(all_of("a1 65'value' 61'a'")->value.kind, SMP_KIND_STR);
    cr_assert_eq(all_of("a1 65'value' 41'a'")->value.kind, SMP_KIND_BYTES);
    cr_assert_not(all_of("a1 65'value' f6")->has_value);

    static const char *const raw[] = {"f93c00", "82 01 9f ff", "bf 61'a' a0 ff", "f0",
                                      "3bffffffffffffffff"};
    for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
        char notation[80];
        snprintf(notation, sizeof(notation), "a2 65'value' %s 62'u8' 05", raw[i]);
        const struct t_all *all = all_of(notation);
        cr_assert_eq(all->value.kind, SMP_KIND_CBOR);
        expect_bytes(all->value.as.bytes.data, all->value.as.bytes.len, raw[i]);
        cr_assert_eq(all->u8, 5);
    }
}

Test(decode, reports_bad_utf8_without_failing)
{
    struct smp_result result = decode_answer(&t_all, "a1 63'str' 62 c3 28");
    const struct t_all *all = result.rsp;

    cr_assert_eq(result.error, SMP_OK);
    cr_assert(result.bad_utf8);
    cr_assert_eq(all->str.len, 2);
    cr_assert_not(decode_answer(&t_all, "a1 63'str' 62 c3a4").bad_utf8);
    cr_assert(decode_answer(&t_pools, "a1 66'mpools' a1 61 ff a0").bad_utf8);
    cr_assert(decode_answer(NULL, "a2 62'rc' 01 63'rsn' 61 ff").bad_utf8);
    /* a character cut by a chunk's end is whole again once joined */
    cr_assert_not(decode_answer(&t_all, "a1 63'str' 7f 61 c3 61 a4 ff").bad_utf8);
}

/* ---- lists, maps, records ---- */

Test(decode, reads_lists_of_records)
{
    static const char *const vectors[] = {
        "a1 66'images' 82 a2 64'slot' 00 67'version' 65'1.0.0' "
        "a3 64'slot' 01 67'version' 65'1.1.0' 66'active' f5",
        "bf 66'images' 9f bf 64'slot' 00 67'version' 65'1.0.0' ff "
        "bf 64'slot' 01 67'version' 65'1.1.0' 66'active' f5 ff ff 6b'splitStatus' 00 ff",
    };

    for (size_t i = 0; i < 2; i++) {
        struct smp_result result = decode_answer(&t_state, vectors[i]);
        cr_assert_eq(result.error, SMP_OK);
        const struct t_state *state = result.rsp;
        cr_assert_eq(state->n_images, 2);
        cr_assert_eq(state->images[0]->size, sizeof(struct t_image));
        cr_assert_eq(state->images[1]->slot, 1);
        expect_str(state->images[1]->version, "1.1.0");
        cr_assert(state->images[1]->active);
        cr_assert_not(state->images[0]->has_active);
        cr_assert_eq(state->has_split_status, i == 1);
    }
}

Test(decode, lists_may_be_empty_and_optional_ones_absent)
{
    struct smp_result result = decode_answer(&t_state, "a1 66'images' 80");
    cr_assert_eq(result.error, SMP_OK);
    cr_assert_eq(((const struct t_state *)result.rsp)->n_images, 0);

    const struct t_all *all = all_of("a3 66'images' 9f ff 65'texts' f6 61'p' a0");
    cr_assert_eq(all->n_images, 0);
    cr_assert_eq(all->n_texts, 0);
    cr_assert_eq(all->n_pools, 0);
}

Test(decode, reads_long_lists_of_scalars_by_value)
{
    for (unsigned n = 0; n <= 70; n++) {
        uint8_t cbor[512];
        size_t len = 0;
        memcpy(cbor, "\xa1\x67numbers\x9f", 10);
        len = 10;
        for (unsigned i = 0; i < n; i++) {
            cbor[len++] = 0x19;
            cbor[len++] = (uint8_t)i;
            cbor[len++] = (uint8_t)(i * 7);
        }
        cbor[len++] = 0xff;
        struct smp_result result = decode_bytes(&t_all, vector_copy(cbor, len), true);
        cr_assert_eq(result.error, SMP_OK);
        const struct t_all *all = result.rsp;
        cr_assert_eq(all->n_numbers, n);
        for (unsigned i = 0; i < n; i++)
            cr_assert_eq(all->numbers[i], i << 8 | (uint8_t)(i * 7));
    }
    const struct t_all *all = all_of("a2 65'texts' 82 61'a' 7f 61'b' 61'c' ff 66'signed' 82 20 01");
    cr_assert_eq(all->n_texts, 2);
    expect_str(all->texts[1], "bc");
    cr_assert_eq(all->signed_numbers[0], -1);
    cr_assert_eq(all->signed_numbers[1], 1);
    expect_malformed(&t_all, "a1 67'numbers' 82 01 1a00010000", "numbers");
}

Test(decode, reads_nested_records)
{
    const struct t_all *all = all_of("a1 66'record' bf 63'off' 07 ff");

    cr_assert_not_null(all->record);
    cr_assert_eq(all->record->size, sizeof(struct t_offset));
    cr_assert_eq(all->record->off, 7);
    cr_assert_null(all_of("a0")->record);
    cr_assert_null(all_of("a1 66'record' f6")->record);
}

/* The three shapes of memory pool statistics.  @see protocol, 4.1 */
Test(decode, finds_a_keyed_map_under_its_key_its_alias_and_in_the_root)
{
    static const char *const vectors[] = {
        "bf 66'mpools' bf 61'a' bf 66'blksiz' 18 40 ff 61'b' bf ff ff ff",
        "a1 65'tasks' a2 61'a' a1 66'blksiz' 18 40 61'b' a0",
        "bf 61'a' bf 66'blksiz' 18 40 ff 61'b' bf ff ff",
        "a3 62'rc' 00 61'a' a1 66'blksiz' 18 40 61'b' a0",
        "a4 61'a' a1 66'blksiz' 18 40 63'xyz' 00 01 02 61'b' a0", /* what is no map is skipped */
        "a2 66'mpools' a1 61'a' a1 66'blksiz' 18 40 61'b' a0",    /* both at once */
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct smp_result result = decode_answer(&t_pools, vectors[i]);
        cr_assert_eq(result.error, SMP_OK, "%s", vectors[i]);
        const struct t_pools *pools = result.rsp;
        cr_assert_eq(pools->n_pools, 2, "%s", vectors[i]);
        expect_str(pools->pools[0]->name, "a");
        cr_assert(pools->pools[0]->has_block_size);
        cr_assert_eq(pools->pools[0]->block_size, 64);
        expect_str(pools->pools[1]->name, "b");
        cr_assert_not(pools->pools[1]->has_block_size);
    }
    struct smp_result result = decode_answer(&t_pools, "a0");
    cr_assert_eq(result.error, SMP_OK);
    cr_assert_eq(((const struct t_pools *)result.rsp)->n_pools, 0);
}

Test(decode, two_elements_may_have_one_name)
{
    struct smp_result result = decode_answer(&t_pools, "a1 65'tasks' a2 61'a' a1 64'prio' 20 "
                                                       "61'a' a1 64'prio' 07");
    cr_assert_eq(result.error, SMP_OK);
    const struct t_pools *pools = result.rsp;
    cr_assert_eq(pools->n_pools, 2);
    cr_assert_eq(pools->pools[0]->priority, -1);
    cr_assert_eq(pools->pools[1]->priority, 7);
}

Test(decode, a_root_may_be_a_keyed_map_but_not_of_the_verdicts_keys)
{
    struct smp_result result =
        decode_answer(&t_root, "a5 61'a' a0 62'rc' 00 60 a1 64'prio' 05 63'rsn' 60 61'b' a0");

    cr_assert_eq(result.error, SMP_OK);
    const struct t_pools *pools = result.rsp;
    cr_assert_eq(pools->n_pools, 3);
    expect_str(pools->pools[0]->name, "a");
    expect_str(pools->pools[1]->name, "");
    cr_assert_eq(pools->pools[1]->priority, 5);
    expect_str(pools->pools[2]->name, "b");
}

Test(decode, a_maps_values_may_be_bare)
{
    struct smp_result result =
        decode_answer(&t_counters, "bf 66'fields' bf 62'rx' 19 0400 62'tx' 00 ff ff");

    cr_assert_eq(result.error, SMP_OK);
    const struct t_counters *counters = result.rsp;
    cr_assert_eq(counters->n_fields, 2);
    expect_str(counters->fields[0]->name, "rx");
    cr_assert_eq(counters->fields[0]->value, 1024);
    cr_assert_eq(counters->fields[1]->value, 0);
    expect_malformed(&t_counters, "a1 66'fields' a1 62'rx' a0", "fields");
}

Test(decode, refuses_elements_that_are_none)
{
    expect_malformed(&t_pools, "a1 66'mpools' a1 01 a0", "mpools");    /* key not text */
    expect_malformed(&t_pools, "a1 66'mpools' a1 61'a' 01", "mpools"); /* not a map */
    expect_malformed(&t_pools, "a1 66'mpools' a1 61'a' a1 64'prio' 1880", "prio");
    expect_malformed(&t_root, "a1 61'a' a1 66'blksiz' 20", "blksiz");
}

Test(decode, names_the_innermost_key)
{
    expect_malformed(&t_state, "a1 66'images' 81 a2 64'slot' 00 67'version' 01", "version");
    expect_malformed(&t_state, "a1 66'images' 81 a1 64'slot' 00", "version");
    expect_malformed(&t_all, "a1 66'record' a1 63'off' 20", "off");
}

Test(decode, refuses_known_keys_that_come_twice)
{
    expect_malformed(&t_offset, "a2 63'off' 05 63'off' 05", "off");
    expect_malformed(&t_offset, "a2 63'off' f6 63'off' 05", "off");
    expect_malformed(&t_pools, "a2 66'mpools' a0 65'tasks' a0", "mpools");
    expect_malformed(&t_pools, "a1 61'a' a2 64'prio' 01 64'prio' 01", "prio");
    expect_malformed(&t_offset, "a2 62'rc' 00 62'rc' 00", "rc");
    expect_malformed(&t_offset, "a2 63'rsn' 60 63'rsn' 60", "rsn");
}

Test(decode, misses_required_fields)
{
    expect_malformed(&t_upload, "a0", "off");
    expect_malformed(&t_upload, "", "off");
    expect_malformed(&t_state, "bf 6b'splitStatus' 00 ff", "images");
    expect_malformed(&t_state, "a1 62'rc' 00", "images");
}

/* ---- the device's verdict.  @see protocol, 2.1 ---- */

static void expect_refusal(const struct smp_result *result, bool from_group, uint16_t group,
                           int64_t rc)
{
    cr_assert_eq(result->error, SMP_ERR_DEVICE);
    cr_assert_eq(result->from_group, from_group);
    cr_assert_eq(result->group, group);
    cr_assert_eq(result->rc, rc);
    cr_assert_null(result->key);
}

Test(decode, takes_plain_rc_with_a_reason)
{
    struct smp_result result = decode_answer(&t_offset, "bf 62'rc' 06 63'rsn' 67'no slot' ff");
    expect_refusal(&result, false, 0, 6);
    expect_str(result.reason, "no slot");
    cr_assert_not_null(result.rsp);

    result = decode_answer(&t_offset, "a1 62'rc' 28");
    expect_refusal(&result, false, 0, -9);
}

Test(decode, takes_err_and_map_valued_ret)
{
    static const char *const vectors[] = {
        "bf 63'err' bf 65'group' 01 62'rc' 18 18 ff ff",
        "a1 63'ret' a2 62'rc' 18 18 65'group' 01",
        "bf 63'ret' bf 65'group' 01 62'rc' 18 18 61'x' 80 ff ff",
        "a2 62'rc' 01 63'err' a2 65'group' 01 62'rc' 18 18", /* the group's code says more */
        "a2 63'err' a2 65'group' 01 62'rc' 18 18 62'rc' 01",
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct smp_result result = decode_answer(&t_state, vectors[i]);
        expect_refusal(&result, true, 1, 24);
    }
}

Test(decode, zero_is_success_in_every_shape)
{
    cr_assert_eq(offset_of("a2 62'rc' 00 63'off' 05")->off, 5);
    cr_assert_eq(offset_of("a2 63'err' a2 65'group' 01 62'rc' 00 63'off' 05")->off, 5);
    cr_assert_eq(offset_of("a2 63'ret' a2 65'group' 01 62'rc' 00 63'off' 05")->off, 5);
    cr_assert_eq(offset_of("a2 62'rc' f6 63'off' 05")->off, 5);
}

/* A file upload's `err` comes with the length to go on from. */
Test(decode, decodes_the_rest_beside_an_error_nothing_required)
{
    struct smp_result result =
        decode_answer(&t_upload, "a2 63'err' a2 65'group' 08 62'rc' 0b 63'len' 190200");
    expect_refusal(&result, true, 8, 11);
    const struct t_upload *upload = result.rsp;
    cr_assert(upload->has_len);
    cr_assert_eq(upload->len, 512);

    result = decode_answer(&t_state, "a2 66'images' 81 a1 64'slot' 01 62'rc' 03");
    expect_refusal(&result, false, 0, 3);
    const struct t_state *state = result.rsp;
    cr_assert_eq(state->images[0]->slot, 1);
}

Test(decode, refuses_verdicts_that_make_no_sense)
{
    expect_malformed(&t_offset, "a1 62'rc' 61'5'", "rc");
    expect_malformed(&t_offset, "a1 62'rc' 1b8000000000000000", "rc");
    expect_malformed(&t_offset, "a1 63'err' 05", "err");
    expect_malformed(&t_offset, "a1 63'err' a0", "group");
    expect_malformed(&t_offset, "a1 63'err' a1 65'group' 01", "rc");
    expect_malformed(&t_offset, "a1 63'err' a1 62'rc' 01", "group");
    expect_malformed(&t_offset, "a1 63'err' a2 65'group' 1a00010000 62'rc' 01", "group");
    /* a reason that is no text is no reason */
    cr_assert_eq(offset_of("a2 63'rsn' 05 63'off' 05")->off, 5);
}

Test(decode, a_required_field_missing_before_err_is_not_blamed_on_err)
{
    struct smp_result result = decode_answer(
        &t_state, "a2 66'images' 81 a1 64'slot' 00 63'err' a2 65'group' 01 62'rc' 05");
    expect_refusal(&result, true, 1, 5);
    expect_malformed(&t_state, "a2 66'images' 81 a1 64'slot' 00 63'err' a2 65'group' 01 62'rc' 00",
                     "version");
}

Test(decode, without_a_table_only_the_verdict_is_looked_for)
{
    struct smp_result result = decode_answer(NULL, "a2 61'x' 82 01 02 62'rc' 08");
    expect_refusal(&result, false, 0, 8);
    cr_assert_null(result.rsp);
    cr_assert_null(result.message);
    cr_assert_eq(decode_answer(NULL, "a1 61'x' 82 01 02").error, SMP_OK);
    cr_assert_eq(decode_answer(NULL, "").error, SMP_OK);
    expect_malformed(NULL, "a1 61'x' 82 01", NULL);
    expect_malformed(NULL, "80", NULL);
}

Test(decode, requests_have_no_verdict)
{
    struct smp_bytes payload = vector("a3 62'rc' 05 63'err' 05 63'off' 09");
    struct smp_result result = decode_bytes(&t_upload, payload, false);

    cr_assert_eq(result.error, SMP_OK);
    cr_assert_eq(result.rc, 0);
    cr_assert_eq(((const struct t_upload *)result.rsp)->off, 9);
}

/* A shell's exit code: `ret`, or `rc` from an old one.  @see protocol, 4.7 */
Test(decode, an_integer_ret_and_an_rc_declared_as_data_are_fields)
{
    struct smp_result result = decode_answer(&t_shell, "a2 61'o' 62'ok' 63'ret' 28");
    cr_assert_eq(result.error, SMP_OK);
    const struct t_shell *shell = result.rsp;
    cr_assert(shell->has_ret);
    cr_assert_eq(shell->ret, -9);

    result = decode_answer(&t_shell, "a2 62'rc' 16 61'o' 62'ok'");
    cr_assert_eq(result.error, SMP_OK);
    shell = result.rsp;
    cr_assert(shell->has_rc);
    cr_assert_eq(shell->rc, 22);
    expect_str(shell->output, "ok");
}

Test(decode, a_shell_that_is_not_there_has_refused)
{
    struct smp_result result = decode_answer(&t_shell, "bf 62'rc' 08 ff");
    expect_refusal(&result, false, 0, 8);
    result = decode_answer(&t_shell, "a1 63'ret' a2 65'group' 09 62'rc' 02");
    expect_refusal(&result, true, 9, 2);
    expect_malformed(&t_shell, "a1 62'rc' 00", "o");
    expect_malformed(&t_shell, "a1 62'rc' 61'x'", "rc");
}

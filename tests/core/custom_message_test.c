/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the program's own: every kind there is, encoded and decoded. */
#include "core/messages.h"

TestSuite(custom_message, .init = set_up, .fini = tear_down);

/* ---- a message with all there is, in a struct of the program ---- */

struct point {
    size_t size;
    int32_t x;
    int32_t y;
};

struct everything {
    size_t size;
    bool on;
    uint8_t small;
    int16_t medium;
    bool has_large;
    uint64_t large;
    struct smp_str text;
    struct smp_bytes bytes;
    struct smp_value any;
    size_t n_numbers;
    const uint16_t *numbers;
    bool has_texts;
    size_t n_texts;
    const struct smp_str *texts;
    size_t n_points;
    const struct point *const *points;
    size_t n_entries;
    const struct entry *const *entries;
    size_t n_counters;
    const struct counter *const *counters;
    const struct point *at;
};

static struct smp_message *make_point(void)
{
    static const struct smp_field_spec fields[] = {
        SPEC(point, "x", x, .kind = SMP_KIND_INT, .width = 4),
        SPEC(point, "y", y, .kind = SMP_KIND_INT, .width = 4),
    };
    struct smp_message *point = new_message("point", sizeof(struct point));
    ADD_ALL(point, fields);
    return point;
}

static struct smp_message *make_everything(void)
{
    struct smp_message *point = make_point();
    const struct smp_field_spec fields[] = {
        SPEC(everything, "on", on, .kind = SMP_KIND_BOOL),
        SPEC(everything, "small", small, .kind = SMP_KIND_UINT, .width = 1),
        SPEC(everything, "medium", medium, .kind = SMP_KIND_INT, .width = 2, .alias = "middle"),
        SPEC(everything, "large", large, .kind = SMP_KIND_UINT, .optional = true,
             .has = offsetof(struct everything, has_large)),
        SPEC(everything, "text", text, .kind = SMP_KIND_STR),
        SPEC(everything, "bytes", bytes, .kind = SMP_KIND_BYTES),
        SPEC(everything, "any", any, .kind = SMP_KIND_VALUE),
        SPEC(everything, "numbers", numbers, .kind = SMP_KIND_LIST, .element = SMP_KIND_UINT,
             .width = 2, .count = offsetof(struct everything, n_numbers)),
        SPEC(everything, "texts", texts, .kind = SMP_KIND_LIST, .element = SMP_KIND_STR,
             .optional = true, .count = offsetof(struct everything, n_texts),
             .has = offsetof(struct everything, has_texts)),
        SPEC(everything, "points", points, .kind = SMP_KIND_LIST, .element = SMP_KIND_RECORD,
             .message = point, .count = offsetof(struct everything, n_points)),
        SPEC(everything, "entries", entries, .kind = SMP_KIND_MAP, .message = make_entry(),
             .count = offsetof(struct everything, n_entries)),
        SPEC(everything, "counters", counters, .kind = SMP_KIND_MAP, .message = make_counter(),
             .count = offsetof(struct everything, n_counters)),
        SPEC(everything, "at", at, .kind = SMP_KIND_RECORD, .message = point, .optional = true),
    };
    struct smp_message *everything = new_message("everything", sizeof(struct everything));
    ADD_ALL(everything, fields);
    return everything;
}

static const struct point here = {.size = sizeof(here), .x = 1, .y = -1};
static const struct point there = {.size = sizeof(there), .x = 500, .y = 0};
static const struct point *const points[] = {&here, &there};
static const struct entry lamp = {
    .size = sizeof(lamp), .name = {"lamp", 4}, .has_level = true, .level = -3};
static const struct entry fan = {.size = sizeof(fan), .name = {"fan", 3}};
static const struct entry *const entries[] = {&lamp, &fan};
static const struct counter ticks = {.size = sizeof(ticks), .name = {"ticks", 5}, .value = 70000};
static const struct counter *const counters[] = {&ticks};
static const uint16_t numbers[] = {0, 24, 65535};
static const struct smp_str texts[] = {{"a", 1}, {"", 0}};
static const uint8_t raw[] = {0, 0xff};

static const char *const all_of_it =
    "ad 62'on' f5 65'small' 18ff 66'medium' 390100 65'large' 1b0000000100000000"
    "64'text' 62'hi' 65'bytes' 42 00ff 63'any' 63'foo' 67'numbers' 83 00 1818 19ffff"
    "65'texts' 82 61'a' 60 66'points' 82 a2 61'x' 01 61'y' 20 a2 61'x' 1901f4 61'y' 00"
    "67'entries' a2 64'lamp' a1 65'level' 22 63'fan' a0 68'counters' a1 65'ticks' 1a00011170"
    "62'at' a2 61'x' 01 61'y' 20";

static void expect_everything(const struct smp_result *result)
{
    const struct everything *got = result->rsp;
    cr_assert_eq(result->error, SMP_OK, "%s, key %s", smp_error_name(result->error), result->key);
    cr_assert(got->on);
    cr_assert_eq(got->small, 255);
    cr_assert_eq(got->medium, -257);
    cr_assert(got->has_large);
    cr_assert_eq(got->large, UINT64_C(1) << 32);
    expect_str(got->text, "hi");
    expect_bytes(got->bytes.data, got->bytes.len, "00ff");
    cr_assert_eq(got->any.kind, SMP_KIND_STR);
    expect_str(got->any.as.str, "foo");
    cr_assert_eq(got->n_numbers, 3);
    cr_assert_eq(got->numbers[2], 65535);
    cr_assert(got->has_texts);
    cr_assert_eq(got->n_texts, 2);
    expect_str(got->texts[0], "a");
    cr_assert_eq(got->n_points, 2);
    cr_assert_eq(got->points[1]->x, 500);
    cr_assert_eq(got->n_entries, 2);
    expect_str(got->entries[0]->name, "lamp");
    cr_assert_eq(got->entries[0]->level, -3);
    cr_assert_not(got->entries[1]->has_level);
    cr_assert_eq(got->n_counters, 1);
    cr_assert_eq(got->counters[0]->value, 70000);
    cr_assert_eq(got->at->y, -1);
}

Test(custom_message, a_struct_of_the_program_and_back)
{
    struct smp_message *everything = make_everything();
    const struct everything record = {.size = sizeof(record),
                                      .on = true,
                                      .small = 255,
                                      .medium = -257,
                                      .has_large = true,
                                      .large = UINT64_C(1) << 32,
                                      .text = {"hi", 2},
                                      .bytes = {raw, 2},
                                      .any = {.kind = SMP_KIND_STR, .as.str = {"foo", 3}},
                                      .n_numbers = 3,
                                      .numbers = numbers,
                                      .has_texts = true,
                                      .n_texts = 2,
                                      .texts = texts,
                                      .n_points = 2,
                                      .points = points,
                                      .n_entries = 2,
                                      .entries = entries,
                                      .n_counters = 1,
                                      .counters = counters,
                                      .at = &here};
    uint8_t cbor[512];
    size_t len;

    cr_assert_eq(smp_message_encode(everything, &record, cbor, sizeof(cbor), &len), SMP_OK);
    expect_bytes(cbor, len, all_of_it);
    struct smp_result result = decode_answer(everything, all_of_it);
    expect_everything(&result);
}

/* In any order, without lengths, by its other name, without what may be missing. */
Test(custom_message, decoding_is_the_library_s)
{
    struct smp_message *everything = make_everything();
    struct smp_result result = decode_answer(
        everything, "bf 66'middle' 05 65'small' 00 62'on' f4 67'unknown' 81 a0 64'text' 7f 61'x' ff"
                    "65'bytes' 40 63'any' 1864 67'numbers' 9f ff 66'points' 80 67'entries' bf ff"
                    "68'counters' a0 ff");
    const struct everything *got = result.rsp;
    cr_assert_eq(result.error, SMP_OK, "key %s", result.key);
    cr_assert_eq(got->medium, 5);
    cr_assert_not(got->has_large);
    cr_assert_not(got->has_texts);
    cr_assert_null(got->at);
    cr_assert_eq(got->any.kind, SMP_KIND_UINT);
    cr_assert_eq(got->any.as.uint, 100);
    expect_malformed(everything, "a1 65'small' 190100", "small");
    expect_malformed(everything, "a0", "on");
}

/* ---- laid out by the library ---- */

static struct smp_message *lay_out_everything(void)
{
    static const struct smp_field_spec entry_fields[] = {
        FREE_SPEC("", .kind = SMP_KIND_STR),
        FREE_SPEC("", .kind = SMP_KIND_VALUE),
    };
    struct smp_message *entry = new_message("free_entry", 0);
    struct smp_message *point = lay_out_point();
    ADD_ALL(entry, entry_fields);
    const struct smp_field_spec fields[] = {
        FREE_SPEC("b", .kind = SMP_KIND_BOOL, .optional = true),
        FREE_SPEC("u", .kind = SMP_KIND_UINT, .width = 2),
        FREE_SPEC("n", .kind = SMP_KIND_LIST, .element = SMP_KIND_INT, .width = 1),
        FREE_SPEC("t", .kind = SMP_KIND_STR),
        FREE_SPEC("p", .kind = SMP_KIND_RECORD, .message = point, .optional = true),
        FREE_SPEC("l", .kind = SMP_KIND_LIST, .element = SMP_KIND_RECORD, .message = point,
                  .optional = true),
        FREE_SPEC("", .kind = SMP_KIND_MAP, .message = entry),
    };
    struct smp_message *everything = new_message("free_everything", 0);
    ADD_ALL(everything, fields);
    return everything;
}

static void set(const struct smp_message *message, void *record, const char *key,
                struct smp_value value)
{
    cr_assert_eq(smp_field_set(smp_message_find(message, key), record, &value), SMP_OK, "%s", key);
}

static void *new_record(const struct smp_message *message)
{
    size_t *record = calloc(1, smp_message_size(message));
    cr_assert_not_null(record);
    *record = smp_message_size(message);
    return record;
}

Test(custom_message, a_struct_of_the_library_by_key)
{
    struct smp_message *everything = lay_out_everything();
    const struct smp_message *point = smp_field_message(smp_message_find(everything, "p"));
    const struct smp_message *entry = smp_field_message(smp_message_find(everything, ""));
    void *record = new_record(everything);
    void *at = new_record(point);
    void *other = new_record(entry);
    const int8_t numbers8[] = {-1, 5};
    const void *const list[] = {at, at};
    const void *const others[] = {other};
    uint8_t cbor[128];
    size_t len;

    set(point, at, "x", (struct smp_value){.kind = SMP_KIND_INT, .as.sint = -2});
    set(everything, record, "u", (struct smp_value){.kind = SMP_KIND_UINT, .as.uint = 300});
    set(everything, record, "t", (struct smp_value){.kind = SMP_KIND_STR, .as.str = {"T", 1}});
    cr_assert_eq(smp_field_set(smp_message_field(entry, 0), other,
                               &(struct smp_value){.kind = SMP_KIND_STR, .as.str = {"k", 1}}),
                 SMP_OK);
    cr_assert_eq(smp_field_set(smp_message_field(entry, 1), other,
                               &(struct smp_value){.kind = SMP_KIND_BOOL, .as.boolean = true}),
                 SMP_OK);
    cr_assert_eq(smp_field_set_elements(smp_message_find(everything, "n"), record, numbers8, 2),
                 SMP_OK);
    cr_assert_eq(smp_field_set_elements(smp_message_find(everything, "p"), record, at, 1), SMP_OK);
    cr_assert_eq(smp_field_set_elements(smp_message_find(everything, "l"), record, list, 2),
                 SMP_OK);
    cr_assert_eq(smp_field_set_elements(smp_message_find(everything, ""), record, others, 1),
                 SMP_OK);
    cr_assert_eq(smp_message_encode(everything, record, cbor, sizeof(cbor), &len), SMP_OK);
    expect_bytes(cbor, len,
                 "a6 61'u' 19012c 61'n' 82 20 05 61't' 61'T' 61'p' a1 61'x' 21"
                 "61'l' 82 a1 61'x' 21 a1 61'x' 21 61'k' f5");
    free(record);
    free(at);
    free(other);
}

Test(custom_message, decoded_into_a_struct_of_the_library)
{
    struct smp_message *everything = lay_out_everything();
    struct smp_result result = decode_answer(
        everything, "a6 61'b' f5 61'u' 05 61'n' 81 38 7f 61't' 60 61'l' 80 63'who' 64'knew'");
    struct smp_value value;

    cr_assert_eq(result.error, SMP_OK, "key %s", result.key);
    cr_assert_eq(smp_field_get(smp_message_find(everything, "b"), result.rsp, &value), SMP_OK);
    cr_assert(value.as.boolean);
    const struct smp_field *n = smp_message_find(everything, "n");
    cr_assert_eq(smp_field_scalar(n, result.rsp, 0, &value), SMP_OK);
    cr_assert_eq(value.as.sint, -128);
    cr_assert_eq(smp_field_count(smp_message_find(everything, "p"), result.rsp), 0);
    cr_assert(smp_field_has(smp_message_find(everything, "l"), result.rsp), "empty, not absent");
    const struct smp_field *rest = smp_message_find(everything, "");
    cr_assert_eq(smp_field_count(rest, result.rsp), 1);
    const void *entry = smp_field_element(rest, result.rsp, 0);
    cr_assert_eq(smp_field_get(smp_message_field(smp_field_message(rest), 1), entry, &value),
                 SMP_OK);
    expect_str(value.as.str, "knew");
}

Test(custom_message, elements_that_do_not_fit_are_refused)
{
    struct smp_message *everything = lay_out_everything();
    const struct smp_field *p = smp_message_find(everything, "p");
    const struct smp_field *n = smp_message_find(everything, "n");
    void *record = new_record(everything);
    const int8_t one = 1;

    cr_assert_eq(smp_field_set_elements(p, record, record, 2), SMP_ERR_INVALID);
    cr_assert_eq(smp_field_set_elements(n, record, NULL, 1), SMP_ERR_INVALID);
    cr_assert_eq(smp_field_set_elements(smp_message_find(everything, "u"), record, &one, 1),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_field_set_elements(p, record, NULL, 0), SMP_OK);
    cr_assert_not(smp_field_has(p, record));
    *(size_t *)record = smp_field_offset(n);
    cr_assert_eq(smp_field_set_elements(n, record, &one, 1), SMP_ERR_INVALID);
    free(record);
}

Test(custom_message, members_never_overlap)
{
    struct smp_message *everything = lay_out_everything();
    uint8_t *owner = calloc(1, smp_message_size(everything));

    for (size_t i = 0; i < smp_message_fields(everything); i++) {
        const struct smp_field *field = smp_message_field(everything, i);
        bool pointer = smp_field_kind(field) > SMP_KIND_VALUE;
        size_t width = pointer ? sizeof(void *) : smp_field_width(field);
        cr_assert_eq(smp_field_offset(field) % (width > 8 ? 8 : width), 0);
        cr_assert_geq(smp_field_offset(field), sizeof(size_t));
        for (size_t k = 0; k < width; k++)
            cr_assert_eq(owner[smp_field_offset(field) + k]++, 0);
    }
    free(owner);
}

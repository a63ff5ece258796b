/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the program's own: every kind there is, and every mistake. */
#include "codec/vector.h"

#include <smp/smp.h>

#include <stdio.h>

static struct smp_loop *loop;
static char said[256]; /* the log's last line */

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    (void)user;
    cr_assert_eq(level, SMP_LOG_ERROR);
    snprintf(said, sizeof(said), "%s", text);
}

static void set_up(void)
{
    const struct smp_loop_options options = {
        .size = sizeof(options), .log = on_log, .log_level = SMP_LOG_ERROR};
    cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
}

static void tear_down(void)
{
    smp_loop_free(loop);
}

TestSuite(custom_message, .init = set_up, .fini = tear_down);

/* ---- a message with all there is, in a struct of the program ---- */

struct entry {
    size_t size;
    struct smp_str name;
    bool has_level;
    int8_t level;
};

struct counter {
    size_t size;
    struct smp_str name;
    uint64_t value;
};

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

#define SPEC(S, k, m, ...)                                                                         \
    {                                                                                              \
        .size = sizeof(struct smp_field_spec), .key = (k), .offset = offsetof(struct S, m),        \
        __VA_ARGS__                                                                                \
    }

static void add_all(struct smp_message *message, const struct smp_field_spec *specs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(smp_message_add(message, &specs[i]), SMP_OK, "%s: %s", specs[i].key, said);
}
#define ADD_ALL(message, specs) add_all(message, specs, sizeof(specs) / sizeof((specs)[0]))

static struct smp_message *new_message(const char *name, size_t size)
{
    struct smp_message *message = NULL;
    cr_assert_eq(smp_message_new(loop, name, size, &message), SMP_OK, "%s", said);
    return message;
}

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

static struct smp_message *make_entry(void)
{
    static const struct smp_field_spec fields[] = {
        SPEC(entry, "", name, .kind = SMP_KIND_STR),
        SPEC(entry, "level", level, .kind = SMP_KIND_INT, .width = 1, .optional = true,
             .has = offsetof(struct entry, has_level)),
    };
    struct smp_message *entry = new_message("entry", sizeof(struct entry));
    ADD_ALL(entry, fields);
    return entry;
}

static struct smp_message *make_counter(void)
{
    static const struct smp_field_spec fields[] = {
        SPEC(counter, "", name, .kind = SMP_KIND_STR),
        SPEC(counter, "", value, .kind = SMP_KIND_UINT),
    };
    struct smp_message *counter = new_message("counter", sizeof(struct counter));
    ADD_ALL(counter, fields);
    return counter;
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

#define FREE_SPEC(k, ...)                                                                          \
    {                                                                                              \
        .size = sizeof(struct smp_field_spec), .key = (k), __VA_ARGS__                             \
    }

static struct smp_message *lay_out_point(void)
{
    static const struct smp_field_spec fields[] = {
        FREE_SPEC("x", .kind = SMP_KIND_INT, .width = 4),
        FREE_SPEC("y", .kind = SMP_KIND_INT, .width = 1, .optional = true),
    };
    struct smp_message *point = new_message("free_point", 0);
    ADD_ALL(point, fields);
    return point;
}

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

/* ---- mistakes ---- */

Test(custom_message, a_message_needs_a_name_and_a_struct)
{
    struct smp_message *message;
    char longest[65] = "a123456789012345678901234567890123456789012345678901234567890123";
    const char *const bad[] = {"", "9", "_x", "a b", "a/b", "\xc3\xa4", longest, NULL};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        cr_assert_eq(smp_message_new(loop, bad[i], 0, &message), SMP_ERR_INVALID, "%s", bad[i]);
    longest[63] = '\0';
    cr_assert_eq(smp_message_new(loop, longest, 0, &message), SMP_OK);
    cr_assert_eq(smp_message_new(loop, longest, 0, &message), SMP_ERR_EXISTS);
    cr_assert_eq(smp_message_new(loop, "m", 4, &message), SMP_ERR_INVALID);
    cr_assert_eq(smp_message_new(loop, "m", 65536, &message), SMP_ERR_INVALID);
    cr_assert_eq(smp_message_new(NULL, "m", 0, &message), SMP_ERR_INVALID);
    cr_assert_eq(smp_message_new(loop, "m", 0, NULL), SMP_ERR_INVALID);
}

struct small {
    size_t size;
    uint32_t number;
    bool has_number;
    bool has_other;
    size_t n_list;
    const uint32_t *list;
};

struct mistake {
    struct smp_field_spec spec;
    int error;
};
#define MISTAKE(error_, ...)                                                                       \
    {                                                                                              \
        .spec = {.size = sizeof(struct smp_field_spec), __VA_ARGS__}, .error = (error_)            \
    }

static void expect_mistakes(struct smp_message *message, const struct mistake *mistakes,
                            size_t count)
{
    size_t fields = smp_message_fields(message);
    for (size_t i = 0; i < count; i++) {
        said[0] = '\0';
        cr_assert_eq(smp_message_add(message, &mistakes[i].spec), mistakes[i].error, "mistake %zu",
                     i);
        cr_assert_eq(smp_message_fields(message), fields, "mistake %zu", i);
        cr_assert(strstr(said, smp_message_name(message)), "mistake %zu: %s", i, said);
    }
}
#define EXPECT_MISTAKES(message, mistakes)                                                         \
    expect_mistakes(message, mistakes, sizeof(mistakes) / sizeof((mistakes)[0]))

Test(custom_message, offsets_that_cannot_be)
{
    static const struct smp_field_spec fields[] = {
        SPEC(small, "number", number, .kind = SMP_KIND_UINT, .width = 4, .optional = true,
             .has = offsetof(struct small, has_number)),
    };
    static const struct mistake mistakes[] = {
        /* on `size`, not aligned, outside of the struct, on another member, on another's has_ */
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 0),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 7),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .width = 4, .offset = 18),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .offset = sizeof(struct small)),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_STR,
                .offset = sizeof(struct small) - 8),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = SIZE_MAX),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .width = 2, .offset = 10),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL,
                .offset = offsetof(struct small, has_number)),
        /* optional without has_, has_ without optional, has_ in the member itself */
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 13, .optional = true),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 13, .has = 14),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 13, .has = 13,
                .optional = true),
        /* a list without n_, a number with one, n_ in the list's pointer */
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_UINT,
                .width = 4, .offset = offsetof(struct small, list)),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 13,
                .count = offsetof(struct small, n_list)),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_UINT,
                .width = 4, .offset = offsetof(struct small, list),
                .count = offsetof(struct small, list)),
    };
    struct smp_message *small = new_message("small", sizeof(struct small));
    ADD_ALL(small, fields);
    EXPECT_MISTAKES(small, mistakes);
}

Test(custom_message, kinds_that_do_not_go_together)
{
    const struct smp_message *point = lay_out_point();
    struct smp_message *entry = make_entry();
    struct smp_message *message = new_message("odd", 0);
    const struct mistake mistakes[] = {
        MISTAKE(SMP_ERR_INVALID, .key = "a"),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_CBOR),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = (enum smp_kind)99),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .width = 3),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_STR, .width = 8),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .message = point),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_UINT, .element = SMP_KIND_STR),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_RECORD),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_RECORD),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_MAP,
                .message = entry),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_LIST),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_UINT,
                .message = point),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_MAP, .message = point),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_MAP),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_RECORD, .message = entry),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_LIST, .element = SMP_KIND_RECORD,
                .message = entry),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_RECORD, .message = message),
        MISTAKE(SMP_ERR_INVALID, .key = "a", .kind = SMP_KIND_BOOL, .offset = 8),
    };
    EXPECT_MISTAKES(message, mistakes);
}

Test(custom_message, keys_that_cannot_be)
{
    static char longest[257];
    memset(longest, 'k', 256);
    static const struct smp_field_spec first = FREE_SPEC("a", .kind = SMP_KIND_BOOL, .alias = "b");
    static const struct mistake mistakes[] = {
        MISTAKE(SMP_ERR_EXISTS, .key = "a", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_EXISTS, .key = "b", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_EXISTS, .key = "c", .alias = "a", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_EXISTS, .key = "c", .alias = "c", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_INVALID, .key = "c", .alias = "", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_INVALID, .key = "\xff", .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_INVALID, .key = longest, .kind = SMP_KIND_BOOL),
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_STR),
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_LIST, .element = SMP_KIND_UINT),
    };
    struct smp_message *message = new_message("keys", 0);

    cr_assert_eq(smp_message_add(message, &first), SMP_OK);
    EXPECT_MISTAKES(message, mistakes);
    longest[255] = '\0';
    cr_assert_eq(
        smp_message_add(message, &(struct smp_field_spec)FREE_SPEC(longest, .kind = SMP_KIND_BOOL)),
        SMP_OK);
    struct smp_field_spec spec = first;
    spec.key = NULL;
    cr_assert_eq(smp_message_add(message, &spec), SMP_ERR_INVALID);
    spec.key = "z";
    spec.size = 8;
    cr_assert_eq(smp_message_add(message, &spec), SMP_ERR_INVALID);
}

Test(custom_message, entries_of_a_map_have_rules_of_their_own)
{
    struct smp_message *counter = make_counter();
    struct smp_message *entry = make_entry();
    struct smp_message *flat = new_message("flat", 0);
    struct smp_message *key_only = new_message("key_only", 0);
    const struct smp_field_spec key = FREE_SPEC("", .kind = SMP_KIND_STR);
    const struct smp_field_spec rest = FREE_SPEC("", .kind = SMP_KIND_MAP, .message = counter);
    const struct smp_field_spec more = FREE_SPEC("more", .kind = SMP_KIND_BOOL);
    const struct mistake at_first[] = {
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_UINT),
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_STR, .optional = true),
    };
    const struct mistake after_key[] = {
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_MAP, .message = counter),
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_UINT, .optional = true),
    };
    const struct mistake after_value[] = {
        MISTAKE(SMP_ERR_INVALID, .key = "more", .kind = SMP_KIND_BOOL, .offset = 8),
    };
    const struct mistake after_rest[] = {
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_MAP, .message = counter),
        MISTAKE(SMP_ERR_INVALID, .key = "", .kind = SMP_KIND_STR),
    };

    EXPECT_MISTAKES(key_only, at_first);
    cr_assert_eq(smp_message_add(key_only, &key), SMP_OK);
    EXPECT_MISTAKES(key_only, after_key);
    EXPECT_MISTAKES(counter, after_value);
    (void)entry;
    cr_assert_eq(smp_message_add(flat, &more), SMP_OK);
    cr_assert_eq(smp_message_add(flat, &rest), SMP_OK);
    EXPECT_MISTAKES(flat, after_rest);
    const struct smp_field_spec after = FREE_SPEC("after", .kind = SMP_KIND_BOOL);
    cr_assert_eq(smp_message_add(flat, &after), SMP_OK, "%s", said);
}

Test(custom_message, no_more_than_64_fields)
{
    struct smp_message *message = new_message("many", 0);
    char key[16];
    struct smp_field_spec spec = FREE_SPEC(key, .kind = SMP_KIND_UINT, .width = 1);

    for (int i = 0; i < 64; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        cr_assert_eq(smp_message_add(message, &spec), SMP_OK, "%d: %s", i, said);
    }
    cr_assert_str_eq(smp_field_key(smp_message_field(message, 0)), "k0");
    snprintf(key, sizeof(key), "k64");
    cr_assert_eq(smp_message_add(message, &spec), SMP_ERR_TOO_LARGE);
}

Test(custom_message, what_is_referred_to_does_not_change)
{
    struct smp_message *inner = new_message("inner", 0);
    struct smp_message *outer = new_message("outer", 0);
    const struct smp_field_spec nested = FREE_SPEC("in", .kind = SMP_KIND_RECORD, .message = inner);
    const struct smp_field_spec more = FREE_SPEC("more", .kind = SMP_KIND_BOOL);

    cr_assert_eq(smp_message_add(outer, &nested), SMP_OK);
    cr_assert_eq(smp_message_add(inner, &more), SMP_ERR_BUSY);
    cr_assert_eq(smp_message_add(outer, &more), SMP_OK);
}

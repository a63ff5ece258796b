/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of the program's own: every mistake. */
#include "core/messages.h"

TestSuite(custom_mistake, .init = set_up, .fini = tear_down);

Test(custom_mistake, a_message_needs_a_name_and_a_struct)
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

Test(custom_mistake, offsets_that_cannot_be)
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

Test(custom_mistake, kinds_that_do_not_go_together)
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

Test(custom_mistake, keys_that_cannot_be)
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

Test(custom_mistake, entries_of_a_map_have_rules_of_their_own)
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

Test(custom_mistake, no_more_than_64_fields)
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

Test(custom_mistake, what_is_referred_to_does_not_change)
{
    struct smp_message *inner = new_message("inner", 0);
    struct smp_message *outer = new_message("outer", 0);
    const struct smp_field_spec nested = FREE_SPEC("in", .kind = SMP_KIND_RECORD, .message = inner);
    const struct smp_field_spec more = FREE_SPEC("more", .kind = SMP_KIND_BOOL);

    cr_assert_eq(smp_message_add(outer, &nested), SMP_OK);
    cr_assert_eq(smp_message_add(inner, &more), SMP_ERR_BUSY);
    cr_assert_eq(smp_message_add(outer, &more), SMP_OK);
}

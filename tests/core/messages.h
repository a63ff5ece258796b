/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that the tests of the program's own ones are made of. */
#ifndef TESTS_CORE_MESSAGES_H
#define TESTS_CORE_MESSAGES_H

#include "codec/vector.h"

#include <smp/smp.h>

#include <stdio.h>

static struct smp_loop *loop;
static char said[256]; /* the log's last line */

static inline void on_log(enum smp_log_level level, const char *text, void *user)
{
    (void)user;
    cr_assert_eq(level, SMP_LOG_ERROR);
    snprintf(said, sizeof(said), "%s", text);
}

static inline void set_up(void)
{
    const struct smp_loop_options options = {
        .size = sizeof(options), .log = on_log, .log_level = SMP_LOG_ERROR};
    cr_assert_eq(smp_loop_new(&options, &loop), SMP_OK);
}

static inline void tear_down(void)
{
    smp_loop_free(loop);
}

/* ---- laid out as a struct of the program ---- */

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

#define SPEC(S, k, m, ...)                                                                         \
    {                                                                                              \
        .size = sizeof(struct smp_field_spec), .key = (k), .offset = offsetof(struct S, m),        \
        __VA_ARGS__                                                                                \
    }

static inline void add_all(struct smp_message *message, const struct smp_field_spec *specs,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        cr_assert_eq(smp_message_add(message, &specs[i]), SMP_OK, "%s: %s", specs[i].key, said);
}
#define ADD_ALL(message, specs) add_all(message, specs, sizeof(specs) / sizeof((specs)[0]))

static inline struct smp_message *new_message(const char *name, size_t size)
{
    struct smp_message *message = NULL;
    cr_assert_eq(smp_message_new(loop, name, size, &message), SMP_OK, "%s", said);
    return message;
}

static inline struct smp_message *make_entry(void)
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

static inline struct smp_message *make_counter(void)
{
    static const struct smp_field_spec fields[] = {
        SPEC(counter, "", name, .kind = SMP_KIND_STR),
        SPEC(counter, "", value, .kind = SMP_KIND_UINT),
    };
    struct smp_message *counter = new_message("counter", sizeof(struct counter));
    ADD_ALL(counter, fields);
    return counter;
}

/* ---- laid out by the library ---- */

#define FREE_SPEC(k, ...)                                                                          \
    {                                                                                              \
        .size = sizeof(struct smp_field_spec), .key = (k), __VA_ARGS__                             \
    }

static inline struct smp_message *lay_out_point(void)
{
    static const struct smp_field_spec fields[] = {
        FREE_SPEC("x", .kind = SMP_KIND_INT, .width = 4),
        FREE_SPEC("y", .kind = SMP_KIND_INT, .width = 1, .optional = true),
    };
    struct smp_message *point = new_message("free_point", 0);
    ADD_ALL(point, fields);
    return point;
}

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message tables: the rows behind message.h, and the macros to write them.
 *
 * A table stands beside its group as constant data, one row a field:
 *
 *     static const struct smp_field echo_req_fields[] = {
 *         SMPI_FIELD(smp_os_echo_req, "d", text),
 *     };
 *     const struct smp_message smpi_os_echo_req = SMPI_MESSAGE(smp_os_echo_req, echo_req_fields);
 *
 * The macros derive kind, width and offset from the member itself and fail to
 * compile when a `has_x` or `n_x` is missing or an element type is wrong: a
 * table cannot disagree with its struct.
 */
#ifndef SMPI_CODEC_TABLE_H
#define SMPI_CODEC_TABLE_H

#include <smp/message.h>

/* Deepest nesting of maps and arrays, followed or skipped, in either direction. */
#define SMPI_DEPTH_MAX 8

/* What a row may add to its kind. */
enum smpi_field_flag {
    SMPI_OPTIONAL = 1, /* may be missing on the wire */
    SMPI_FLAT = 2,     /* a MAP whose elements may stand in the root itself, beside it or alone */
};

struct smp_field {
    const char *key;
    const char *alias;                 /* another spelling accepted when decoding, or NULL */
    const struct smp_message *message; /* RECORD, LIST of records, MAP */
    uint16_t offset;
    uint16_t has;   /* offset of has_x; 0: there is none (offset 0 is always `size`) */
    uint16_t count; /* offset of n_x; 0: there is none */
    uint8_t kind;
    uint8_t element; /* LIST: kind of an element */
    uint8_t width;   /* sizeof the member, or of a LIST's scalar element */
    uint8_t flags;
    uint8_t key_len;
    uint8_t alias_len;
};

enum smpi_message_flag {
    SMPI_RC_IS_DATA = 1, /* `rc` is a field of this response, not an error */
};

struct smp_message {
    const char *name;
    const struct smp_field *fields;
    uint16_t n_fields; /* at most 64 */
    uint16_t size;     /* sizeof the struct */
    uint8_t flags;
};

enum smpi_command_flag {
    SMPI_IDEMPOTENT = 1, /* may be executed twice without harm: repeated by default */
};

struct smp_command {
    const char *name;
    const struct smp_message *request;
    const struct smp_message *response;
    uint16_t group;
    uint8_t id;
    uint8_t op;
    uint8_t flags;
    const char *enable;  /* what a device that says "not supported" needs: "CONFIG_...", or NULL */
    const char *silence; /* what to do when no answer comes to this very command, or NULL */
};

/* A group's code, and what a server turns it into for an SMP v1 request. */
struct smpi_code {
    struct smp_code code;
    int16_t v1;
};

struct smp_group {
    uint16_t id;
    const char *name;
    const struct smp_command *commands;
    size_t n_commands;
    const struct smpi_code *codes;
    size_t n_codes;
};

/* Groups by rising id. */
struct smpi_registry {
    const struct smp_group *const *groups;
    size_t n_groups;
};

/* ---- macros ---- */

#define SMPI_MEMBER(S, m) (((const struct S *)0)->m)
#define SMPI_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Kind of a scalar lvalue; no default, so that any other type fails to compile. */
#define SMPI_KIND(x)                                                                               \
    _Generic((x), bool                                                                             \
             : SMP_KIND_BOOL, uint8_t                                                              \
             : SMP_KIND_UINT, uint16_t                                                             \
             : SMP_KIND_UINT, uint32_t                                                             \
             : SMP_KIND_UINT, uint64_t                                                             \
             : SMP_KIND_UINT, int8_t                                                               \
             : SMP_KIND_INT, int16_t                                                               \
             : SMP_KIND_INT, int32_t                                                               \
             : SMP_KIND_INT, int64_t                                                               \
             : SMP_KIND_INT, struct smp_str                                                        \
             : SMP_KIND_STR, struct smp_bytes                                                      \
             : SMP_KIND_BYTES, struct smp_value                                                    \
             : SMP_KIND_VALUE)

/* 0, or a compile error unless the member has exactly the type. */
#define SMPI_IS(S, m, type) (0 * sizeof(_Generic(SMPI_MEMBER(S, m), type : (char)0)))

#define SMPI_HAS(S, m) ((uint16_t)(offsetof(struct S, has_##m) + SMPI_IS(S, has_##m, bool)))
#define SMPI_N(S, m) ((uint16_t)(offsetof(struct S, n_##m) + SMPI_IS(S, n_##m, size_t)))

/* A required scalar. */
#define SMPI_FIELD(S, k, m)                                                                        \
    {                                                                                              \
        .key = (k), .key_len = sizeof(k) - 1, .kind = SMPI_KIND(SMPI_MEMBER(S, m)),                \
        .offset = offsetof(struct S, m), .width = sizeof(SMPI_MEMBER(S, m))                        \
    }

/* A required scalar that some devices spell otherwise. */
#define SMPI_FIELD_ALIAS(S, k, alias_, m)                                                          \
    {                                                                                              \
        .key = (k), .key_len = sizeof(k) - 1, .alias = (alias_), .alias_len = sizeof(alias_) - 1,  \
        .kind = SMPI_KIND(SMPI_MEMBER(S, m)), .offset = offsetof(struct S, m),                     \
        .width = sizeof(SMPI_MEMBER(S, m))                                                         \
    }

/* An optional scalar, with has_<m>. */
#define SMPI_OPT(S, k, m)                                                                          \
    {                                                                                              \
        .key = (k), .key_len = sizeof(k) - 1, .kind = SMPI_KIND(SMPI_MEMBER(S, m)),                \
        .offset = offsetof(struct S, m), .width = sizeof(SMPI_MEMBER(S, m)),                       \
        .has = SMPI_HAS(S, m), .flags = SMPI_OPTIONAL                                              \
    }

#define SMPI_ELEMENTS(S, k, m, E, table, kind_, flags_)                                            \
    .key = (k), .key_len = sizeof(k) - 1, .kind = (kind_), .element = SMP_KIND_RECORD,             \
    .offset = (uint16_t)(offsetof(struct S, m) + SMPI_IS(S, m, const struct E *const *)),          \
    .count = SMPI_N(S, m), .message = &(table), .width = sizeof(void *), .flags = (flags_)

/* A list of records: `const struct E *const *m` with `size_t n_<m>`. */
#define SMPI_LIST(S, k, m, E, table)                                                               \
    {                                                                                              \
        SMPI_ELEMENTS(S, k, m, E, table, SMP_KIND_LIST, 0)                                         \
    }

/* The same, but may be missing on the wire: decoded as no elements, not sent when empty. */
#define SMPI_LIST_OPT(S, k, m, E, table)                                                           \
    {                                                                                              \
        SMPI_ELEMENTS(S, k, m, E, table, SMP_KIND_LIST, SMPI_OPTIONAL)                             \
    }

/* One nested struct: `const struct E *m`; optional, it is NULL when absent. */
#define SMPI_RECORD(S, k, m, E, table, flags_)                                                     \
    {                                                                                              \
        .key = (k), .key_len = sizeof(k) - 1, .kind = SMP_KIND_RECORD, .element = SMP_KIND_RECORD, \
        .message = &(table), .width = sizeof(void *),                                              \
        .offset = (uint16_t)(offsetof(struct S, m) + SMPI_IS(S, m, const struct E *)),             \
        .flags = (flags_)                                                                          \
    }

/*
 * A map of records, keyed by the element's first member (a struct smp_str, key "" in its table).
 * When the element's second and last row has the key "" too, the map's values are that field
 * itself: {"a": 1, "b": 2} for an element {name, value}.
 * A map whose own key is "" is the root itself.
 */
#define SMPI_MAP(S, k, m, E, table)                                                                \
    {                                                                                              \
        SMPI_ELEMENTS(S, k, m, E, table, SMP_KIND_MAP, 0)                                          \
    }

/* A map that some devices spell otherwise, or whose elements some put into the root. */
#define SMPI_MAP_ALIAS(S, k, alias_, m, E, table, flags_)                                          \
    {                                                                                              \
        SMPI_ELEMENTS(S, k, m, E, table, SMP_KIND_MAP, flags_), .alias = (alias_),                 \
                                                                .alias_len = sizeof(alias_) - 1    \
    }

/* A list of scalars by value: `const T *m` with `size_t n_<m>`. */
#define SMPI_SCALARS(S, k, m, flags_)                                                              \
    {                                                                                              \
        .key = (k), .key_len = sizeof(k) - 1, .kind = SMP_KIND_LIST,                               \
        .element = SMPI_KIND(*SMPI_MEMBER(S, m)), .offset = offsetof(struct S, m),                 \
        .count = SMPI_N(S, m), .width = sizeof(*SMPI_MEMBER(S, m)), .flags = (flags_)              \
    }

#define SMPI_MESSAGE_FLAGS(S, f, flags_)                                                           \
    {                                                                                              \
        .name = #S, .fields = (f), .n_fields = SMPI_COUNT(f), .size = sizeof(struct S),            \
        .flags = (flags_)                                                                          \
    }
#define SMPI_MESSAGE(S, f) SMPI_MESSAGE_FLAGS(S, f, 0)

#endif

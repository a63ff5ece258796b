/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A property: whatever is put into a struct comes out of encoder and decoder
 * as it was, for every table, by values from a seed.  Encoding what was decoded
 * gives the same bytes again.
 */
#include "codec/encode.h"
#include "codec/fields.h"
#include "codec/tables.h"
#include "codec/value.h"
#include "codec/vector.h"

static uint64_t state;

/* xorshift64* */
static uint64_t next(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * UINT64_C(2685821657736338717);
}

/* Small numbers and the edges of every width more often than others. */
static uint64_t number(void)
{
    static const uint64_t edges[] = {0,         1,          23,        24,        127,   128,
                                     255,       256,        32767,     32768,     65535, 65536,
                                     INT32_MAX, UINT32_MAX, INT64_MAX, UINT64_MAX};

    switch (next() % 3) {
    case 0:
        return next() % 30;
    case 1:
        return edges[next() % (sizeof(edges) / sizeof(edges[0]))];
    default:
        return next() >> next() % 64;
    }
}

/* Everything made for one record, given back all at once. */
static _Alignas(max_align_t) uint8_t made[1 << 20];
static struct smpi_arena maker = {.base = made, .size = sizeof(made)};

static void *make(size_t bytes)
{
    void *memory = smpi_arena_alloc(&maker, bytes);
    cr_assert_not_null(memory);
    return memory;
}

static uint8_t *make_bytes(size_t len, bool ascii)
{
    uint8_t *bytes = make(len);

    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(ascii ? ' ' + next() % 95 : next());
    return bytes;
}

static void make_scalar(enum smp_kind kind, size_t width, void *member)
{
    struct smp_value value = {.kind = kind};
    uint64_t mask = width < 8 ? (UINT64_C(1) << 8 * width) - 1 : UINT64_MAX;

    if (kind == SMP_KIND_VALUE)
        value.kind = (enum smp_kind)(SMP_KIND_BOOL + next() % 5);
    switch (value.kind) {
    case SMP_KIND_BOOL:
        value.as.boolean = next() & 1;
        break;
    case SMP_KIND_UINT:
        value.as.uint = number() & (kind == SMP_KIND_VALUE ? UINT64_MAX : mask);
        break;
    case SMP_KIND_INT:
        value.as.sint = (int64_t)(number() & mask >> 1);
        if (kind == SMP_KIND_VALUE || next() & 1) /* what is not negative comes back as UINT */
            value.as.sint = -1 - value.as.sint;
        if (kind == SMP_KIND_VALUE && value.as.sint >= 0)
            value.as.sint = -1;
        break;
    default:
        value.as.bytes.len = next() % 40;
        value.as.bytes.data = make_bytes(value.as.bytes.len, value.kind == SMP_KIND_STR);
        break;
    }
    cr_assert(smpi_value_store(kind, width, member, &value));
}

static void *make_record(const struct smp_message *message, int depth)
{
    uint8_t *record = make(message->size);

    *(size_t *)(void *)record = message->size;
    for (size_t i = 0; i < message->n_fields; i++) {
        const struct smp_field *f = &message->fields[i];
        uint8_t *member = record + f->offset;
        if ((f->flags & SMPI_OPTIONAL && next() & 1) || depth > 4)
            continue;
        if (f->has)
            *(bool *)(record + f->has) = true;
        if (f->kind <= SMP_KIND_VALUE) {
            make_scalar(f->kind, f->width, member);
        } else if (f->kind == SMP_KIND_RECORD) {
            smpi_store_pointer(member, make_record(f->message, depth + 1));
        } else {
            size_t count = next() % 10;
            uint8_t *array = make(count * f->width);
            for (size_t j = 0; j < count; j++) {
                if (f->element == SMP_KIND_RECORD)
                    smpi_store_pointer(array + j * f->width, make_record(f->message, depth + 1));
                else
                    make_scalar(f->element, f->width, array + j * f->width);
            }
            smpi_store_pointer(member, array);
            *(size_t *)(void *)(record + f->count) = count;
        }
    }
    return record;
}

static void expect_same_value(const struct smp_value *a, const struct smp_value *b)
{
    cr_assert_eq(a->kind, b->kind);
    if (a->kind == SMP_KIND_BOOL) {
        cr_assert_eq(a->as.boolean, b->as.boolean);
    } else if (a->kind == SMP_KIND_UINT || a->kind == SMP_KIND_INT) {
        cr_assert_eq(a->as.uint, b->as.uint);
    } else {
        cr_assert_eq(a->as.bytes.len, b->as.bytes.len);
        cr_assert(a->as.bytes.len == 0 ||
                  memcmp(a->as.bytes.data, b->as.bytes.data, a->as.bytes.len) == 0);
    }
}

static void expect_same(const struct smp_message *message, const void *a, const void *b)
{
    cr_assert_eq(*(const size_t *)b, message->size);
    for (size_t i = 0; i < message->n_fields; i++) {
        const struct smp_field *f = &message->fields[i];
        struct smp_value va;
        struct smp_value vb;
        cr_assert_eq(smp_field_has(f, a), smp_field_has(f, b), "%s", f->key);
        cr_assert_eq(smp_field_count(f, a), smp_field_count(f, b), "%s", f->key);
        int error = smp_field_get(f, a, &va);
        cr_assert_eq(error, smp_field_get(f, b, &vb));
        if (error == SMP_OK)
            expect_same_value(&va, &vb);
        for (size_t j = 0; j < smp_field_count(f, a); j++) {
            if (f->element == SMP_KIND_RECORD) {
                expect_same(f->message, smp_field_element(f, a, j), smp_field_element(f, b, j));
                continue;
            }
            cr_assert_eq(smp_field_scalar(f, a, j, &va), SMP_OK);
            cr_assert_eq(smp_field_scalar(f, b, j, &vb), SMP_OK);
            expect_same_value(&va, &vb);
        }
    }
}

static void expect_roundtrip(const struct smp_message *message, uint64_t seed)
{
    static uint8_t cbor[65536];
    static uint8_t again[65536];
    size_t len;
    size_t again_len;

    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    smpi_arena_reset(&maker);
    void *record = make_record(message, 1);
    cr_assert_eq(smpi_encode(message, record, NULL, cbor, sizeof(cbor), &len, NULL), SMP_OK);
    struct smp_result result = decode_bytes(message, (struct smp_bytes){cbor, len}, false);
    cr_assert_eq(result.error, SMP_OK, "%s, seed %llu: %s", message->name, (unsigned long long)seed,
                 result.key);
    cr_assert_not(result.bad_utf8);
    expect_same(message, record, result.rsp);
    cr_assert_eq(smpi_encode(message, result.rsp, NULL, again, sizeof(again), &again_len, NULL),
                 SMP_OK);
    cr_assert_eq(again_len, len);
    cr_assert_eq(memcmp(again, cbor, len), 0);
}

Test(roundtrip, what_goes_in_comes_out)
{
    static const struct smp_message *const messages[] = {
        &t_upload, &t_offset, &t_state, &t_pools, &t_root, &t_counters, &t_all, &t_shell,
    };

    for (uint64_t seed = 0; seed < 1000; seed++)
        for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
            expect_roundtrip(messages[i], seed);
}

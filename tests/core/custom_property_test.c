/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random tables of the program's own, and random records of them: whatever can
 * be described goes out and comes back.  A failure prints its seed.
 */
#include "support/random.h"
#include "support/record.h"

#include <smp/smp.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

enum { TABLES = 400, RECORDS = 10 };

static struct smp_loop *loop;
static unsigned made; /* messages, for their names */
static size_t bytes;  /* of all records */

static struct smp_message *new_message(void)
{
    struct smp_message *message = NULL;
    char name[16];
    snprintf(name, sizeof(name), "m%u", made++);
    cr_assert_eq(smp_message_new(loop, name, 0, &message), SMP_OK);
    return message;
}

static void add(struct smp_message *message, struct smp_field_spec spec, uint64_t seed)
{
    spec.size = sizeof(spec);
    cr_assert_eq(smp_message_add(message, &spec), SMP_OK, "seed %llu, key %s",
                 (unsigned long long)seed, spec.key);
}

static enum smp_kind random_scalar(size_t *width)
{
    enum smp_kind kind = (enum smp_kind)(SMP_KIND_BOOL + random_below(6));
    *width = kind == SMP_KIND_UINT || kind == SMP_KIND_INT ? (size_t)1 << random_below(4) : 0;
    return kind;
}

static struct smp_message *random_message(int depth, uint64_t seed);

/* What a map holds: scalars by name, or records by name. */
static struct smp_message *random_entry(int depth, uint64_t seed)
{
    struct smp_message *entry = new_message();
    struct smp_field_spec value = {.key = ""};
    add(entry, (struct smp_field_spec){.key = "", .kind = SMP_KIND_STR}, seed);
    value.kind = random_scalar(&value.width);
    if (random_below(2) == 0 || depth >= 3) {
        add(entry, value, seed);
        return entry;
    }
    value.key = "first";
    value.optional = random_below(2) == 0;
    add(entry, value, seed);
    add(entry,
        (struct smp_field_spec){.key = "second",
                                .kind = SMP_KIND_RECORD,
                                .optional = true,
                                .message = random_message(depth + 1, seed)},
        seed);
    return entry;
}

static void add_random(struct smp_message *message, const char *key, int depth, uint64_t seed)
{
    struct smp_field_spec spec = {.key = key, .optional = random_below(2) == 0};
    uint64_t choice = random_below(depth < 3 ? 9 : 5);

    if (choice < 4) {
        spec.kind = random_scalar(&spec.width);
    } else if (choice == 4) {
        spec.kind = SMP_KIND_LIST;
        do
            spec.element = random_scalar(&spec.width);
        while (spec.element == SMP_KIND_BOOL); /* support/record.c sets numbers only */
    } else if (choice == 5) {
        spec.kind = SMP_KIND_RECORD;
        spec.message = random_message(depth + 1, seed);
    } else if (choice == 6) {
        spec.kind = SMP_KIND_LIST;
        spec.element = SMP_KIND_RECORD;
        spec.message = random_message(depth + 1, seed);
    } else {
        spec.kind = SMP_KIND_MAP;
        spec.message = random_entry(depth + 1, seed);
    }
    add(message, spec, seed);
}

static struct smp_message *random_message(int depth, uint64_t seed)
{
    struct smp_message *message = new_message();
    char key[16];
    for (uint64_t n = random_below(6); n > 0; n--) {
        snprintf(key, sizeof(key), "k%u", (unsigned)n);
        add_random(message, key, depth, seed);
    }
    if (random_below(5) == 0)
        add(message,
            (struct smp_field_spec){
                .key = "", .kind = SMP_KIND_MAP, .message = random_entry(3, seed)},
            seed);
    return message;
}

/* There and back, as a request: an answer has keys that mean something to the library. */
static void round_trip(const struct smp_message *message, uint64_t seed)
{
    static uint8_t packet[65535];
    struct smp_result result;
    size_t len;
    json_t *json = random_record(message);
    const void *record = record_from_json(message, json);
    cr_assert_not_null(record, "seed %llu", (unsigned long long)seed);
    cr_assert_eq(smp_message_encode(message, record, packet + SMP_HEADER_SIZE,
                                    sizeof(packet) - SMP_HEADER_SIZE, &len),
                 SMP_OK, "seed %llu", (unsigned long long)seed);
    smp_header_encode(&(struct smp_header){.group = 64, .length = (uint16_t)len}, packet);
    cr_assert_eq(smp_packet_decode(loop, packet, SMP_HEADER_SIZE + len, &result), SMP_OK,
                 "seed %llu, key %s", (unsigned long long)seed, result.key);
    bytes += len;
    json_t *got = record_to_json(message, result.rsp);
    cr_assert(json_equal(json, got), "seed %llu:\n%s\n%s", (unsigned long long)seed,
              json_dumps(json, 0), json_dumps(got, 0));
    json_decref(got);
    json_decref(json);
    record_free();
}

Test(custom_property, what_can_be_described_goes_out_and_comes_back, .timeout = 60)
{
    for (uint64_t seed = 1; seed <= TABLES; seed++) {
        struct smp_group *group;
        random_seed(seed);
        made = 0;
        cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
        const struct smp_command_spec command = {
            .size = sizeof(command), .name = "x", .request = random_message(1, seed)};
        cr_assert_eq(smp_group_new(loop, 64, "g", &group), SMP_OK);
        cr_assert_eq(smp_group_add_command(group, &command), SMP_OK);
        for (int i = 0; i < RECORDS; i++)
            round_trip(command.request, seed);
        smp_loop_free(loop);
    }
    printf("%d tables, %d records each, %zu bytes\n", TABLES, RECORDS, bytes);
    cr_assert_gt(bytes, 100000);
}

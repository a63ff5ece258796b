/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the codec costs above bare libcbor, in one run:
 *
 *     cmake -B build/bench -DCMAKE_BUILD_TYPE=Release && cmake --build build/bench
 *     build/bench/bin/codec_bench
 *
 * The floor is libcbor's streaming calls for the same bytes: each head encoded
 * and each payload copied, or each item decoded into callbacks that do nothing.
 * Times are the best of many rounds, floor and codec in turn.  Instructions are
 * counted by callgrind where valgrind is installed.  Exit status 1: a ratio over
 * LIMIT, a wrong result, or a heap allocation.
 */
#include "codec/decode.h"
#include "codec/encode.h"
#include "codec/tables.h"

#include <cbor.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIMIT 2.0
#define ROUNDS 40
#define REPEATS 20000
#define CHUNK 512

/* ---- heap allocations, counted by standing in for malloc ---- */

static unsigned long allocations;

#ifdef __GLIBC__
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

void *malloc(size_t size)
{
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    allocations++;
    return __libc_realloc(memory, size);
}
#endif

/* ---- what is measured ---- */

/* {"off": 3072}, as Zephyr sends it */
static const uint8_t answer[] = {0xbf, 0x63, 'o', 'f', 'f', 0x19, 0x0c, 0x00, 0xff};

static uint8_t state[512];
static size_t state_len;
static uint8_t chunk[CHUNK];
static uint8_t packet[CHUNK + 64];
static _Alignas(max_align_t) uint8_t memory[65536];

static void put(const void *bytes, size_t len)
{
    memcpy(state + state_len, bytes, len);
    state_len += len;
}

static void put_key(const char *key, uint8_t value)
{
    uint8_t head = (uint8_t)(0x60 + strlen(key));
    put(&head, 1);
    put(key, strlen(key));
    put(&value, 1);
}

/* One slot in Zephyr's order: indefinite, all flags. */
static void put_slot(uint8_t slot)
{
    uint8_t hash[32];

    memset(hash, 0xa0 + slot, sizeof(hash));
    put("\xbf", 1);
    put_key("slot", slot);
    put_key("version", 0x65);
    put("1.0.0", 5);
    put_key("hash", 0x58);
    put("\x20", 1);
    put(hash, sizeof(hash));
    put_key("bootable", 0xf5);
    put_key("pending", slot ? 0xf5 : 0xf4);
    put_key("confirmed", slot ? 0xf4 : 0xf5);
    put_key("active", slot ? 0xf4 : 0xf5);
    put_key("permanent", 0xf4);
    put("\xff", 1);
}

static void make_state(void)
{
    put("\xbf", 1);
    put_key("images", 0x9f);
    put_slot(0);
    put_slot(1);
    put("\xff", 1);
    put_key("splitStatus", 0);
    put("\xff", 1);
}

static size_t floor_text(uint8_t *out, size_t room, const char *text)
{
    size_t len = strlen(text);
    size_t head = cbor_encode_string_start(len, out, room);
    memcpy(out + head, text, len);
    return head + len;
}

static __attribute__((noinline)) bool floor_upload(unsigned offset)
{
    size_t at = cbor_encode_map_start(2, packet, sizeof(packet));
    at += floor_text(packet + at, sizeof(packet) - at, "off");
    at += cbor_encode_uint(offset, packet + at, sizeof(packet) - at);
    at += floor_text(packet + at, sizeof(packet) - at, "data");
    at += cbor_encode_bytestring_start(CHUNK, packet + at, sizeof(packet) - at);
    memcpy(packet + at, chunk, CHUNK);
    at += CHUNK;
    return at == 1 + 4 + 3 + 5 + 3 + CHUNK;
}

static __attribute__((noinline)) bool codec_upload(unsigned offset)
{
    struct t_upload request = {
        .size = sizeof(request), .off = offset, .has_data = true, .data = {chunk, CHUNK}};
    size_t len;
    int error = smpi_encode(&t_upload, &request, NULL, packet, sizeof(packet), &len, NULL);
    return error == SMP_OK && len == 1 + 4 + 3 + 5 + 3 + CHUNK;
}

static bool floor_decode(const uint8_t *data, size_t len)
{
    while (len > 0) {
        struct cbor_decoder_result result =
            cbor_stream_decode(data, len, &cbor_empty_callbacks, NULL);
        if (result.status != CBOR_DECODER_FINISHED)
            return false;
        data += result.read;
        len -= result.read;
    }
    return true;
}

static const void *codec_decode(const struct smp_message *message, const uint8_t *data, size_t len)
{
    static struct smp_result result;
    struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
    smpi_decode(message, (struct smp_bytes){data, len}, true, &arena, &result);
    return result.rsp;
}

static __attribute__((noinline)) bool floor_answer(unsigned unused)
{
    (void)unused;
    return floor_decode(answer, sizeof(answer));
}

static __attribute__((noinline)) bool codec_answer(unsigned unused)
{
    (void)unused;
    const struct t_offset *offset = codec_decode(&t_offset, answer, sizeof(answer));
    return offset && offset->has_off && offset->off == 3072;
}

static __attribute__((noinline)) bool floor_state(unsigned unused)
{
    (void)unused;
    return floor_decode(state, state_len);
}

static __attribute__((noinline)) bool codec_state(unsigned unused)
{
    (void)unused;
    const struct t_state *decoded = codec_decode(&t_state, state, state_len);
    return decoded && decoded->n_images == 2 && decoded->images[1]->hash.len == 32 &&
           decoded->images[1]->has_permanent && decoded->images[1]->pending;
}

typedef bool work(unsigned offset);

static const struct {
    const char *name;
    work *floor;
    work *codec;
} cases[] = {
    {"encode upload request, 512 B", floor_upload, codec_upload},
    {"decode upload answer", floor_answer, codec_answer},
    {"decode image state, 2 slots", floor_state, codec_state},
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

/* ---- measuring ---- */

/* Not inlined and found by name: callgrind counts what happens in here. */
__attribute__((noinline)) bool codec_bench_run(work *run, unsigned repeats);

bool codec_bench_run(work *run, unsigned repeats)
{
    bool right = true;

    for (unsigned i = 0; i < repeats; i++)
        right &= run(3072 + (i & 1023));
    return right;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double best(double before, work *run, bool *right)
{
    double start = seconds();
    *right &= codec_bench_run(run, REPEATS);
    double each = (seconds() - start) / REPEATS * 1e9;
    return before == 0 || each < before ? each : before;
}

/* Instructions of one call, counted by this program under callgrind; 0: not known. */
static double instructions(const char *self, size_t index, const char *which)
{
    enum { TIMES = 1000 };
    char line[256];
    double count = 0;

    snprintf(line, sizeof(line),
             "valgrind --tool=callgrind --callgrind-out-file=/dev/null "
             "--toggle-collect=codec_bench_run '%s' %zu %s %d 2>&1",
             self, index, which, TIMES);
    FILE *output = popen(line, "r");
    while (output && fgets(line, sizeof(line), output)) {
        const char *collected = strstr(line, "Collected : ");
        if (collected)
            count = strtod(collected + strlen("Collected : "), NULL) / TIMES;
    }
    if (output)
        pclose(output);
    return count;
}

static bool measure(const char *self, size_t i)
{
    double floor = 0;
    double codec = 0;
    bool right = true;
    unsigned long before = allocations;

    for (int round = 0; round < ROUNDS; round++) {
        floor = best(floor, cases[i].floor, &right);
        codec = best(codec, cases[i].codec, &right);
    }
    unsigned long allocated = allocations - before;
    double ratio = codec / floor;
    printf("%-30s %8.1f %8.1f %6.2f %10.0f %10.0f %6lu %s\n", cases[i].name, floor, codec, ratio,
           instructions(self, i, "floor"), instructions(self, i, "codec"), allocated,
           !right          ? "WRONG RESULT"
           : ratio > LIMIT ? "TOO SLOW"
           : allocated > 0 ? "ALLOCATES"
                           : "ok");
    return right && ratio <= LIMIT && allocated == 0;
}

int main(int argc, char **argv)
{
    bool good = true;

    make_state();
    if (argc == 4) {
        size_t i = strtoul(argv[1], NULL, 10) % CASES;
        work *run = strcmp(argv[2], "floor") == 0 ? cases[i].floor : cases[i].codec;
        return codec_bench_run(run, (unsigned)strtoul(argv[3], NULL, 10)) ? 0 : 1;
    }
    printf("%-30s %8s %8s %6s %10s %10s %6s\n", "codec", "floor ns", "ours ns", "ratio",
           "floor ins.", "ours ins.", "heap");
    for (size_t i = 0; i < CASES; i++)
        good &= measure(argv[0], i);
    printf(
        "The limit is %.1f times the floor, and no heap allocation; instructions 0: no valgrind.\n",
        LIMIT);
    return good ? 0 : 1;
}

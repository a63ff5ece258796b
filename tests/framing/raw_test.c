/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/raw.h"
#include "framing/stream.h"

struct rig {
    struct stream stream;
    struct smpi_raw raw;
    uint8_t *buffer;
};

static void rig_open(struct rig *rig, bool server, size_t max_packet)
{
    struct smpi_framing_events events = stream_events(&rig->stream);
    rig->buffer = malloc(max_packet);
    smpi_raw_init(&rig->raw, &events, server, rig->buffer, max_packet);
}

static void rig_close(struct rig *rig)
{
    free(rig->buffer);
    free(rig->stream.log);
}

/* v2 echo "hi" and its answer. */
static const uint8_t request[] = {0x0a, 0, 0, 6, 0, 0, 0x42, 0, 0xa1, 'a', 'd', 'b', 'h', 'i'};
static const uint8_t answer[] = {0x0b, 0, 0, 7, 0, 0, 0x42, 0, 0xbf, 'a', 'r', 'b', 'h', 'i', 0xff};
#define REQUEST "P0a00000600004200a16164626869;"
#define ANSWER "P0b00000700004200bf6172626869ff;"

#define FEED(rig, data) smpi_raw_feed(&(rig).raw, data, sizeof(data))
#define FEED_TEXT(rig, text) smpi_raw_feed(&(rig).raw, (const uint8_t *)(text), strlen(text))

Test(raw, packets_back_to_back)
{
    struct rig rig;
    rig_open(&rig, false, 64);
    FEED(rig, answer);
    FEED(rig, answer);
    stream_expect(&rig.stream, ANSWER ANSWER);
    cr_expect_not(smpi_raw_waits(&rig.raw));
    rig_close(&rig);
}

Test(raw, a_header_alone_is_a_packet)
{
    const uint8_t bare[] = {0x01, 0, 0, 0, 0, 2, 9, 0};
    struct rig rig;
    rig_open(&rig, false, 8);
    FEED(rig, bare);
    stream_expect(&rig.stream, "P0100000000020900;");
    rig_close(&rig);
}

Test(raw, client_passes_over_what_is_no_answer)
{
    struct rig rig;
    rig_open(&rig, false, 64);
    FEED_TEXT(rig, "*** Booting Zephyr OS ***\r\n");
    FEED(rig, answer);
    FEED(rig, request); /* an echo of our own words */
    FEED(rig, answer);
    cr_expect_eq(rig.stream.packets, 2u);
    cr_expect_eq(strncmp(rig.stream.log, "*** Booting Zephyr OS ***\r\n" ANSWER, 27), 0);
    rig_close(&rig);
}

Test(raw, client_finds_step_behind_a_header_that_cannot_be)
{
    const uint8_t huge[] = {0x0b, 0, 0xff, 0xff, 0x09, 0};
    struct rig rig;
    rig_open(&rig, false, 64);
    FEED(rig, huge);
    FEED(rig, answer); /* what was taken for a header is looked at again, byte by byte */
    FEED(rig, answer);
    cr_expect_eq(rig.stream.packets, 2u, "%s", rig.stream.log);
    cr_expect_gt(rig.raw.stats.bad_encoding, 0u);
    rig_close(&rig);
}

Test(raw, silence_ends_a_packet_cut_short)
{
    struct rig rig;
    rig_open(&rig, false, 64);
    smpi_raw_feed(&rig.raw, answer, 10);
    cr_expect(smpi_raw_waits(&rig.raw));
    smpi_raw_silence(&rig.raw);
    cr_expect_not(smpi_raw_waits(&rig.raw));
    FEED(rig, answer);
    stream_expect(&rig.stream, ANSWER);
    cr_expect_eq(rig.raw.stats.bad_length, 1u);
    rig_close(&rig);
}

/* As Zephyr 4.4: ops 4 to 7 and what is too long lose all input until the line is silent. */
Test(raw, server_loses_step_until_silence)
{
    const uint8_t stray[] = {0xff}, op4[] = {0x0c}, huge[] = {0x0a, 0, 0xff, 0xff, 0, 0, 0, 0};
    const struct {
        const uint8_t *data;
        size_t len;
    } bad[] = {{stray, sizeof(stray)}, {op4, sizeof(op4)}, {huge, sizeof(huge)}};
    for (size_t i = 0; i < 3; i++) {
        struct rig rig;
        rig_open(&rig, true, 64);
        FEED(rig, request);
        smpi_raw_feed(&rig.raw, bad[i].data, bad[i].len);
        FEED(rig, request);
        cr_expect(smpi_raw_waits(&rig.raw));
        stream_expect(&rig.stream, REQUEST);
        smpi_raw_silence(&rig.raw);
        FEED(rig, request);
        stream_expect(&rig.stream, REQUEST REQUEST);
        rig_close(&rig);
    }
}

Test(raw, server_takes_several_in_one_burst)
{
    uint8_t burst[3 * sizeof(request)];
    struct rig rig;
    for (size_t i = 0; i < 3; i++) {
        memcpy(burst + i * sizeof(request), request, sizeof(request));
    }
    rig_open(&rig, true, 64);
    FEED(rig, burst);
    stream_expect(&rig.stream, REQUEST REQUEST REQUEST);
    rig_close(&rig);
}

Test(raw, any_split_reports_the_same)
{
    static uint8_t data[3000];
    size_t packets = 0;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        uint64_t state = seed;
        bool server = seed % 2;
        size_t len = 0;
        while (len < sizeof(data) - 64) {
            const uint8_t *packet = server ? request : answer;
            size_t size = server ? sizeof(request) : sizeof(answer);
            size_t noise = stream_random(&state) % (server ? 40 : 5) == 0;
            for (size_t i = 0; i < noise * (stream_random(&state) % 6); i++) {
                data[len++] = (uint8_t)stream_random(&state);
            }
            memcpy(data + len, packet, size);
            len += size;
        }
        struct rig whole, split;
        rig_open(&whole, server, 64);
        rig_open(&split, server, 64);
        smpi_raw_feed(&whole.raw, data, len);
        for (size_t at = 0, n; at < len; at += n) {
            n = 1 + stream_random(&state) % 40;
            n = n < len - at ? n : len - at;
            uint8_t *copy = malloc(n);
            memcpy(copy, data + at, n);
            smpi_raw_feed(&split.raw, copy, n);
            free(copy);
        }
        cr_assert_str_eq(whole.stream.log, split.stream.log, "seed %d", (int)seed);
        packets += whole.stream.packets;
        rig_close(&whole);
        rig_close(&split);
    }
    cr_expect_gt(packets, 20000u, "%zu: the streams had few packets in them", packets);
}

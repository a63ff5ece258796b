/* SPDX-License-Identifier: Apache-2.0 */
#include "framing/console.h"
#include "framing/stream.h"

#define FIRST "\x06\x09"
#define NEXT "\x04\x14"

/* The echo "hi" of protocol.md 5.1, as a line and as it is reported. */
#define HI FIRST "ABAKAAAGAABCAKFhZGJoaZsK\n"
#define HI_PACKET "P0a00000600004200a16164626869;"

struct rig {
    struct stream stream;
    struct smpi_console console;
    uint8_t *buffer;
};

static void rig_open(struct rig *rig, size_t max_packet)
{
    struct smpi_framing_events events = stream_events(&rig->stream);
    rig->buffer = malloc(smpi_console_room(max_packet));
    smpi_console_init(&rig->console, &events, rig->buffer, max_packet);
}

static void rig_close(struct rig *rig)
{
    free(rig->buffer);
    free(rig->stream.log);
}

static void feed(struct rig *rig, const char *text)
{
    smpi_console_feed(&rig->console, (const uint8_t *)text, strlen(text));
}

/* Feeds the text whole and in pieces of each size; the report must always be the same. */
static void expect_strict(const char *text, const char *wanted, size_t max_packet, bool strict)
{
    size_t len = strlen(text);
    for (size_t piece = len; piece > 0; piece = piece > 40 ? piece / 2 : piece - 1) {
        struct rig rig;
        rig_open(&rig, max_packet);
        rig.console.strict = strict;
        for (size_t at = 0; at < len; at += piece) {
            smpi_console_feed(&rig.console, (const uint8_t *)text + at,
                              piece < len - at ? piece : len - at);
        }
        stream_expect(&rig.stream, wanted);
        rig_close(&rig);
    }
}

static void expect(const char *text, const char *wanted)
{
    expect_strict(text, wanted, 2048, false);
}

static size_t from_hex(const char *hex, uint8_t *data)
{
    size_t len = strlen(hex) / 2;
    for (size_t i = 0; i < len; i++) {
        unsigned byte;
        cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        data[i] = (uint8_t)byte;
    }
    return len;
}

static void expect_lines(const uint8_t *packet, size_t len, size_t line, const char *wanted)
{
    struct smpi_console_encoder encoder;
    char text[65536];
    size_t at = 0, lines = 0, got;
    smpi_console_begin(&encoder, packet, len, line);
    while ((got = smpi_console_next(&encoder, (uint8_t *)text + at)) > 0) {
        cr_expect_leq(got, line);
        at += got;
        lines++;
    }
    text[at] = '\0';
    cr_expect_str_eq(text, wanted);
    cr_expect_eq(smpi_console_lines(len, line), lines);
}

/* ---- the golden vectors of protocol.md 5.1 ---- */

static const struct {
    const char *packet, *line;
} golden[] = {
    {"0a00000600004200a16164626869", FIRST "ABAKAAAGAABCAKFhZGJoaZsK\n"},
    {"0800000100010100a0", FIRST "AAsIAAABAAEBAKCYMQ==\n"},
    {"0000000100010100a0", FIRST "AAsAAAABAAEBAKCxzg==\n"},
    {"0b00001400010700bf63657272bf6567726f7570016272631818ffff",
     FIRST "AB4LAAAUAAEHAL9jZXJyv2Vncm91cAFicmMYGP//Hec=\n"},
    {"0b00000700004200bf6172626869ff", FIRST "ABELAAAHAABCAL9hcmJoaf9Hhw==\n"},
    {"0100000600080501bf62726308ff", FIRST "ABABAAAGAAgFAb9icmMI/8o6\n"},
};

Test(console, golden_vectors_encode)
{
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        uint8_t packet[64];
        size_t len = from_hex(golden[i].packet, packet);
        expect_lines(packet, len, SMPI_CONSOLE_LINE, golden[i].line);
    }
}

Test(console, golden_vectors_decode)
{
    for (size_t i = 0; i < sizeof(golden) / sizeof(golden[0]); i++) {
        char wanted[128];
        snprintf(wanted, sizeof(wanted), "P%s;", golden[i].packet);
        expect_strict(golden[i].line, wanted, 2048, true);
        expect(golden[i].line, wanted);
    }
}

/* The echo of 120 a's: 133 bytes, one line of 127 and one of 63. */
#define AAA_13 "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
static const char two_lines[] =
    FIRST "AIcKAAB9AAABAKFhZHh4" AAA_13 AAA_13 "\n" NEXT AAA_13 "YWFhPiA=\n";

static size_t two_line_packet(uint8_t *packet)
{
    size_t len = from_hex("0a00007d00000100a161647878", packet);
    memset(packet + len, 'a', 120);
    return len + 120;
}

Test(console, two_line_vector)
{
    uint8_t packet[160];
    char wanted[512] = "P0a00007d00000100a161647878";
    size_t len = two_line_packet(packet);
    cr_expect_eq(len, 133);
    cr_expect_eq(strcspn(two_lines, "\n") + 1, 127);
    cr_expect_eq(strlen(two_lines) - 127, 63);
    expect_lines(packet, len, SMPI_CONSOLE_LINE, two_lines);
    for (int i = 0; i < 120; i++) {
        strcat(wanted, "61");
    }
    strcat(wanted, ";");
    expect_strict(two_lines, wanted, 133, true);
}

/* ---- lines of other lengths ---- */

Test(console, lines_are_never_longer_than_asked_and_decode_alone)
{
    static uint8_t packet[1500];
    for (size_t i = 0; i < sizeof(packet); i++) {
        packet[i] = (uint8_t)(i * 31);
    }
    for (size_t line = SMPI_CONSOLE_LINE_MIN; line < 600; line += line < 140 ? 1 : 37) {
        for (size_t len = 0; len < sizeof(packet); len += 1 + len / 7) {
            struct smpi_console_encoder encoder;
            struct rig rig;
            uint8_t text[600];
            size_t got, rest = len + SMPI_CONSOLE_OVERHEAD;
            rig_open(&rig, sizeof(packet));
            smpi_console_begin(&encoder, packet, len, line);
            while ((got = smpi_console_next(&encoder, text)) > 0) {
                cr_assert_leq(got, line);
                cr_assert_eq((got - 3) % 4, 0u);
                cr_assert_eq(text[got - 1], '\n');
                /* Padding only where the message ends. */
                size_t bytes = (got - 3) / 4 * 3;
                cr_assert(text[got - 2] != '=' || bytes >= rest);
                rest -= bytes < rest ? bytes : rest;
                smpi_console_feed(&rig.console, text, got);
            }
            cr_assert_eq(rest, 0u);
            cr_assert_eq(rig.stream.packets, 1u, "line %zu, packet %zu", line, len);
            cr_assert_eq(rig.stream.len, 2 * len + 2);
            rig_close(&rig);
        }
    }
}

Test(console, largest_packet)
{
    static uint8_t packet[SMPI_CONSOLE_PACKET_MAX];
    struct smpi_console_encoder encoder;
    struct rig rig;
    static uint8_t text[SMPI_CONSOLE_PACKET_MAX * 2];
    size_t got;
    rig_open(&rig, sizeof(packet));
    /* All of it on one line, as MCUboot did before 2022. */
    smpi_console_begin(&encoder, packet, sizeof(packet), sizeof(text));
    got = smpi_console_next(&encoder, text);
    cr_assert_eq(smpi_console_next(&encoder, text + got), 0u);
    smpi_console_feed(&rig.console, text, got);
    cr_expect_eq(rig.stream.packets, 1u);
    cr_expect_eq(rig.stream.len, 2 * sizeof(packet) + 2);
    rig_close(&rig);
}

/* ---- a line shared with text ---- */

Test(console, text_comes_through_in_order)
{
    expect("", "");
    expect("uart:~$ ", "uart:~$ ");
    expect("one\n" HI "two\r\n" HI HI "three",
           "one\n" HI_PACKET "two\r\n" HI_PACKET HI_PACKET "three");
    expect("\n\n", "\n\n");
}

Test(console, text_before_a_marker_on_its_line)
{
    expect("<inf> app: up" HI "next\n", "<inf> app: up" HI_PACKET "next\n");
    expect("uart:~$ " HI, "uart:~$ " HI_PACKET);
}

Test(console, half_a_marker_is_text)
{
    expect("a\x06z", "a\x06z");
    expect("a\x04z", "a\x04z");
    expect("\x06\x14\x04\x09", "\x06\x14\x04\x09");
    expect("\x06" HI, "\x06" HI_PACKET);
    expect("\x04" HI, "\x04" HI_PACKET);
    expect("\x06\x06\x04\x04" HI, "\x06\x06\x04\x04" HI_PACKET);
}

Test(console, text_between_the_lines_of_a_frame)
{
    char text[400];
    struct rig rig;
    snprintf(text, sizeof(text), "%.127sin between\n%s", two_lines, two_lines + 127);
    rig_open(&rig, 2048);
    feed(&rig, text);
    cr_expect_eq(rig.stream.packets, 1u);
    cr_expect_eq(strncmp(rig.stream.log, "in between\nP0a00", 16), 0);
    rig_close(&rig);
}

/* ---- what devices and terminals do to lines ---- */

Test(console, line_ends_and_padding)
{
    expect(FIRST "ABAKAAAGAABCAKFhZGJoaZsK\r\n", HI_PACKET);
    expect(FIRST "ABAKAAAGAABCAKFhZGJoaZsK \r\n", HI_PACKET);
    expect(FIRST "AAsIAAABAAEBAKCYMQ\n", "P0800000100010100a0;");
    expect_strict(FIRST "ABAKAAAGAABCAKFhZGJoaZsK\r\n", "", 2048, true);
    expect_strict(FIRST "AAsIAAABAAEBAKCYMQ\n", "", 2048, true);
}

Test(console, a_first_line_always_starts_again)
{
    char text[600];
    snprintf(text, sizeof(text), "%.127s" HI "%s", two_lines, two_lines + 127);
    expect(text, HI_PACKET); /* and the rest of the first frame is a lone continuation */
    snprintf(text, sizeof(text), "%.50s" HI, two_lines);
    expect(text, HI_PACKET); /* cut in the middle of a line: the device has started again */
    expect(FIRST "ABAKA" FIRST "!!" HI, HI_PACKET);
}

Test(console, a_continuation_of_a_line_cut_short_is_dropped)
{
    char text[600];
    snprintf(text, sizeof(text), "%.50s%s" HI, two_lines, two_lines + 127);
    expect(text, HI_PACKET);
}

Test(console, bad_frames_vanish_and_the_next_one_recovers)
{
    struct rig rig;
    rig_open(&rig, 2048);
    const struct smpi_framing_stats *stats = &rig.console.stats;
    feed(&rig, NEXT "YWJjZGVm\n" HI);
    cr_expect_eq(stats->orphans, 1u);
    feed(&rig, FIRST "ABAKAAAGAABCAKFhZGJoaZsL\n" HI);
    cr_expect_eq(stats->bad_crc, 1u);
    feed(&rig, FIRST "!!!!****\n" HI FIRST "ABAK AAG\n" HI);
    cr_expect_eq(stats->bad_encoding, 2u);
    feed(&rig, FIRST "AA8KAAAGAABCAKFhZGJoaZsK\n" HI); /* length too small by 1 */
    cr_expect_eq(stats->bad_length, 1u);
    feed(&rig, FIRST "ABEKAAAGAABCAKFhZGJoaZsK\n" HI); /* too large by 1: waits in vain */
    cr_expect_eq(stats->bad_length, 2u);
    feed(&rig, FIRST "AAAKAAAGAABCAKFhZGJoaZsK\n" HI); /* 0 */
    feed(&rig, FIRST "//8KAAAGAABCAKFhZGJoaZsK\n" HI); /* 65535 */
    feed(&rig, FIRST "\n" HI FIRST "AA==\n" HI);       /* no length at all */
    cr_expect_eq(stats->bad_length, 6u);
    cr_expect_eq(rig.stream.packets, 10u);
    cr_expect_eq(rig.stream.len, 10 * strlen(HI_PACKET), "no text came of it: %s", rig.stream.log);
    rig_close(&rig);
}

Test(console, limits_of_the_packet)
{
    char line[8000];
    struct rig rig;
    expect_strict(HI, HI_PACKET, 14, false);
    expect_strict(HI, "", 13, false);
    memset(line, 'A', sizeof(line));
    memcpy(line, FIRST "B9A", 5); /* says 2000 */
    line[sizeof(line) - 1] = '\0';
    rig_open(&rig, 100);
    feed(&rig, line);
    feed(&rig, line + 10);
    feed(&rig, "\n" HI);
    stream_expect(&rig.stream, HI_PACKET);
    cr_expect_eq(rig.console.stats.bad_length, 1u);
    rig_close(&rig);
}

Test(console, reset_forgets_the_frame)
{
    struct rig rig;
    rig_open(&rig, 2048);
    smpi_console_feed(&rig.console, (const uint8_t *)two_lines, 127);
    smpi_console_reset(&rig.console);
    feed(&rig, two_lines + 127);
    feed(&rig, HI);
    stream_expect(&rig.stream, HI_PACKET);
    rig_close(&rig);
}

/* ---- any split of any stream ---- */

/* Text, frames, frames cut short, markers alone: a stream by seed. */
static size_t make_stream(uint64_t *seed, uint8_t *out, size_t room)
{
    static const char *const scraps[] = {
        HI,
        "log\n",
        "\r\n",
        FIRST,
        NEXT,
        "\x06",
        "\x04",
        "AAAA",
        "=",
        "uart:~$ ",
        FIRST "ABAKAAAGAABCAKF",
        NEXT "AAAA\n",
        "\n",
        FIRST "AB!",
        "\xff",
        "ABAKAAAGAAB",
    };
    size_t at = 0;
    while (at < room - 1200) {
        const char *piece = scraps[stream_random(seed) % (sizeof(scraps) / sizeof(scraps[0]))];
        size_t len = strlen(piece);
        memcpy(out + at, piece, len);
        at += len;
        if (stream_random(seed) % 4 == 0) {
            uint8_t packet[600];
            struct smpi_console_encoder encoder;
            size_t line = SMPI_CONSOLE_LINE_MIN + stream_random(seed) % 200;
            size_t size = stream_random(seed) % 400;
            for (size_t i = 0; i < size; i++) {
                packet[i] = (uint8_t)stream_random(seed);
            }
            smpi_console_begin(&encoder, packet, size, line);
            while (at < room - 300 && stream_random(seed) % 16 != 0 &&
                   (len = smpi_console_next(&encoder, out + at)) > 0) {
                at += len;
            }
        }
    }
    return at;
}

Test(console, any_split_reports_the_same)
{
    static uint8_t data[6000];
    size_t packets = 0;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t state = seed;
        struct rig whole, split;
        size_t len = make_stream(&state, data, sizeof(data));
        rig_open(&whole, 512);
        rig_open(&split, 512);
        smpi_console_feed(&whole.console, data, len);
        for (size_t at = 0, n; at < len; at += n) {
            n = 1 + stream_random(&state) % (seed % 7 == 0 ? 1 : 60);
            n = n < len - at ? n : len - at;
            /* A copy as large as its contents: a sanitizer sees a read past the end. */
            uint8_t *copy = malloc(n);
            memcpy(copy, data + at, n);
            smpi_console_feed(&split.console, copy, n);
            free(copy);
        }
        cr_assert(whole.stream.len == split.stream.len &&
                      memcmp(whole.stream.log, split.stream.log, whole.stream.len) == 0,
                  "seed %d", (int)seed);
        cr_assert_eq(
            memcmp(&whole.console.stats, &split.console.stats, sizeof(struct smpi_framing_stats)),
            0);
        packets += whole.stream.packets;
        rig_close(&whole);
        rig_close(&split);
    }
    cr_expect_gt(packets, 3000u, "%zu: the streams had few packets in them", packets);
}

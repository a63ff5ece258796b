/* SPDX-License-Identifier: Apache-2.0 */
/* A stream alone, on a clock that only moves when told: what leaves, when, and what comes in. */
#include "transports/serial_stream.h"
#include "transports/catcher.h"

#include <smp/session.h>

#define MS SMPI_MS

struct rig {
    struct fake fake;
    struct smpi_stream stream;
    struct smp_transport *transport;
    struct catcher *catcher;
    uint8_t wire[16384]; /* what was written */
    size_t len;
    size_t takes; /* bytes the line takes at once */
    char console[256];
};

static size_t rig_write(void *self, const uint8_t *data, size_t len)
{
    struct rig *rig = self;
    size_t n = len < rig->takes ? len : rig->takes;
    cr_assert_leq(rig->len + n, sizeof(rig->wire));
    memcpy(rig->wire + rig->len, data, n);
    rig->len += n;
    return n;
}

static int rig_send(void *self, const struct smp_peer *peer, const uint8_t *packet, size_t len)
{
    (void)peer;
    return smpi_stream_send(&((struct rig *)self)->stream, packet, len);
}

static size_t rig_max_packet(void *self, const struct smp_peer *peer)
{
    (void)peer;
    return ((struct rig *)self)->stream.options.max_packet;
}

static void rig_console(struct smp_transport *transport, const char *text, size_t len, void *user)
{
    struct rig *rig = user;
    cr_assert_eq(transport, rig->transport);
    strncat(rig->console, text, len);
}

static struct rig *rig_new(bool raw, bool server, uint32_t lines)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    const struct smp_transport_ops ops = {
        .size = sizeof(ops),
        .kind = SMP_TRANSPORT_STREAM,
        .send = rig_send,
        .max_packet = rig_max_packet,
    };
    const struct smpi_stream_options options = {
        .raw = raw,
        .server = server,
        .line = SMPI_CONSOLE_LINE,
        .max_packet = 1000,
        .room = server ? 8000 : 1004,
        .lines = lines,
        .gap_ns = 25 * MS,
        .window = 1,
        .silence_ns = 4000 * MS,
        .console = rig_console,
        .console_user = rig,
    };
    rig->fake = fake_new();
    rig->takes = SIZE_MAX;
    cr_assert_eq(smpi_stream_make(&rig->stream, rig->fake.loop, &options, rig_write, rig), SMP_OK);
    cr_assert_eq(smp_transport_new(rig->fake.loop, &ops, rig, &rig->transport), SMP_OK);
    rig->stream.transport = rig->transport;
    rig->catcher = catcher_new(rig->transport);
    return rig;
}

static void rig_free(struct rig *rig)
{
    smp_transport_free(rig->transport);
    smpi_stream_unmake(&rig->stream);
    fake_free(&rig->fake);
    free(rig->catcher);
    free(rig);
}

static void pass(struct rig *rig, uint64_t ns)
{
    smp_fake_clock_advance(rig->fake.clock, ns);
    settle(rig->fake.loop);
}

/* A request with that sequence number, and its answer. */
static int request(struct rig *rig, uint8_t sequence, size_t len)
{
    uint8_t packet[1100] = {0x0a, 0, (uint8_t)((len - 8) >> 8), (uint8_t)(len - 8), 0, 0, sequence};
    return smpi_stream_send(&rig->stream, packet, len);
}

static void answer(struct rig *rig, uint8_t sequence)
{
    uint8_t packet[9] = {0x0b, 0, 0, 1, 0, 0, sequence, 0, 0xa0};
    uint8_t line[32];
    struct smpi_console_encoder encoder;
    if (rig->stream.options.raw) {
        smpi_stream_feed(&rig->stream, packet, sizeof(packet));
    } else {
        smpi_console_begin(&encoder, packet, sizeof(packet), sizeof(line));
        smpi_stream_feed(&rig->stream, line, smpi_console_next(&encoder, line));
    }
    settle(rig->fake.loop);
}

static size_t lines(const struct rig *rig)
{
    size_t count = 0;
    for (size_t i = 0; i < rig->len; i++) {
        count += rig->wire[i] == '\n';
    }
    return count;
}

Test(serial_stream, one_newline_then_a_pause_then_the_frame)
{
    struct rig *rig = rig_new(false, false, 2);
    cr_expect_eq(request(rig, 1, 9), SMP_OK);
    cr_expect_eq(rig->len, 1u);
    cr_expect_eq(rig->wire[0], '\n');
    pass(rig, 14 * MS);
    cr_expect_eq(rig->len, 1u);
    pass(rig, 1 * MS);
    cr_expect_eq(rig->wire[1], 0x06);
    cr_expect_eq(lines(rig), 2u);
    answer(rig, 1);
    cr_expect_eq(request(rig, 2, 9), SMP_OK);
    cr_expect_eq(lines(rig), 3u, "no other newline, no other pause");
    rig_free(rig);
}

Test(serial_stream, lines_wait_for_the_devices_buffers)
{
    struct rig *rig = rig_new(false, false, 2);
    request(rig, 1, 9);
    pass(rig, 100 * MS);
    answer(rig, 1);
    rig->len = 0;
    cr_expect_eq(request(rig, 2, 400), SMP_OK); /* 5 lines */
    cr_expect_eq(lines(rig), 2u);
    pass(rig, 24 * MS);
    cr_expect_eq(lines(rig), 2u);
    pass(rig, 1 * MS);
    cr_expect_eq(lines(rig), 4u);
    cr_expect_eq(request(rig, 3, 9), SMP_ERR_AGAIN, "the packet before has not left");
    cr_expect_eq(rig->catcher->writables, 0u);
    pass(rig, 25 * MS);
    cr_expect_eq(lines(rig), 5u);
    cr_expect_eq(rig->catcher->writables, 1u);
    cr_expect_eq(request(rig, 3, 9), SMP_OK);
    cr_expect_eq(lines(rig), 6u, "the last line and this one fill two buffers");
    cr_expect_eq(request(rig, 4, 9), SMP_OK);
    cr_expect_eq(lines(rig), 6u);
    answer(rig, 2); /* its last line is out of its buffer */
    cr_expect_eq(lines(rig), 7u);
    rig_free(rig);
}

Test(serial_stream, an_answer_to_a_later_request_frees_all_before_it)
{
    struct rig *rig = rig_new(false, false, 3);
    request(rig, 1, 9);
    pass(rig, 15 * MS);
    pass(rig, 100 * MS);
    for (uint8_t i = 2; i < 5; i++) {
        cr_expect_eq(request(rig, i, 9), SMP_OK);
    }
    rig->len = 0;
    cr_expect_eq(request(rig, 5, 9), SMP_OK);
    cr_expect_eq(lines(rig), 0u);
    answer(rig, 4);
    cr_expect_eq(lines(rig), 1u);
    rig_free(rig);
}

Test(serial_stream, a_slow_line_takes_a_packet_bit_by_bit)
{
    struct rig *rig = rig_new(false, false, 100);
    rig->takes = 7;
    request(rig, 1, 300);
    pass(rig, 15 * MS);
    for (int i = 0; i < 100; i++) {
        smpi_stream_flush(&rig->stream);
    }
    cr_expect_eq(lines(rig), 1u + 4u);
    cr_expect_eq(rig->len, 1u + 3 * 127u + 3 + (304 - 3 * 93 + 2) / 3 * 4);
    rig_free(rig);
}

Test(serial_stream, sizes)
{
    struct rig *rig = rig_new(false, false, 2);
    cr_expect_eq(request(rig, 1, 1001), SMP_ERR_TOO_LARGE);
    cr_expect_eq(request(rig, 1, 7), SMP_ERR_INVALID);
    cr_expect_eq(rig->len, 0u);
    size_t size = 8192, last = 8192;
    for (int i = 0; size != 0; i++) {
        cr_assert_lt(i, 10);
        last = size;
        size = smpi_stream_step_down(size);
        cr_expect_lt(size, last);
    }
    cr_expect_geq(last, 100u, "room for an upload's first chunk");
    rig_free(rig);
}

Test(serial_stream, text_of_both_ways)
{
    struct rig *rig = rig_new(false, false, 2);
    smpi_stream_feed(&rig->stream, (const uint8_t *)"uart:~$ ", 8);
    answer(rig, 9);
    smpi_stream_feed(&rig->stream, (const uint8_t *)"log\r\n", 5);
    cr_expect_str_eq(rig->console, "uart:~$ log\r\n");
    cr_expect_eq(rig->catcher->count, 1u);
    cr_expect_eq(smpi_stream_print(&rig->stream, "help\n", 5), SMP_OK);
    cr_expect_eq(memcmp(rig->wire, "help\n", 5), 0);
    rig->takes = 0;
    static char much[SMPI_STREAM_TEXT_MAX + 1];
    memset(much, 'x', sizeof(much));
    cr_expect_eq(smpi_stream_print(&rig->stream, much, sizeof(much)), SMP_ERR_AGAIN);
    cr_expect_eq(smpi_stream_print(&rig->stream, much, sizeof(much) - 1), SMP_OK);
    cr_expect_eq(smpi_stream_print(&rig->stream, much, 1), SMP_ERR_AGAIN);
    rig_free(rig);
}

Test(serial_stream, text_goes_between_lines_and_never_into_one)
{
    struct rig *rig = rig_new(false, true, 0);
    rig->takes = 50;
    request(rig, 1, 300);
    cr_expect_eq(smpi_stream_print(&rig->stream, "<log>\n", 6), SMP_OK);
    for (int i = 0; i < 100; i++) {
        smpi_stream_flush(&rig->stream);
    }
    rig->wire[rig->len] = '\0';
    const char *log = strstr((const char *)rig->wire, "<log>\n");
    cr_assert_not_null(log);
    cr_expect(log > (const char *)rig->wire && log[-1] == '\n', "at the end of a line");
    cr_expect_eq(lines(rig), 5u);
    rig_free(rig);
}

/* ---- raw ---- */

Test(serial_stream, raw_is_silent_after_a_missing_answer)
{
    struct rig *rig = rig_new(true, false, 0);
    cr_expect_eq(request(rig, 1, 20), SMP_OK);
    cr_expect_eq(rig->len, 20u);
    answer(rig, 1);
    cr_expect_eq(request(rig, 2, 20), SMP_OK);
    pass(rig, 2500 * MS);
    cr_expect_eq(request(rig, 2, 20), SMP_ERR_AGAIN);
    pass(rig, 1499 * MS);
    cr_expect_eq(rig->catcher->writables, 0u);
    pass(rig, 1 * MS);
    cr_expect_eq(rig->catcher->writables, 1u);
    cr_expect_eq(request(rig, 2, 20), SMP_OK);
    cr_expect_eq(rig->stream.steps_lost, 1u);
    rig_free(rig);
}

Test(serial_stream, raw_a_late_answer_ends_the_silence)
{
    struct rig *rig = rig_new(true, false, 0);
    request(rig, 1, 20);
    answer(rig, 1);
    request(rig, 2, 20);
    pass(rig, 2500 * MS);
    cr_expect_eq(request(rig, 2, 20), SMP_ERR_AGAIN);
    answer(rig, 2);
    cr_expect_eq(rig->catcher->writables, 1u);
    cr_expect_eq(request(rig, 3, 20), SMP_OK);
    rig_free(rig);
}

/* As when somebody waits for a board to come up. */
Test(serial_stream, raw_keeps_asking_who_never_answered)
{
    struct rig *rig = rig_new(true, false, 0);
    for (uint8_t i = 0; i < 8; i++) {
        cr_expect_eq(request(rig, i, 20), SMP_OK);
        pass(rig, 250 * MS);
    }
    cr_expect_eq(request(rig, 8, 20), SMP_ERR_AGAIN, "it may be out of step");
    pass(rig, 4000 * MS);
    cr_expect_eq(request(rig, 8, 20), SMP_OK);
    rig_free(rig);
}

Test(serial_stream, raw_carries_no_text)
{
    struct rig *rig = rig_new(true, false, 0);
    cr_expect_eq(smpi_stream_print(&rig->stream, "x", 1), SMP_ERR_UNSUPPORTED);
    smpi_stream_feed(&rig->stream, (const uint8_t *)"*** Booting", 11);
    cr_expect_str_eq(rig->console, "*** Booting");
    rig_free(rig);
}

Test(serial_stream, raw_half_an_answer_is_given_up)
{
    const uint8_t half[] = {0x0b, 0, 0, 100, 0, 0, 7, 0, 1, 2, 3};
    struct rig *rig = rig_new(true, false, 0);
    smpi_stream_feed(&rig->stream, half, sizeof(half));
    pass(rig, 1000 * MS);
    answer(rig, 8);
    cr_expect_eq(rig->catcher->count, 1u);
    rig_free(rig);
}

/* ---- the other side, and the end ---- */

Test(serial_stream, a_server_queues_its_answers)
{
    struct rig *rig = rig_new(false, true, 0);
    rig->takes = 0;
    int accepted = 0;
    while (request(rig, (uint8_t)accepted, 500) == SMP_OK) {
        cr_assert_lt(++accepted, 100);
    }
    cr_expect_geq(accepted, 8);
    rig->takes = SIZE_MAX;
    smpi_stream_flush(&rig->stream);
    settle(rig->fake.loop);
    cr_expect_eq(lines(rig), (size_t)accepted * smpi_console_lines(500, SMPI_CONSOLE_LINE));
    cr_expect_eq(rig->catcher->writables, 1u);
    rig_free(rig);
}

Test(serial_stream, reset_forgets_what_waits)
{
    struct rig *rig = rig_new(false, false, 2);
    request(rig, 1, 900);
    pass(rig, 50 * MS);
    smpi_stream_feed(&rig->stream,
                     (const uint8_t *)"\x06\x09"
                                      "AAsI",
                     6);
    smpi_stream_reset(&rig->stream);
    rig->len = 0;
    pass(rig, 1000 * MS);
    cr_expect_eq(rig->len, 0u);
    cr_expect_eq(request(rig, 2, 9), SMP_OK);
    cr_expect_eq(rig->wire[0], '\n', "half a line may be in the device again");
    answer(rig, 2);
    cr_expect_eq(rig->catcher->count, 1u);
    rig_free(rig);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Faults under the framing: what arrives of the bytes, and that sessions live through it. */
#include "transports/bad_line.h"
#include "transports/catcher.h"
#include "transports/line.h"

#define MS UINT64_C(1000000)

/* ---- bytes ---- */

struct wire {
    struct fake fake;
    struct smpi_bad_line bad;
    size_t takes; /* bytes that `write` takes yet */
    char out[4096], in[4096];
    size_t out_len, in_len, ins;
};

static size_t on_write(void *self, const uint8_t *data, size_t len)
{
    struct wire *wire = self;
    len = len < wire->takes ? len : wire->takes;
    wire->takes -= len;
    cr_assert_lt(wire->out_len + len, sizeof(wire->out));
    memcpy(wire->out + wire->out_len, data, len);
    wire->out_len += len;
    return len;
}

static void on_arrive(void *self, const uint8_t *data, size_t len)
{
    struct wire *wire = self;
    cr_assert_lt(wire->in_len + len, sizeof(wire->in));
    memcpy(wire->in + wire->in_len, data, len);
    wire->in_len += len;
    wire->ins++;
}

static struct wire *wire_new(const struct smp_faults *faults, bool raw)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    wire->fake = fake_new();
    wire->takes = SIZE_MAX;
    wire->bad =
        (struct smpi_bad_line){.raw = raw, .self = wire, .write = on_write, .arrive = on_arrive};
    cr_assert_eq(smpi_bad_line_make(&wire->bad, wire->fake.loop, faults), SMP_OK);
    return wire;
}

static void wire_free(struct wire *wire)
{
    smpi_bad_line_unmake(&wire->bad);
    fake_free(&wire->fake);
    free(wire);
}

static void come(struct wire *wire, const char *text)
{
    smpi_bad_line_in(&wire->bad, (const uint8_t *)text, strlen(text));
}

static size_t go(struct wire *wire, const char *text)
{
    return smpi_bad_line_out(&wire->bad, (const uint8_t *)text, strlen(text));
}

Test(bad_line, lines_wait_until_they_are_whole)
{
    const struct smp_faults none = {.size = sizeof(none)};
    struct wire *wire = wire_new(&none, false);
    come(wire, "on");
    cr_expect_eq(wire->ins, 0);
    come(wire, "e\ntwo\nth");
    cr_expect_eq(wire->ins, 2);
    come(wire, "ree\n");
    cr_expect_str_eq(wire->in, "one\ntwo\nthree\n");
    char longer[301];
    memset(longer, 'x', 300);
    longer[300] = '\0';
    come(wire, longer);
    cr_expect_eq(wire->in_len, 14 + 2 * SMPI_PIECE_MAX, "no more is kept than a piece");
    wire_free(wire);
}

Test(bad_line, raw_bytes_do_not_wait)
{
    const struct smp_faults none = {.size = sizeof(none)};
    struct wire *wire = wire_new(&none, true);
    come(wire, "on\ne");
    cr_expect_str_eq(wire->in, "on\ne");
    cr_expect_eq(wire->ins, 1);
    wire_free(wire);
}

Test(bad_line, whole_lines_are_lost_and_single_bytes_changed)
{
    struct smp_faults faults = {.size = sizeof(faults), .drop = 500000};
    struct wire *wire = wire_new(&faults, false);
    for (int i = 0; i < 200; i++) {
        come(wire, "0123456\n");
        cr_expect_eq(go(wire, "0123456\n"), 8, "a line does not say what it loses");
    }
    cr_expect(wire->in_len > 500 && wire->in_len < 1100 && wire->in_len % 8 == 0);
    cr_expect(wire->out_len > 500 && wire->out_len < 1100 && wire->out_len % 8 == 0);
    wire_free(wire);

    faults = (struct smp_faults){.size = sizeof(faults), .corrupt = 1000000};
    wire = wire_new(&faults, false);
    come(wire, "0123456\n");
    cr_expect_eq(wire->in_len, 8);
    cr_expect_neq(memcmp(wire->in, "0123456\n", 8), 0);
    wire_free(wire);
}

Test(bad_line, silence_after_so_many_bytes_of_both_ways)
{
    const struct smp_faults faults = {.size = sizeof(faults), .silent_after_bytes = 12};
    struct wire *wire = wire_new(&faults, false);
    come(wire, "one\n");
    go(wire, "two\n");
    come(wire, "three\n");
    go(wire, "four\n");
    cr_expect_str_eq(wire->in, "one\n");
    cr_expect_str_eq(wire->out, "two\n");
    wire_free(wire);
}

Test(bad_line, what_the_wire_does_not_take_at_once_is_not_lost)
{
    const struct smp_faults faults = {.size = sizeof(faults), .duplicate = 1000000};
    struct wire *wire = wire_new(&faults, false);
    wire->takes = 3;
    cr_expect_eq(go(wire, "abcdef\n"), 7);
    cr_expect_eq(go(wire, "next\n"), 0, "it is blocked");
    for (int i = 0; i < 10; i++) {
        wire->takes = 2;
        smpi_bad_line_writable(&wire->bad);
    }
    wire->takes = 100;
    cr_expect_eq(go(wire, "next\n"), 5);
    cr_expect_str_eq(wire->out, "abcdef\nabcdef\nnext\nnext\n");
    wire_free(wire);
}

Test(bad_line, a_client_that_leaves_takes_all_with_it)
{
    const struct smp_faults faults = {.size = sizeof(faults), .delay_ns = 10 * MS};
    struct wire *wire = wire_new(&faults, false);
    come(wire, "old\nhalf");
    go(wire, "old\n");
    smpi_bad_line_reset(&wire->bad);
    come(wire, "new\n");
    go(wire, "new\n");
    cr_assert(smp_loop_run(wire->fake.loop) == SMP_OK);
    cr_expect_str_eq(wire->in, "new\n");
    cr_expect_str_eq(wire->out, "new\n");
    wire_free(wire);
}

static int make_bad_line(struct smp_loop *loop)
{
    const struct smp_faults none = {.size = sizeof(none)};
    struct wire wire = {0};
    wire.bad = (struct smpi_bad_line){.self = &wire, .write = on_write, .arrive = on_arrive};
    int error = smpi_bad_line_make(&wire.bad, loop, &none);
    if (error == SMP_OK) {
        smpi_bad_line_unmake(&wire.bad);
    }
    return error;
}

Test(bad_line, without_memory)
{
    expect_no_leak_without_memory(make_bad_line);
}

/* ---- a session over a pseudo-terminal ---- */

/* Requests are repeated until an answer comes whole: the framing lets nothing else through. */
static void asks_through(const struct smp_faults *faults, enum smp_serial_framing framing)
{
    const struct smp_pty_options pty = {.faults = faults, .framing = framing};
    const struct smp_serial_options serial = {.lines = 16, .framing = framing};
    struct line *line = line_new(&pty, &serial);
    unsigned good = 0;
    for (int i = 0; i < 10; i++) {
        good += line_ask(line, 40) == SMP_OK;
    }
    cr_expect_eq(good, 10u, "%u of 10", good);
    line_free(line);
}

Test(bad_line, a_session_lives_through_losses_and_damage)
{
    const struct smp_faults faults = {.size = sizeof(faults),
                                      .seed = 2, /* one is lost: it takes a time-out */
                                      .drop = 30000,
                                      .corrupt = 30000,
                                      .truncate = 30000,
                                      .duplicate = 100000,
                                      .delay_ns = MS,
                                      .jitter_ns = MS};
    asks_through(&faults, SMP_SERIAL_CONSOLE);
}

Test(bad_line, raw_lines_too)
{
    const struct smp_faults faults = {.size = sizeof(faults), .delay_ns = 2 * MS};
    asks_through(&faults, SMP_SERIAL_RAW);
}

Test(bad_line, faults_of_no_release)
{
    const struct smp_faults none = {0};
    const struct smp_pty_options options = {.size = sizeof(options), .faults = &none};
    struct smp_transport *pty;
    struct smp_loop *loop;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_expect_eq(smp_pty_new(loop, NULL, &options, &pty), SMP_ERR_INVALID);
    smp_loop_free(loop);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_uart.h"
#include "transports/catcher.h"

#define US 1000ull

/* What waits follows without a gap, however late the loop comes. */
Test(serial_uart, bytes_take_their_time)
{
    struct smpi_wire wire = {.byte_ns = 86805}; /* 115200 baud */
    uint8_t data[sizeof(wire.piece)];
    uint64_t now = 5 * SMPI_MS;
    cr_expect_eq(smpi_wire_room(&wire), 11u);
    for (int i = 0; i < 1000; i++) {
        memset(wire.piece, 'a', 11);
        smpi_wire_start(&wire, now, 11);
        uint64_t due = smpi_wire_due(&wire);
        cr_assert_eq(due, 5 * SMPI_MS + (uint64_t)(i + 1) * 11 * 86805);
        now = due + (uint64_t)(i % 7) * SMPI_MS;
        cr_assert_eq(smpi_wire_take(&wire, data), 11u);
    }
    cr_expect_eq(smpi_wire_due(&wire), SMPI_NEVER);
}

Test(serial_uart, a_pause_is_never_made_up_for)
{
    struct smpi_wire wire = {.byte_ns = 1000};
    uint8_t data[sizeof(wire.piece)];
    smpi_wire_start(&wire, 0, 10);
    cr_expect_eq(smpi_wire_take(&wire, data), 10u);
    wire.going = false; /* nothing waited */
    smpi_wire_start(&wire, 10 * US + 1, 10);
    cr_expect_eq(smpi_wire_due(&wire), 20 * US + 1);
    cr_expect_eq(smpi_wire_take(&wire, data), 10u);
    smpi_wire_start(&wire, 60 * SMPI_MS, 10); /* the program was stopped for so long */
    cr_expect_eq(smpi_wire_due(&wire), 60 * SMPI_MS + 10 * US);
}

/* A packet counts from its own newline, not from that of what follows it. */
Test(serial_uart, each_line_arrives_for_itself)
{
    struct smpi_wire wire = {.byte_ns = 1000, .piece = "one\ntwo\nth"};
    uint8_t data[sizeof(wire.piece)];
    smpi_wire_start(&wire, 0, 10);
    cr_expect_eq(smpi_wire_due(&wire), 4 * US);
    cr_expect_eq(smpi_wire_take(&wire, data), 4u);
    cr_expect_arr_eq(data, "one\n", 4);
    cr_expect_eq(smpi_wire_due(&wire), 8 * US);
    cr_expect_eq(smpi_wire_take(&wire, data), 4u);
    cr_expect_arr_eq(data, "two\n", 4);
    cr_expect_eq(smpi_wire_due(&wire), 10 * US);
    cr_expect_eq(smpi_wire_take(&wire, data), 2u);
    cr_expect_arr_eq(data, "th", 2);
}

Test(serial_uart, no_rate_is_no_time)
{
    struct smpi_wire wire = {.byte_ns = 0};
    cr_expect_eq(smpi_wire_room(&wire), sizeof(wire.piece));
    smpi_wire_start(&wire, 7, sizeof(wire.piece));
    cr_expect_eq(smpi_wire_due(&wire), 7u);
}

static const uint8_t *bytes(const char *text)
{
    return (const uint8_t *)text;
}

static void expect_line(struct smpi_lines *lines, uint64_t now, const char *wanted)
{
    size_t len = 0;
    const uint8_t *line = smpi_lines_take(lines, now, &len);
    if (wanted == NULL) {
        cr_expect_null(line);
        return;
    }
    cr_assert_not_null(line, "no \"%s\"", wanted);
    cr_expect(len == strlen(wanted) && memcmp(line, wanted, len) == 0, "%.*s", (int)len, line);
}

Test(serial_uart, what_finds_no_line_buffer_vanishes)
{
    struct fake fake = fake_new();
    struct smpi_lines lines;
    cr_assert_eq(smpi_lines_make(&lines, fake.loop, 2, 8, SMPI_MS), SMP_OK);
    smpi_lines_feed(&lines, 10, bytes("one\ntwo\nthree\n"), 14);
    cr_expect_eq(smpi_lines_due(&lines), 10 + SMPI_MS);
    expect_line(&lines, 10, NULL); /* not yet */
    expect_line(&lines, 10 + SMPI_MS, "one\n");
    smpi_lines_feed(&lines, 10 + SMPI_MS, bytes("fo"), 2);
    smpi_lines_feed(&lines, 10 + SMPI_MS, bytes("ur\nfive\n"), 8);
    expect_line(&lines, 10 + SMPI_MS, "two\n");
    expect_line(&lines, 10 + 2 * SMPI_MS, "four\n");
    expect_line(&lines, 10 + 9 * SMPI_MS, NULL);
    cr_expect_eq(lines.vanished, 2u);
    cr_expect_eq(smpi_lines_due(&lines), SMPI_NEVER);
    smpi_lines_unmake(&lines);
    fake_free(&fake);
}

Test(serial_uart, a_line_that_does_not_fit_vanishes)
{
    struct fake fake = fake_new();
    struct smpi_lines lines;
    cr_assert_eq(smpi_lines_make(&lines, fake.loop, 2, 8, 0), SMP_OK);
    smpi_lines_feed(&lines, 10, bytes("1234567\n"), 8);
    expect_line(&lines, 10, "1234567\n");
    smpi_lines_feed(&lines, 10, bytes("12345678\n"), 9);
    smpi_lines_feed(&lines, 10, bytes("1234567890123\nok\n"), 17);
    expect_line(&lines, 10, "ok\n");
    expect_line(&lines, 10, NULL);
    cr_expect_eq(lines.vanished, 2u);
    smpi_lines_feed(&lines, 10, bytes("half"), 4);
    smpi_lines_reset(&lines);
    smpi_lines_feed(&lines, 10, bytes("new\n"), 4);
    expect_line(&lines, 10, "new\n");
    smpi_lines_unmake(&lines);
    fake_free(&fake);
}

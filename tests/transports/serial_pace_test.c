/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/serial_pace.h"

#include <criterion/criterion.h>

#define MS 1000000ull
#define GAP (25 * MS)
#define LINE 127u

static struct smpi_pace make(uint32_t lines, uint64_t byte_ns)
{
    struct smpi_pace pace;
    smpi_pace_init(&pace, lines, GAP, byte_ns);
    return pace;
}

Test(serial_pace, as_many_lines_as_buffers_then_a_gap)
{
    struct smpi_pace pace = make(2, 0);
    uint64_t now = 1000 * MS;
    for (int i = 0; i < 2; i++) {
        cr_assert_leq(smpi_pace_due(&pace, now), now);
        smpi_pace_wrote(&pace, now, LINE, 1);
    }
    cr_expect_eq(smpi_pace_due(&pace, now), now + GAP);
    cr_expect_leq(smpi_pace_due(&pace, now + GAP), now + GAP);
    smpi_pace_wrote(&pace, now + GAP, LINE, 1);
    smpi_pace_wrote(&pace, now + GAP, LINE, 1);
    cr_expect_eq(smpi_pace_due(&pace, now + GAP), now + 2 * GAP);
}

Test(serial_pace, an_answer_frees_the_lines_of_its_packet)
{
    struct smpi_pace pace = make(2, 0);
    uint64_t now = 1000 * MS;
    smpi_pace_wrote(&pace, now, LINE, 1);
    smpi_pace_wrote(&pace, now, LINE, 1);
    smpi_pace_answered(&pace, now + 3 * MS, 1);
    cr_expect_leq(smpi_pace_due(&pace, now + 3 * MS), now + 3 * MS, "one buffer is free");
    smpi_pace_wrote(&pace, now + 3 * MS, LINE, 1);
    cr_expect_eq(smpi_pace_due(&pace, now + 3 * MS), now + GAP, "the second line's");
    smpi_pace_answered(&pace, now + 4 * MS, 7); /* a line never sent */
    smpi_pace_answered(&pace, now + 4 * MS, 1); /* once more */
    cr_expect_eq(smpi_pace_due(&pace, now + 4 * MS), now + GAP);
}

Test(serial_pace, any_number_of_lines_never_waits)
{
    struct smpi_pace pace = make(SMPI_PACE_LINES_MAX + 1, 0);
    for (int i = 0; i < 1000; i++) {
        cr_assert_leq(smpi_pace_due(&pace, MS), MS);
        smpi_pace_wrote(&pace, MS, LINE, 1);
    }
}

/* 115200 baud: a line takes 11 ms, so that two lines fill the wire longer than a short gap. */
Test(serial_pace, a_slow_wire_is_a_gap_too)
{
    const uint64_t byte_ns = 86805;
    struct smpi_pace pace = make(2, byte_ns);
    uint64_t now = 1000 * MS;
    pace.gap = 10 * MS;
    for (int i = 0; i < 20; i++) {
        uint64_t due = smpi_pace_due(&pace, now);
        now = due > now ? due : now;
        smpi_pace_wrote(&pace, now, LINE, 1);
    }
    cr_expect_eq(pace.idle_at, 1000 * MS + 20 * LINE * byte_ns, "the wire never idled");
    cr_expect_lt(pace.idle_at - now, 2 * LINE * byte_ns, "and not much was queued ahead of it");
}

Test(serial_pace, learns_only_from_fast_answers)
{
    const struct {
        uint64_t answer, gap;
    } devices[] = {{2 * MS, 8 * MS}, {10 * MS, GAP}, {60 * MS, GAP}};
    for (size_t i = 0; i < 3; i++) {
        struct smpi_pace pace = make(1, 0);
        uint64_t now = 1000 * MS;
        for (int k = 0; k < 16; k++) {
            smpi_pace_wrote(&pace, now, LINE, 1);
            cr_expect_eq(smpi_pace_due(&pace, now), now + GAP, "not known yet");
            now += devices[i].answer;
            smpi_pace_answered(&pace, now, pace.sent);
        }
        smpi_pace_wrote(&pace, now, LINE, 1);
        cr_expect_eq(smpi_pace_due(&pace, now), now + devices[i].gap, "device %zu", i);
        smpi_pace_lost(&pace);
        cr_expect_eq(smpi_pace_due(&pace, now), now + GAP, "a loss: as at first");
    }
}

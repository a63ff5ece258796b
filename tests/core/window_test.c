/* SPDX-License-Identifier: Apache-2.0 */
/* How the window grows, shrinks and remembers. */
#include "core/window.h"

#include <criterion/criterion.h>

static struct smpi_window window;

static void start(void)
{
    smpi_window_init(&window);
}

static void good(unsigned times, uint32_t cap)
{
    while (times-- > 0) {
        smpi_window_good(&window, cap);
    }
}

TestSuite(window, .init = start);

Test(window, starts_small_and_doubles_with_each_window)
{
    cr_assert_eq(window.now, 4);
    good(4, 100);
    cr_assert_eq(window.now, 8);
    good(8, 100);
    cr_assert_eq(window.now, 16);
}

Test(window, stops_at_the_cap)
{
    good(1000, 7);
    cr_assert_eq(window.now, 7);
    good(1, 8);
    cr_assert_eq(window.now, 8, "and goes on when there is more room");
}

Test(window, a_lost_packet_now_and_then_costs_nothing)
{
    good(10, 7);
    for (unsigned i = 0; i < 100; i++) {
        good(7, 7);
        smpi_window_gap(&window, 7);
    }
    cr_assert_eq(window.now, 7);
}

Test(window, three_gaps_in_a_row_are_no_chance)
{
    good(10, 7);
    smpi_window_gap(&window, 7);
    good(3, 7);
    smpi_window_gap(&window, 7);
    cr_assert_eq(window.now, 7);
    good(3, 7);
    smpi_window_gap(&window, 7);
    cr_assert_eq(window.now, 6);
}

Test(window, comes_down_to_what_passes)
{
    /* A link that takes 4 at a time, and drops the rest. */
    good(20, 12);
    for (unsigned i = 0; i < 200; i++) {
        good(window.now < 4 ? window.now : 4, 12);
        if (window.now > 4) {
            smpi_window_gap(&window, window.now);
        }
    }
    cr_assert_leq(window.now, 6);
    cr_assert_geq(window.now, 4);
}

Test(window, after_a_loss_it_grows_by_one_for_each_window)
{
    good(8, 20);
    cr_assert_eq(window.now, 12);
    smpi_window_gap(&window, 12);
    good(11, 20);
    cr_assert_eq(window.now, 12);
    good(1, 20);
    cr_assert_eq(window.now, 13);
}

Test(window, silence_halves_it_and_it_is_quickly_back)
{
    good(10, 8);
    smpi_window_silence(&window, 8);
    cr_assert_eq(window.now, 4);
    good(4, 8);
    cr_assert_eq(window.now, 8);
}

Test(window, never_below_one)
{
    for (unsigned i = 0; i < 100; i++) {
        smpi_window_gap(&window, window.now);
        smpi_window_silence(&window, window.now);
        smpi_window_edge(&window, 0);
        cr_assert_eq(window.now, 1);
    }
}

Test(window, the_edge_is_remembered)
{
    good(10, 8);
    smpi_window_edge(&window, 5);
    cr_assert_eq(window.now, 5);
    good(255, 8);
    cr_assert_eq(window.now, 5, "not straight into the same refusal");
    good(1, 8);
    cr_assert_eq(window.now, 6, "but it may have been a passing one");
    smpi_window_edge(&window, 5);
    cr_assert_eq(window.now, 5);
    cr_assert_eq(window.edge, 5);
    smpi_window_silence(&window, 5);
    good(20, 8);
    cr_assert_eq(window.now, 5, "up to the edge as quickly as ever");
}

Test(window, begins_with_what_another_session_learnt)
{
    smpi_window_learnt(&window, 6, 0);
    cr_assert_eq(window.now, 6);
    smpi_window_learnt(&window, 6, 4);
    cr_assert_eq(window.now, 4);
    good(100, 8);
    cr_assert_eq(window.now, 4);
    smpi_window_learnt(&window, 0, 0);
    cr_assert_eq(window.now, 4);
}

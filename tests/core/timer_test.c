/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: their order, and what may be done to one while others are due. */
#include "core/turning.h"

TestSuite(timer, .init = open_world, .fini = close_world);

Test(timer, timers_fire_in_the_order_of_their_time)
{
    struct smp_timer *timers[] = {timer_for("c", 30 * MS), timer_for("a", 10 * MS),
                                  timer_for("d", 40 * MS), timer_for("b", 20 * MS)};
    world_pass(&world, 25);
    cr_assert_str_eq(fired, "ab");
    world_pass(&world, 100);
    cr_assert_str_eq(fired, "abcd");
    for (size_t i = 0; i < 4; i++) {
        smp_timer_free(timers[i]);
    }
}

Test(timer, timers_of_the_same_time_fire_in_the_order_they_were_started)
{
    struct smp_timer *timers[16];
    const char *names[] = {"0", "1", "2", "3", "4", "5", "6", "7",
                           "8", "9", "a", "b", "c", "d", "e", "f"};
    for (size_t i = 0; i < 16; i++) {
        timers[i] = timer_for(names[i], 10 * MS);
    }
    world_pass(&world, 10);
    cr_assert_str_eq(fired, "0123456789abcdef");
    for (size_t i = 0; i < 16; i++) {
        smp_timer_free(timers[i]);
    }
}

Test(timer, timers_stop_restart_and_fire_once)
{
    struct smp_timer *a = timer_for("a", 10 * MS);
    struct smp_timer *b = timer_for("b", 10 * MS);
    smp_timer_stop(a);
    smp_timer_stop(a);
    smp_timer_start(b, 50 * MS);
    world_pass(&world, 49);
    cr_assert_str_eq(fired, "");
    world_pass(&world, 100);
    cr_assert_str_eq(fired, "b");
    smp_timer_start(a, UINT64_MAX); /* never, not in the past */
    world_pass(&world, 1000);
    cr_assert_str_eq(fired, "b");
    smp_timer_free(a);
    smp_timer_free(b);
    smp_timer_free(NULL);
}

static struct smp_timer *victims[2];

static void free_both(void *user)
{
    note_fired(user);
    smp_timer_free(victims[0]);
    smp_timer_free(victims[1]);
}

Test(timer, a_timer_may_free_itself_and_another_that_is_due)
{
    cr_assert_eq(smp_timer_new(world.loop, free_both, "x", &victims[0]), SMP_OK);
    cr_assert_eq(smp_timer_new(world.loop, free_both, "y", &victims[1]), SMP_OK);
    smp_timer_start(victims[0], MS);
    smp_timer_start(victims[1], MS);
    world_pass(&world, 10);
    cr_assert_str_eq(fired, "x");
}

Test(timer, a_thousand_timers_keep_their_order)
{
    static struct smp_timer *timers[1000];
    static uint64_t times[1000];
    static uint64_t last;
    uint32_t random = 1;
    for (size_t i = 0; i < 1000; i++) {
        random = random * 1664525 + 1013904223;
        times[i] = random % 100000;
        timers[i] = timer_for("", times[i] * 1000);
        if (random % 3 == 0) {
            smp_timer_stop(timers[i]);
        } else if (random % 3 == 1) {
            smp_timer_start(timers[i], times[i] / 2 * 1000);
        }
    }
    while (smp_loop_timeout(world.loop) >= 0) {
        cr_assert_geq(smp_loop_turn(world.loop, -1), 0);
        cr_assert_geq(smp_loop_now(world.loop), last);
        last = smp_loop_now(world.loop);
    }
    cr_assert_leq(last, 1000 * MS + 100 * MS);
    for (size_t i = 0; i < 1000; i++) {
        smp_timer_free(timers[i]);
    }
}

static unsigned rounds;
static struct smp_timer *restless;

static void start_at_once(void *user)
{
    (void)user;
    rounds++;
    smp_timer_start(restless, 0);
}

Test(timer, a_turn_has_a_budget)
{
    cr_assert_eq(smp_timer_new(world.loop, start_at_once, NULL, &restless), SMP_OK);
    smp_timer_start(restless, 0);
    cr_assert_eq(smp_loop_process(world.loop), 1, "more is due, and it says so");
    cr_assert_leq(rounds, 1000);
    cr_assert_gt(rounds, 0);
    smp_timer_stop(restless);
    cr_assert_eq(smp_loop_process(world.loop), 0);
    smp_timer_free(restless);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: turns, freeing inside callbacks, a loop inside another. */
#include "core/turning.h"

#include <poll.h>

TestSuite(loop, .init = open_world, .fini = close_world);

/* ---- turns ---- */

Test(loop, process_says_whether_more_is_due)
{
    struct note note = {0};
    struct peer peer;
    peer_open(&peer, &world);
    cr_assert_eq(smp_loop_process(world.loop), 0);
    cr_assert_eq(note_echo(&note, world.session, "x"), SMP_OK);
    cr_assert_eq(smp_loop_process(world.loop), 0, "the packet arrives; nobody answers");
    cr_assert_eq(peer.n, 1);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    cr_assert_eq(smp_loop_process(world.loop), 0);
    cr_assert_eq(note.calls, 1);
    peer_close(&peer);
}

Test(loop, timeout_tells_when_the_next_turn_is_due)
{
    cr_assert_eq(smp_loop_timeout(world.loop), -1);
    struct smp_timer *timer = timer_for("a", 1500000);
    cr_assert_eq(smp_loop_timeout(world.loop), 2, "rounded up: never too early");
    smp_fake_clock_advance(world.clock, 1499999);
    cr_assert_eq(smp_loop_timeout(world.loop), 1);
    smp_fake_clock_advance(world.clock, 1);
    cr_assert_eq(smp_loop_timeout(world.loop), 0);
    world_settle(&world);
    cr_assert_eq(smp_loop_timeout(world.loop), -1);
    smp_timer_start(timer, UINT64_C(10000000) * 1000 * MS);
    cr_assert_eq(smp_loop_timeout(world.loop), INT32_MAX);
    smp_timer_free(timer);
}

Test(loop, turn_waits_no_longer_than_told)
{
    struct smp_timer *timer = timer_for("a", 100 * MS);
    cr_assert_eq(smp_loop_turn(world.loop, 30), 0);
    cr_assert_eq(world_now(&world), 30);
    cr_assert_str_eq(fired, "");
    cr_assert_eq(smp_loop_turn(world.loop, -1), 0);
    cr_assert_eq(world_now(&world), 100);
    cr_assert_str_eq(fired, "a");
    smp_timer_free(timer);
}

Test(loop, run_ends_when_nothing_can_happen_any_more)
{
    struct smp_timer *timer = timer_for("a", 10 * MS);
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    cr_assert_str_eq(fired, "a");
    smp_timer_free(timer);
}

Test(loop, stop_before_run_counts_once)
{
    struct smp_timer *timer = timer_for("a", 10 * MS);
    smp_loop_stop(world.loop);
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    cr_assert_str_eq(fired, "");
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    cr_assert_str_eq(fired, "a");
    smp_timer_free(timer);
}

static void stop(void *user)
{
    note_fired(user);
    smp_loop_stop(world.loop);
}

Test(loop, stop_in_a_callback_ends_run)
{
    struct smp_timer *timer;
    struct smp_timer *later = timer_for("late", 100 * MS);
    cr_assert_eq(smp_timer_new(world.loop, stop, "s", &timer), SMP_OK);
    smp_timer_start(timer, MS);
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    cr_assert_str_eq(fired, "s");
    smp_timer_free(timer);
    smp_timer_free(later);
}

/* ---- inside callbacks ---- */

static int codes[4];

static void try_to_turn(struct note *note, struct smp_session *session,
                        const struct smp_result *result)
{
    const struct smp_result *other;
    (void)result;
    codes[0] = smp_loop_process(world.loop);
    codes[1] = smp_loop_run(world.loop);
    codes[2] = smp_loop_turn(world.loop, 0);
    codes[3] = smp_wait(session, note->id, &other);
}

static void check_reentrant(void)
{
    for (size_t i = 0; i < 4; i++) {
        cr_expect_eq(codes[i], SMP_ERR_REENTRANT, "call %zu", i);
        codes[i] = 0;
    }
}

Test(loop, turning_inside_a_callback_is_an_error)
{
    struct note note = {.then = try_to_turn};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    check_reentrant();
    peer_close(&peer);
}

Test(loop, turning_inside_a_callback_of_session_free_is_an_error_too)
{
    struct note note = {.then = try_to_turn};
    note_echo(&note, world.session, "x");
    smp_session_free(world.session);
    world.session = NULL;
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(note.error, SMP_ERR_CLOSED);
    check_reentrant();
}

Test(loop, an_idle_run_inside_a_callback_does_not_swallow_a_stop)
{
    struct note note = {.then = try_to_turn};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    smp_loop_stop(world.loop);
    world_settle(&world);
    check_reentrant();
    struct smp_timer *timer = timer_for("a", MS);
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    cr_assert_str_eq(fired, "", "the stop from before still counts");
    smp_timer_free(timer);
    peer_close(&peer);
}

static void free_all(struct note *note, struct smp_session *session,
                     const struct smp_result *result)
{
    (void)note;
    (void)result;
    smp_session_free(session);
    smp_transport_free(world.near);
    smp_transport_free(world.far);
    smp_loop_free(world.loop);
    world.session = NULL;
    world.near = NULL;
    world.far = NULL;
}

Test(loop, all_may_be_freed_inside_a_callback)
{
    struct note note = {.then = free_all};
    struct note other = {0};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    note_echo(&other, world.session, "y");
    int more;
    while ((more = smp_loop_process(world.loop)) >= 0) {
        cr_assert_lt(peer.n, 100);
    }
    cr_assert_eq(more, SMP_ERR_CLOSED, "the loop is gone");
    cr_assert_eq(note.calls, 1);
    cr_assert_eq(other.calls, 1);
    cr_assert_eq(other.error, SMP_ERR_CLOSED);
    world.loop = NULL;
    cr_assert_eq(world.heap.live, 0);
    peer_close(&peer);
}

Test(loop, run_ends_well_when_a_callback_frees_the_loop)
{
    struct note note = {.then = free_all};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    cr_assert_eq(smp_loop_run(world.loop), SMP_OK);
    world.loop = NULL;
    cr_assert_eq(world.heap.live, 0);
    peer_close(&peer);
}

Test(loop, all_may_be_freed_inside_a_callback_of_session_free)
{
    struct note note = {.then = free_all};
    note_echo(&note, world.session, "x");
    smp_session_free(world.session); /* frees the loop at its end: nobody else is on the stack */
    cr_assert_eq(note.calls, 1);
    world.loop = NULL;
    world.session = NULL;
    cr_assert_eq(world.heap.live, 0);
}

/* ---- options ---- */

Test(loop, bad_arguments_are_told)
{
    struct smp_loop *loop;
    cr_assert_eq(smp_loop_new(NULL, NULL), SMP_ERR_INVALID);
    cr_assert_eq(smp_timer_new(world.loop, NULL, NULL, NULL), SMP_ERR_INVALID);
    smp_loop_free(NULL);
    const struct smp_loop_options old = {.size = sizeof(size_t), .requests = 123456789};
    cr_assert_eq(smp_loop_new(&old, &loop), SMP_OK, "members past `size` are not looked at");
    smp_loop_free(loop);
}

/* ---- embedded in another loop ---- */

static void set_flag(void *user)
{
    *(bool *)user = true;
}

Test(embedded, a_timer_started_outside_a_turn_wakes_the_descriptor)
{
    struct smp_loop *loop = NULL;
    struct smp_timer *timer = NULL;
    bool rang = false;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    int fd = smp_loop_fd(loop);
    if (fd == SMP_ERR_UNSUPPORTED) {
        smp_loop_free(loop);
        cr_skip_test("this build has no descriptor to watch");
    }
    cr_assert_eq(smp_timer_new(loop, set_flag, &rang, &timer), SMP_OK);
    cr_assert_eq(smp_loop_process(loop), 0); /* nothing is due: the descriptor sleeps */
    smp_timer_start(timer, 1000000);
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    cr_assert_eq(poll(&watched, 1, 5000), 1, "never woke");
    while (smp_loop_process(loop) == 1) {
    }
    cr_assert(rang);
    smp_timer_free(timer);
    smp_loop_free(loop);
}

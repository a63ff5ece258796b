/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: turns, timers, tasks, freeing inside callbacks, forks. */
#include "support/note.h"
#include "support/peer.h"

#include <criterion/criterion.h>

#include <poll.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

static struct world world;

static void open_world(void)
{
    cr_assert_eq(world_open(&world, NULL), SMP_OK);
}

static void close_world(void)
{
    world_close(&world);
}

TestSuite(loop, .init = open_world, .fini = close_world);

/* ---- timers ---- */

static char fired[32];

static void note_fired(void *user)
{
    strcat(fired, user);
}

static struct smp_timer *timer_for(const char *name, uint64_t ns)
{
    struct smp_timer *timer;
    cr_assert_eq(smp_timer_new(world.loop, note_fired, (void *)(uintptr_t)name, &timer), SMP_OK);
    smp_timer_start(timer, ns);
    return timer;
}

Test(loop, timers_fire_in_the_order_of_their_time)
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

Test(loop, timers_of_the_same_time_fire_in_the_order_they_were_started)
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

Test(loop, timers_stop_restart_and_fire_once)
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

Test(loop, a_timer_may_free_itself_and_another_that_is_due)
{
    cr_assert_eq(smp_timer_new(world.loop, free_both, "x", &victims[0]), SMP_OK);
    cr_assert_eq(smp_timer_new(world.loop, free_both, "y", &victims[1]), SMP_OK);
    smp_timer_start(victims[0], MS);
    smp_timer_start(victims[1], MS);
    world_pass(&world, 10);
    cr_assert_str_eq(fired, "x");
}

Test(loop, a_thousand_timers_keep_their_order)
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

Test(loop, a_turn_has_a_budget)
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

/* ---- descriptors ---- */

static unsigned readable;

static void on_readable(int fd, unsigned events, void *user)
{
    char byte;
    cr_assert_eq(events, SMP_WATCH_READ);
    cr_assert_eq(read(fd, &byte, 1), 1);
    readable++;
    if (user != NULL) {
        smp_watch_free(*(struct smp_watch **)user);
    }
}

Test(loop, watches_need_the_systems_clock)
{
    struct smp_watch *watch;
    cr_assert_eq(smp_watch_new(world.loop, 0, SMP_WATCH_READ, on_readable, NULL, &watch),
                 SMP_ERR_UNSUPPORTED);
    cr_assert_eq(smp_loop_fd(world.loop), SMP_ERR_UNSUPPORTED);
    cr_assert_eq(smp_watch_new(world.loop, -1, SMP_WATCH_READ, on_readable, NULL, &watch),
                 SMP_ERR_INVALID);
    cr_assert_eq(smp_watch_new(world.loop, 0, SMP_WATCH_READ, NULL, NULL, &watch), SMP_ERR_INVALID);
    smp_watch_free(NULL);
}

Test(loop, a_watch_keeps_run_going_until_it_is_freed)
{
    struct smp_loop *loop;
    struct smp_watch *watch;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_loop_run(loop), SMP_OK, "nothing to wait for");
    cr_assert_eq(smp_watch_new(loop, ends[0], SMP_WATCH_READ, on_readable, &watch, &watch), SMP_OK);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_eq(smp_loop_run(loop), SMP_OK);
    cr_assert_eq(readable, 1);
    smp_loop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

Test(loop, watching_what_cannot_be_watched_is_an_error)
{
    struct smp_loop *loop;
    struct smp_watch *watch;
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    close(ends[0]);
    close(ends[1]);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    int code = smp_watch_new(loop, ends[0], SMP_WATCH_READ, on_readable, NULL, &watch);
    if (smp_loop_fd(loop) >= 0) {
        cr_assert_eq(code, SMP_ERR_SYSTEM);
    } else { /* poll() says so only when it is called */
        cr_assert_eq(code, SMP_OK);
        smp_watch_free(watch);
    }
    smp_loop_free(loop);
}

/* ---- fork ---- */

/* What a child may do with its parent's loop.  Returns the line that is wrong, or 0. */
static int as_child(struct note *note)
{
#define WANT(condition)                                                                            \
    if (!(condition))                                                                              \
    return __LINE__
    const struct smp_result *result;
    struct smp_session *another;
    struct note late = {0};
    WANT(smp_loop_process(world.loop) == SMP_ERR_FORKED);
    WANT(smp_loop_turn(world.loop, 0) == SMP_ERR_FORKED);
    WANT(smp_loop_run(world.loop) == SMP_ERR_FORKED);
    WANT(note_echo(&late, world.session, "child") == SMP_ERR_FORKED);
    WANT(smp_session_request(world.session, 64, 0, SMP_OP_READ, NULL, 0, NULL, NULL, NULL) ==
         SMP_ERR_FORKED);
    WANT(smp_session_cancel(world.session, note->id) == SMP_ERR_FORKED);
    WANT(smp_wait(world.session, note->id, &result) == SMP_ERR_FORKED);
    WANT(smp_session_new(world.near, NULL, &another) == SMP_ERR_FORKED);
    smp_session_free(world.session);
    smp_transport_free(world.near);
    smp_transport_free(world.far);
    smp_loop_free(world.loop);
    WANT(note->calls == 0); /* the parent's request: its answer goes to the parent */
    WANT(world.heap.live == 0);
    return 0;
#undef WANT
}

Test(loop, a_forked_child_can_only_free)
{
    struct note note = {0};
    struct peer peer;
    int status;
    peer_open(&peer, &world);
    note_echo(&note, world.session, "x");
    world_settle(&world);
    pid_t child = fork();
    if (child == 0) {
        peer_close(&peer);
        int line = as_child(&note);
        if (line != 0) {
            fprintf(stderr, "%s:%d: wrong in the child\n", __FILE__, line);
        }
        _exit(line != 0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    peer_answer(&peer, &peer.packets[0], ECHO_OK);
    world_settle(&world);
    cr_assert_eq(note.calls, 1, "the parent goes on");
    cr_assert_eq(note.error, SMP_OK);
    peer_close(&peer);
}

static void fork_here(struct note *n, struct smp_session *session, const struct smp_result *result)
{
    struct note late = {0};
    int status;
    (void)n;
    (void)result;
    pid_t child = fork();
    if (child == 0) {
        bool right = note_echo(&late, session, "child") == SMP_ERR_FORKED &&
                     smp_session_cancel(session, 1) == SMP_ERR_FORKED;
        _exit(right ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(note_echo(&late, session, "parent"), SMP_OK);
    smp_session_free(session); /* ends it before `late` is gone */
    world.session = NULL;
    cr_assert_eq(late.calls, 1);
}

Test(loop, a_child_forked_in_a_callback_cannot_call_either)
{
    struct note note = {.then = fork_here};
    struct peer peer;
    peer_open(&peer, &world);
    peer.script = peer_ok;
    note_echo(&note, world.session, "x");
    world_settle(&world);
    cr_assert_eq(note.calls, 1);
    peer_close(&peer);
}

Test(loop, a_forked_child_can_free_a_loop_with_descriptors)
{
    struct smp_loop *loop;
    struct smp_watch *watch;
    int ends[2];
    int status;
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    cr_assert_eq(smp_watch_new(loop, ends[0], SMP_WATCH_READ, on_readable, NULL, &watch), SMP_OK);
    pid_t child = fork();
    if (child == 0) {
        int code = smp_loop_process(loop);
        smp_watch_free(watch);
        smp_loop_free(loop);
        _exit(code == SMP_ERR_FORKED ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(write(ends[1], "x", 1), 1);
    cr_assert_geq(smp_loop_turn(loop, 5000), 0);
    cr_assert_eq(readable, 1, "the parent still watches");
    smp_watch_free(watch);
    smp_loop_free(loop);
    close(ends[0]);
    close(ends[1]);
}

Test(loop, a_forked_child_does_not_wake_its_parent)
{
    struct smp_loop *loop;
    int status;
    cr_assert_eq(smp_loop_new(NULL, &loop), SMP_OK);
    struct pollfd fd = {.fd = smp_loop_fd(loop), .events = POLLIN};
    pid_t child = fork();
    if (child == 0) {
        smp_loop_wake(loop);
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(poll(&fd, 1, 0), 0);
    smp_loop_wake(loop);
    cr_assert_eq(poll(&fd, 1, 0), 1);
    smp_loop_free(loop);
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

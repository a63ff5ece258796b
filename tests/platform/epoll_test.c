/* SPDX-License-Identifier: Apache-2.0 */
#if defined(__linux__)
#define SUITE epoll
#define PLATFORM smpi_platform_epoll
#include "platform/cases.h"

#include <poll.h>
#include <sys/epoll.h>

static bool readable(struct smp_loop *loop, int timeout_ms)
{
    struct pollfd fd = {.fd = smp_loop_fd(loop), .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1;
}

/* Watches the loop as Go's runtime does: edges only. */
static int edge_watcher(struct smp_loop *loop)
{
    int outer = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    cr_assert_geq(outer, 0);
    cr_assert_eq(epoll_ctl(outer, EPOLL_CTL_ADD, smp_loop_fd(loop), &event), 0);
    return outer;
}

static bool edge(int outer, int timeout_ms)
{
    struct epoll_event event;
    return epoll_wait(outer, &event, 1, timeout_ms) == 1;
}

Test(epoll, the_descriptor_is_what_frameworks_expect)
{
    struct smp_loop *loop = new_loop();
    int fd = smp_loop_fd(loop);
    cr_assert_geq(fd, 0);
    cr_expect(fcntl(fd, F_GETFL) & O_NONBLOCK);
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    smp_loop_free(loop);
}

Test(epoll, the_descriptor_is_readable_exactly_while_there_is_work)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    cr_expect_not(readable(loop, 0));
    put(&p);
    cr_expect(readable(loop, 0));
    smp_loop_process(loop);
    cr_expect_not(readable(loop, 0));
    smp_loop_wake(loop);
    cr_expect(readable(loop, 0));
    smp_loop_process(loop);
    cr_expect_not(readable(loop, 0));
    pipe_close(&p);
    smp_loop_free(loop);
}

Test(epoll, the_descriptor_becomes_readable_by_time_and_quiet_again)
{
    struct smp_loop *loop = new_loop();
    struct smp_timer *timer;
    uint64_t fired = 0;
    cr_assert_eq(smp_timer_new(loop, on_timer, &fired, &timer), SMP_OK);
    smp_timer_start(timer, 5000000);
    smp_loop_process(loop);
    cr_expect_not(readable(loop, 0));
    cr_expect(readable(loop, 5000));
    smp_loop_process(loop);
    cr_expect_not(readable(loop, 20));
    smp_timer_free(timer);
    smp_loop_free(loop);
}

static void no_work(struct smpi_task *task)
{
    (void)task;
}

Test(epoll, who_promised_to_process_is_not_woken_for_it)
{
    struct smp_loop *loop = new_loop();
    struct smp_timer *timer;
    struct smpi_task task;
    uint64_t fired = 0;
    smpi_task_init(&task, no_work);
    cr_assert_eq(smp_timer_new(loop, on_timer, &fired, &timer), SMP_OK);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(smp_loop_promise(loop), SMP_OK);
        smpi_task_schedule(loop, &task);
        smp_timer_start(timer, 5000000);
        cr_assert_not(readable(loop, 0), "round %d", i);
        cr_assert_eq(smp_loop_process(loop), 0);
        cr_assert(smpi_list_empty(&task.node), "it ran");
        cr_assert_not(readable(loop, 0), "round %d", i);
        cr_assert(readable(loop, 5000), "the timer was set by the turn");
        smpi_task_schedule(loop, &task);
        smp_loop_process(loop);
        cr_assert_neq(fired, 0);
        fired = 0;
        smpi_task_schedule(loop, &task);
        cr_assert(readable(loop, 1000), "the promise is over");
        smp_loop_process(loop);
    }
    smp_timer_free(timer);
    smp_loop_free(loop);
}

Test(epoll, what_is_left_for_later_shows_at_once_each_time)
{
    struct smp_loop *loop = new_loop();
    struct smpi_task task;
    int outer = edge_watcher(loop);
    smpi_task_init(&task, no_work);
    for (int i = 0; i < 100; i++) {
        smpi_task_schedule(loop, &task);
        cr_assert(edge(outer, 1000), "round %d", i);
        cr_assert_eq(smp_loop_process(loop), 0);
        cr_assert_not(edge(outer, 0), "round %d", i);
    }
    close(outer);
    smp_loop_free(loop);
}

/* An edge-triggered watcher that was told "call again" must get another edge for it. */
Test(epoll, each_turn_with_more_to_do_gives_a_fresh_edge)
{
    struct smp_loop *loop = new_loop();
    static struct pipe_watch p[PIPES];
    int outer = edge_watcher(loop);
    for (int i = 0; i < PIPES; i++) {
        pipe_open(loop, &p[i]);
        put(&p[i]);
    }
    int result = 1;
    for (int turns = 0; result == 1 && turns < 100; turns++) {
        cr_assert(edge(outer, 1000), "no edge after turn %d", turns);
        result = smp_loop_process(loop);
    }
    for (int i = 0; i < PIPES; i++) {
        cr_expect_eq(p[i].told, 1);
        pipe_close(&p[i]);
    }
    close(outer);
    smp_loop_free(loop);
}

/* A watch that takes less than there is: nothing new arrives, so there is no second edge. */
Test(epoll, what_a_watch_leaves_behind_is_told_in_the_same_turn)
{
    struct smp_loop *loop = new_loop();
    struct pipe_watch p;
    pipe_open(loop, &p);
    for (int i = 0; i < 50; i++) {
        put(&p);
    }
    cr_expect_eq(smp_loop_process(loop), 0);
    cr_expect_eq(p.told, 50);
    pipe_close(&p);
    smp_loop_free(loop);
}

/* The armed time may be early, and may be armed again after it fired. */
Test(epoll, arming_again_after_it_fired)
{
    struct smp_loop *loop = new_loop();
    const struct smpi_platform_ops *ops = loop->ops;
    for (int i = 0; i < 20; i++) {
        loop->now = ops->now();
        ops->arm(loop->platform, loop->now);
        cr_assert(readable(loop, 1000));
        ops->arm(loop->platform, loop->now + 1); /* later: left as it is */
        cr_assert(readable(loop, 1000));
        ops->poll(loop->platform, 0, 10);
        ops->arm(loop->platform, loop->now + 60000000000u);
        cr_assert_not(readable(loop, 0));
        ops->arm(loop->platform, loop->now + 120000000000u); /* later: left as it is */
        ops->arm(loop->platform, SMPI_NEVER);
        cr_assert_not(readable(loop, 0));
    }
    smp_loop_free(loop);
}

/* With the batch full of others, nobody knows whether the timer fired: it is set anew. */
Test(epoll, a_full_batch_does_not_hide_the_timer)
{
    struct smp_loop *loop = new_loop();
    const struct smpi_platform_ops *ops = loop->ops;
    static struct pipe_watch p[20];
    int outer = edge_watcher(loop);
    for (int i = 0; i < 20; i++) {
        pipe_open(loop, &p[i]);
        p[i].keep = true;
        put(&p[i]);
    }
    ops->arm(loop->platform, 1);
    cr_assert(edge(outer, 1000));
    for (int i = 0; i < 50; i++) {
        ops->poll(loop->platform, 0, 3);
        ops->arm(loop->platform, loop->ops->now());
        cr_assert(edge(outer, 1000), "round %d", i);
    }
    for (int i = 0; i < 20; i++) {
        pipe_close(&p[i]);
    }
    close(outer);
    smp_loop_free(loop);
}

Test(epoll, what_cannot_be_watched_is_an_error)
{
    struct smp_loop *loop = new_loop();
    struct smp_watch *watch = NULL;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    cr_assert_geq(file, 0);
    cr_expect_eq(smp_watch_new(loop, file, SMP_WATCH_READ, on_pipe, NULL, &watch), SMP_ERR_SYSTEM);
    cr_expect_null(watch);
    close(file);
    smp_loop_free(loop);
}
#endif

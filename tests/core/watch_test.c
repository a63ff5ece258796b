/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors that a loop watches. */
#include "core/turning.h"

TestSuite(watch, .init = open_world, .fini = close_world);

Test(watch, watches_need_the_systems_clock)
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

Test(watch, a_watch_keeps_run_going_until_it_is_freed)
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

Test(watch, watching_what_cannot_be_watched_is_an_error)
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

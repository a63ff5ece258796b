/* SPDX-License-Identifier: Apache-2.0 */
#define SUITE poll
#define PLATFORM smpi_platform_poll
#include "platform/cases.h"

Test(poll, has_no_single_descriptor)
{
    struct smp_loop *loop = new_loop();
    cr_expect_eq(smp_loop_fd(loop), SMP_ERR_UNSUPPORTED);
    smp_loop_free(loop);
}

/* Programs without the descriptor go by the time-out. */
Test(poll, the_time_out_says_when_to_process)
{
    struct smp_loop *loop = new_loop();
    struct smp_timer *timer;
    uint64_t fired = 0;
    cr_expect_eq(smp_loop_timeout(loop), -1);
    cr_assert_eq(smp_timer_new(loop, on_timer, &fired, &timer), SMP_OK);
    smp_timer_start(timer, 5000000000u);
    int ms = smp_loop_timeout(loop);
    cr_expect(ms > 4000 && ms <= 5000, "%d ms", ms);
    smp_timer_start(timer, 0);
    cr_expect_eq(smp_loop_timeout(loop), 0);
    smp_timer_free(timer);
    smp_loop_free(loop);
}

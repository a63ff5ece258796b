/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What platform/ shares inside.  The interface to the core is core/platform.h.
 *
 * kqueue is not written yet: BSD and macOS use poll(), where smp_loop_fd() says
 * SMP_ERR_UNSUPPORTED and programs go by smp_loop_timeout().
 */
#ifndef SMPI_PLATFORM_PLATFORM_H
#define SMPI_PLATFORM_PLATFORM_H

#include "core/platform.h"

/* Linux: one descriptor that any event framework can watch. */
const struct smpi_platform_ops *smpi_platform_epoll(void);

/* Any POSIX system. */
const struct smpi_platform_ops *smpi_platform_poll(void);

uint64_t smpi_clock_now(void);
uint64_t smpi_clock_process(void);
uint64_t smpi_clock_random(void);

#endif

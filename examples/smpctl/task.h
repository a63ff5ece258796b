/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flows of control that take turns: while one waits for its device, others go
 * on.  So a command is written for one device, from top to bottom, and still
 * runs for hundreds of them on one loop.  There are no threads: only the flow
 * that was resumed runs, until it waits or ends.
 */
#ifndef SMPCTL_TASK_H
#define SMPCTL_TASK_H

#include <stdbool.h>

struct task;

/* Makes a flow that calls run(user); it begins with task_resume().  NULL: no memory. */
struct task *task_new(void (*run)(void *user), void *user);

/* Lets a flow go on until it waits or ends. */
void task_resume(struct task *task);

/* Called by a flow: goes back to who resumed it. */
void task_wait(struct task *task);

bool task_ended(const struct task *task);

/* Frees a flow that has ended, or has not begun.  NULL is ignored. */
void task_free(struct task *task);

#endif

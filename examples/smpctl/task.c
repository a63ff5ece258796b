/* SPDX-License-Identifier: Apache-2.0 */
#include "task.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#define STACK_SIZE ((size_t)256 * 1024) /* only what is touched takes memory */
#define GUARD_SIZE 4096u

struct task {
    ucontext_t own;
    ucontext_t resumer;
    void *stack;
    void (*run)(void *user);
    void *user;
    bool ended;
};

/* makecontext() passes only integers, so what begins is left here for a moment. */
static struct task *beginning;

static void begin(void)
{
    struct task *task = beginning;
    task->run(task->user);
    task->ended = true;
    task_wait(task); /* for good */
}

/* getcontext() could return twice, so nothing but what is static lives across it. */
static void prepare(void)
{
    getcontext(&beginning->own);
    beginning->own.uc_stack.ss_sp = beginning->stack;
    beginning->own.uc_stack.ss_size = STACK_SIZE;
    makecontext(&beginning->own, begin, 0);
}

struct task *task_new(void (*run)(void *user), void *user)
{
    struct task *task = calloc(1, sizeof *task);
    if (!task) {
        return NULL;
    }
    task->run = run;
    task->user = user;
    task->stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (task->stack == MAP_FAILED) {
        free(task);
        return NULL;
    }
    mprotect(task->stack, GUARD_SIZE, PROT_NONE); /* who runs over the end is stopped */
    beginning = task;
    prepare();
    return task;
}

void task_resume(struct task *task)
{
    beginning = task;
    swapcontext(&task->resumer, &task->own);
}

void task_wait(struct task *task)
{
    swapcontext(&task->own, &task->resumer);
}

bool task_ended(const struct task *task)
{
    return task->ended;
}

void task_free(struct task *task)
{
    if (task) {
        munmap(task->stack, STACK_SIZE);
    }
    free(task);
}

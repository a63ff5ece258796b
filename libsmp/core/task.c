/* SPDX-License-Identifier: Apache-2.0 */
/* What is done later: tasks at the next turn, burials when nobody looks any more. */
#include "core/loop.h"

void smpi_task_init(struct smpi_task *task, void (*run)(struct smpi_task *task))
{
    smpi_list_init(&task->node);
    task->run = run;
}

void smpi_task_schedule(struct smp_loop *loop, struct smpi_task *task)
{
    if (!smpi_list_empty(&task->node)) {
        return;
    }
    smpi_list_add(&loop->tasks, &task->node);
    if (!smpi_loop_attended(loop) && loop->platform != NULL) {
        loop->ops->arm(loop->platform, loop->now);
    }
}

void smpi_task_cancel(struct smpi_task *task)
{
    smpi_list_remove(&task->node);
}

void smpi_bury(struct smp_loop *loop, struct smpi_corpse *corpse,
               void (*bury)(struct smp_loop *loop, void *memory), void *memory)
{
    if (loop->held == 0 && loop->depth == 0) {
        bury(loop, memory);
        return;
    }
    corpse->bury = bury;
    corpse->memory = memory;
    corpse->next = loop->corpses;
    loop->corpses = corpse;
}

void smpi_bury_all(struct smp_loop *loop)
{
    while (loop->corpses != NULL) {
        struct smpi_corpse *corpse = loop->corpses;
        loop->corpses = corpse->next;
        corpse->bury(loop, corpse->memory);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "core/operation.h"

#include "core/session.h"

void smpi_operation_begin(struct smp_session *session, struct smpi_operation *operation,
                          void (*run)(struct smpi_task *task))
{
    operation->session = session;
    operation->id = ++session->loop->last_id;
    smpi_list_add(&session->operations, &operation->node);
    smpi_task_init(&operation->task, run);
    smpi_task_schedule(session->loop, &operation->task);
}

void smpi_operation_leave(struct smpi_operation *operation)
{
    smpi_list_remove(&operation->node);
    smpi_task_cancel(&operation->task);
    if (operation->session->closing && !operation->session->dead) {
        smpi_task_schedule(operation->session->loop, &operation->session->task);
    }
}

void smpi_operation_cancel(struct smpi_operation *operation)
{
    operation->cancelled = true;
    smpi_task_schedule(operation->session->loop, &operation->task);
}

struct smpi_operation *smpi_operation_find(struct smp_session *session, smp_id id)
{
    for (struct smpi_list *n = session->operations.next; n != &session->operations; n = n->next) {
        struct smpi_operation *operation = SMPI_OF(n, struct smpi_operation, node);
        if (operation->id == id) {
            return operation;
        }
    }
    return NULL;
}

void smpi_operations_end(struct smp_session *session, int error)
{
    while (!smpi_list_empty(&session->operations)) {
        struct smpi_operation *operation =
            SMPI_OF(session->operations.next, struct smpi_operation, node);
        operation->end(operation, error);
    }
}

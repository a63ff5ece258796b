/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An operation: something made of many requests that lives on a session, and
 * that a lost link does not end: an update.  To the user it is a request: it has
 * an id to cancel it by and to wait for.
 */
#ifndef SMPI_CORE_OPERATION_H
#define SMPI_CORE_OPERATION_H

#include "core/loop.h"

struct smpi_operation {
    struct smpi_list node;
    struct smp_session *session;
    struct smpi_task task; /* runs at the beginning, and when it was cancelled */
    /* The session is freed, or its transport is gone: completes at once, from inside the call. */
    void (*end)(struct smpi_operation *operation, int error);
    smp_id id;
    bool cancelled;
};

/* Begins an operation whose `end` is set; its task runs soon. */
void smpi_operation_begin(struct smp_session *session, struct smpi_operation *operation,
                          void (*run)(struct smpi_task *task));
/* It is over: it leaves the session.  Its completion is the owner's care. */
void smpi_operation_leave(struct smpi_operation *operation);
/* Marks it; its task does the rest. */
void smpi_operation_cancel(struct smpi_operation *operation);

/* The operation with that id, or NULL. */
struct smpi_operation *smpi_operation_find(struct smp_session *session, smp_id id);

/* Ends all. */
void smpi_operations_end(struct smp_session *session, int error);

#endif

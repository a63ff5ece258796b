/* SPDX-License-Identifier: Apache-2.0 */
/* Time, and what is completed from the next turn because a call must not do it. */
#include "core/session.h"
#include "core/transfer.h"

/* When a request has to be looked at again. */
static uint64_t next_look(const struct smpi_request *request)
{
    if (request->state == SMPI_GHOST) {
        return request->due;
    }
    if (request->doom != 0) {
        return SMPI_NEVER; /* the task's care */
    }
    uint64_t due = request->state == SMPI_QUEUED ? SMPI_NEVER : request->due;
    return request->deadline < due ? request->deadline : due;
}

/* The time of a request has come. */
static void expire(struct smp_session *session, struct smpi_request *request)
{
    if (request->state == SMPI_GHOST) {
        smpi_session_drop(session, request);
        request->ops->release(request);
    } else if (request->deadline <= session->loop->now) {
        smpi_session_abandon(session, request);
        request->ops->fail(request, SMP_ERR_TIMEOUT, 0);
    } else {
        session->stats.lost += !request->overtaken;
        request->ops->expire(request);
    }
}

/* True: one expired, and the list may have changed: look again from its start. */
static bool check_list(struct smp_session *session, struct smpi_list *list, uint64_t *next)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        uint64_t due = next_look(request);
        if (due <= session->loop->now) {
            expire(session, request);
            return true;
        }
        *next = due < *next ? due : *next;
    }
    return false;
}

void smpi_session_on_timer(struct smpi_timer *timer)
{
    struct smp_session *session = SMPI_OF(timer, struct smp_session, timer);
    uint64_t next;
    do {
        next = SMPI_NEVER;
    } while (!session->dead && !session->loop->wait.done &&
             (check_list(session, &session->sent, &next) ||
              check_list(session, &session->queue, &next)));
    if (session->dead) {
        return;
    }
    smpi_session_wake_at(session, session->loop->wait.done ? session->loop->now : next);
    smpi_session_pump(session);
}

/* Completes the first doomed request of a list.  True: there was one. */
static bool end_doomed(struct smp_session *session, struct smpi_list *list)
{
    for (struct smpi_list *n = list->next; n != list; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->doom != 0 && request->state != SMPI_GHOST) {
            smpi_session_abandon(session, request);
            request->ops->fail(request, request->doom, 0);
            return true;
        }
    }
    return false;
}

/* The link turned out to be gone while something was sent, or its transport was freed. */
static void end_broken(struct smp_session *session)
{
    int broken = session->broken;
    bool lost = session->lost;
    session->broken = SMP_OK;
    session->lost = false;
    smpi_session_end_all(session, broken, session->system_error);
    if (lost && !session->dead) {
        smpi_operations_end(session, broken);
    }
    if (lost && !session->dead) {
        smpi_session_report_link(session, broken);
    }
}

/* Tells, once, that a closing session has nothing left to do. */
static void tell_closed(struct smp_session *session)
{
    smp_closed_callback *closed = session->closed;
    if (closed == NULL || !smpi_session_is_idle(session) || !smpi_list_empty(&session->transfers) ||
        !smpi_list_empty(&session->operations)) {
        return;
    }
    session->closed = NULL;
    smpi_enter_user(session->loop);
    closed(session, session->closed_user);
    smpi_leave_user(session->loop);
}

void smpi_session_on_task(struct smpi_task *task)
{
    struct smp_session *session = SMPI_OF(task, struct smp_session, task);
    if (session->broken != SMP_OK) {
        end_broken(session);
    }
    while (!session->dead && !session->loop->wait.done &&
           (end_doomed(session, &session->queue) || end_doomed(session, &session->sent))) {
    }
    if (!session->dead) {
        smpi_transfers_attend(session);
    }
    if (session->dead) {
        return;
    }
    if (session->loop->wait.done) {
        smpi_task_schedule(session->loop, task); /* there may be more to complete */
    } else {
        tell_closed(session);
    }
    if (session->dead) {
        return;
    }
    smpi_session_pump(session);
}

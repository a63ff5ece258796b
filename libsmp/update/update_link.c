/* SPDX-License-Identifier: Apache-2.0 */
/* One request at a time, and what to do when it is not answered. */
#include "update/update.h"

#include "core/session.h"

#define AGAIN (500 * SMPI_MS)       /* between two tries to reach the device */
#define BUSY_AGAIN (1000 * SMPI_MS) /* the same for one that says it is busy */
#define POLL_MS 1000u               /* how often a device that is away is asked */

/* ---- requests ---- */

void smpi_update_answered(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct smpi_update *update = user;
    smpi_update_then *then = update->then;
    update->inner = SMPI_UPDATE_NONE;
    update->then = NULL;
    if (update->gone) {
        return;
    }
    if (!update->over && then != NULL) {
        then(update, result);
    }
    if (!update->gone && (update->over || update->operation.cancelled)) {
        smpi_task_schedule(session->loop, &update->operation.task);
    }
}

/* A request that could not be made ends as one that was lost. */
static void begun(struct smpi_update *update, int error, enum smpi_update_inner kind,
                  smpi_update_then *then)
{
    const struct smp_result result = {.size = sizeof(result), .error = error};
    if (error == SMP_OK) {
        update->inner = kind;
        update->then = then;
    } else {
        then(update, &result);
    }
}

void smpi_update_call(struct smpi_update *update, const struct smp_command *command,
                      const void *request, enum smpi_update_inner kind, smpi_update_then *then)
{
    if (update->operation.cancelled) {
        return; /* the task ends it */
    }
    int error = smpi_call_begin(update->operation.session, command, request, smpi_update_answered,
                                update, &update->inner_id);
    begun(update, error, kind, then);
}

void smpi_update_call_until(struct smpi_update *update, const struct smp_command *command,
                            smpi_update_then *then)
{
    struct smp_session *session = update->operation.session;
    if (update->operation.cancelled) {
        return;
    }
    uint32_t interval =
        session->options.timeout_ms < POLL_MS ? session->options.timeout_ms : POLL_MS;
    int error = smpi_call_until(session, command, NULL, interval, update->reset_due,
                                smpi_update_answered, update, &update->inner_id);
    begun(update, error, SMPI_UPDATE_ASKED, then);
}

/* ---- a while later ---- */

void smpi_update_pause(struct smpi_update *update, uint64_t ns,
                       void (*next)(struct smpi_update *update))
{
    struct smp_loop *loop = update->operation.session->loop;
    update->next = next;
    smpi_timer_set(loop, &update->timer, loop->now + ns);
}

bool smpi_update_is_loss(const struct smp_result *result)
{
    switch (result->error) {
    case SMP_ERR_TIMEOUT:
    case SMP_ERR_STALLED:
    case SMP_ERR_STALE:
    case SMP_ERR_CLOSED:
    case SMP_ERR_REFUSED:
    case SMP_ERR_SYSTEM:
    case SMP_ERR_BUSY:
        return true;
    case SMP_ERR_DEVICE: /* what is between here and the device got no answer from it */
        return !result->from_group && result->rc == SMP_RC_TIMEOUT;
    default:
        return false;
    }
}

void smpi_update_heard(struct smpi_update *update)
{
    update->link_due = 0;
    update->waits_for_link = false;
}

/* The link is down: it is opened again, until it is up or the time is over. */
static void reopen(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    void (*next)(struct smpi_update *) = update->then_next;
    if (smpi_session_is_up(session) || session->loop->now >= update->link_due) {
        update->then_next = NULL;
        next(update);
        return;
    }
    if (session->transport != NULL) {
        smp_transport_reopen(session->transport);
    }
    smpi_update_pause(update, AGAIN, reopen);
}

void smpi_update_lost(struct smpi_update *update, const struct smp_result *result,
                      void (*next)(struct smpi_update *update))
{
    struct smp_session *session = update->operation.session;
    uint64_t now = session->loop->now;
    struct smp_update_progress progress = {
        .size = sizeof(progress), .phase = update->phase, .link_down = true};
    if (update->state == SMP_UPDATE_MARKED || update->state == SMP_UPDATE_TRIAL) {
        update->state = SMP_UPDATE_UNKNOWN; /* it may be resetting */
    }
    if (update->link_due == 0) {
        update->link_due = now + update->options.link_ms * SMPI_MS;
    } else if (now >= update->link_due) {
        smpi_update_fail_by(update, result);
        return;
    }
    update->waits_for_link = true;
    progress.total = update->options.link_ms;
    progress.done = progress.total - (update->link_due - now) / SMPI_MS;
    if (!smpi_update_report(update, &progress)) {
        return;
    }
    update->then_next = next;
    smpi_update_pause(update, AGAIN, reopen);
}

/* ---- a device that has other things to do ---- */

bool smpi_update_busy(struct smpi_update *update, const struct smp_result *result,
                      void (*next)(struct smpi_update *update))
{
    uint64_t now = update->operation.session->loop->now;
    if (result->error != SMP_ERR_DEVICE || result->from_group || result->rc != SMP_RC_BUSY) {
        return false; /* busy_due stays: a look between two tries says nothing of what is tried */
    }
    if (update->busy_due == 0) {
        update->busy_due = now + update->options.busy_ms * SMPI_MS;
    }
    if (now >= update->busy_due) {
        return false;
    }
    smpi_update_pause(update, BUSY_AGAIN, next);
    return true;
}

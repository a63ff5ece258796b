/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the device where it stands, and going on there. */
#include "core/transfer.h"

/* Times the device may forget what it has without getting farther than before. */
enum { RESTARTS_MAX = 3 };

static void on_call(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct smpi_transfer *transfer = user;
    (void)session;
    transfer->calls--;
    if (transfer->state == SMPI_TRANSFER_OVER) {
        smpi_transfer_free_if_unused(transfer);
    } else if (!smpi_transfer_wait_for_link(transfer, result->error, result->system_error)) {
        transfer->then(transfer, result);
    }
}

int smpi_transfer_call(struct smpi_transfer *transfer, const struct smp_command *command,
                       const void *request,
                       void (*then)(struct smpi_transfer *transfer,
                                    const struct smp_result *result))
{
    transfer->then = then;
    int error = smpi_call_begin(transfer->session, command, request, on_call, transfer, NULL);
    transfer->calls += error == SMP_OK;
    return error;
}

int smpi_transfer_read(struct smpi_transfer *transfer, uint64_t offset, uint8_t *data, size_t len)
{
    struct smp_loop *loop = transfer->session->loop;
    transfer->source_waits = true; /* before: the source itself may say that it goes on */
    bool building = loop->building;
    loop->building = true;
    int error = transfer->source.read(transfer->source.user, offset, data, len);
    loop->building = building;
    if (error != SMP_ERR_AGAIN) {
        transfer->source_waits = false;
    }
    return error;
}

bool smpi_transfer_ask(struct smpi_transfer *transfer)
{
    enum smpi_transfer_state before = transfer->state;
    if (transfer->ops->ask == NULL) {
        return false;
    }
    transfer->state = SMPI_TRANSFER_ASKING;
    if (!transfer->ops->ask(transfer)) {
        transfer->state = before;
        return false;
    }
    if (before != SMPI_TRANSFER_STARTING) { /* else its patience goes on */
        smpi_transfer_expect_progress(transfer);
    }
    return true;
}

/* Starting again and again is progress only if each time gets farther than the one before. */
static bool may_restart(struct smpi_transfer *transfer)
{
    if (transfer->best > transfer->farthest) {
        transfer->farthest = transfer->best;
        transfer->restarts = 0;
    }
    return ++transfer->restarts <= RESTARTS_MAX;
}

bool smpi_transfer_went_back(struct smpi_transfer *transfer, uint64_t offset)
{
    if (!may_restart(transfer)) {
        smpi_transfer_fail(transfer, SMP_ERR_STUCK, 0);
        return false;
    }
    transfer->best = offset;
    transfer->acked = offset;
    return true;
}

void smpi_transfer_go_on(struct smpi_transfer *transfer, uint64_t offset)
{
    transfer->recovery = transfer->serial;
    bool unanswered = transfer->started && transfer->first_answer == 0; /* its patience goes on */
    bool back = offset == 0 ? !unanswered : offset < transfer->best;
    if (back && !smpi_transfer_went_back(transfer, offset)) {
        return;
    }
    if (offset == 0) {
        transfer->state = SMPI_TRANSFER_STARTING;
        transfer->started = unanswered;
        transfer->high = 0;
    } else if (transfer->first_answer == 0) {
        smpi_transfer_moving(transfer, offset);
    } else {
        transfer->state = SMPI_TRANSFER_MOVING;
        transfer->high = offset > transfer->high ? offset : transfer->high;
    }
    transfer->acked = offset;
    transfer->next = offset;
    smpi_transfer_moved(transfer);
    if (offset > 0 && offset == transfer->total) {
        transfer->ops->finish(transfer, NULL);
    } else if (offset == 0 || smpi_transfer_setback(transfer)) {
        smpi_transfer_restart_rto(transfer);
        smpi_transfer_set_timer(transfer);
        smpi_task_schedule(transfer->session->loop, &transfer->session->task);
    }
}

void smpi_transfer_go_on_receiving(struct smpi_transfer *transfer)
{
    transfer->state = SMPI_TRANSFER_MOVING;
    smpi_transfer_expect_progress(transfer);
    smpi_task_schedule(transfer->session->loop, &transfer->session->task);
}

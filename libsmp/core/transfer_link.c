/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transfer does when its link goes down: it ends, or waits for the link and then finds out
 * where the device stands.  How long it waits counts from the first loss since it last got farther,
 * so that a link that comes and goes for nothing has an end, too.
 */
#include "core/transfer.h"

/* Between attempts, where the link only seems to be up. */
#define LINK_RETRY (500 * SMPI_MS)

static uint64_t patience(const struct smpi_transfer *transfer)
{
    uint32_t own = transfer->options.link_wait_ms;
    return (own != 0 ? own : transfer->session->options.link_wait_ms) * SMPI_MS;
}

bool smpi_transfer_wait_for_link(struct smpi_transfer *transfer, int error, int system_error)
{
    struct smp_session *session = transfer->session;
    uint64_t now = session->loop->now;
    if (patience(transfer) == 0 || session->dead || session->transport == NULL ||
        session->closing || !smpi_is_link_error(error)) {
        return false;
    }
    transfer->link_error = error;
    transfer->link_errno = system_error;
    if (transfer->state == SMPI_TRANSFER_WAITING) {
        return true;
    }
    transfer->state = SMPI_TRANSFER_WAITING;
    if (transfer->link_since == 0 || transfer->acked > transfer->link_best) {
        transfer->link_best = transfer->acked;
        transfer->link_since = now;
    }
    uint64_t end = transfer->link_since + patience(transfer);
    if (transfer->paused) {
        transfer->left = patience(transfer);
    } else {
        transfer->give_up = end;
    }
    transfer->work = NULL;
    transfer->timeouts = 0;
    transfer->probing = false;
    transfer->report_due = true;
    transfer->rto_due = now + LINK_RETRY; /* the link may be up again already, or seem so */
    smpi_transfer_set_timer(transfer);
    smpi_task_schedule(session->loop, &session->task);
    return true;
}

void smpi_transfer_rejoin(struct smpi_transfer *transfer)
{
    struct smp_session *session = transfer->session;
    transfer->rto_due = SMPI_NEVER;
    if (transfer->paused || !smpi_session_is_up(session)) {
        return; /* smp_transfer_continue() or smpi_transfers_link_up() will follow */
    }
    if (transfer->calls > 0) {
        transfer->rto_due = session->loop->now + LINK_RETRY;
        return;
    }
    transfer->recovery = transfer->serial;
    transfer->unheard = 0;
    transfer->setbacks = 0;
    transfer->report_due = true;
    transfer->started = false;
    transfer->state = SMPI_TRANSFER_ASKING;
    smpi_transfer_expect_progress(transfer);
    if (transfer->ops->rejoin == NULL || !transfer->ops->rejoin(transfer)) {
        transfer->state = SMPI_TRANSFER_STARTING; /* the first chunk's answer tells */
    }
    smpi_task_schedule(session->loop, &session->task);
}

void smpi_transfers_link_up(struct smp_session *session)
{
    for (struct smpi_list *n = session->transfers.next; n != &session->transfers; n = n->next) {
        struct smpi_transfer *transfer = SMPI_OF(n, struct smpi_transfer, node);
        if (transfer->state == SMPI_TRANSFER_WAITING && transfer->rto_due == SMPI_NEVER) {
            transfer->rto_due = session->loop->now;
            smpi_transfer_set_timer(transfer);
        }
    }
}

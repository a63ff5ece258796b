/* SPDX-License-Identifier: Apache-2.0 */
/* Cancelling whatever has an id: it only marks, completion comes with the next turn. */
#include "core/session.h"
#include "core/transfer.h"

int smp_session_cancel(struct smp_session *session, smp_id id)
{
    if (session == NULL || id == 0) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_loop_enter(session->loop);
    if (error != SMP_OK) {
        return error;
    }
    struct smpi_operation *operation = smpi_operation_find(session, id);
    if (operation != NULL) {
        smpi_operation_cancel(operation);
        return SMP_OK;
    }
    struct smpi_request *request = smpi_call_find(session, id);
    if (request != NULL) {
        request->doom = SMP_ERR_CANCELLED;
    } else {
        struct smpi_transfer *transfer = smpi_transfer_find(session, id);
        if (transfer == NULL) {
            return SMP_ERR_NOT_FOUND;
        }
        transfer->cancelled = true;
    }
    smpi_task_schedule(session->loop, &session->task);
    return SMP_OK;
}

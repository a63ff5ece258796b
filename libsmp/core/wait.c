/* SPDX-License-Identifier: Apache-2.0 */
/* smp_wait(): turning the loop until one request is complete. */
#include "core/session.h"
#include "core/transfer.h"

static bool is_under_way(struct smp_session *session, smp_id id)
{
    return smpi_call_find(session, id) != NULL || smpi_transfer_find(session, id) != NULL ||
           smpi_operation_find(session, id) != NULL;
}

int smp_wait(struct smp_session *session, smp_id id, const struct smp_result **result)
{
    if (session == NULL || id == 0 || result == NULL) {
        return SMP_ERR_INVALID;
    }
    struct smp_loop *loop = session->loop;
    int error = smpi_loop_may_turn(loop);
    if (error != SMP_OK) {
        return error;
    }
    if (!is_under_way(session, id)) {
        return SMP_ERR_NOT_FOUND;
    }
    loop->wait.id = id;
    loop->wait.done = false;
    while (!loop->wait.done && error >= 0) {
        /* On a clock of its own nothing comes from outside: a paused transfer would wait for ever. */
        error = smpi_loop_is_dry(loop) ? SMP_ERR_AGAIN : smpi_loop_turn(loop, SMPI_NEVER);
    }
    if (error == SMP_ERR_CLOSED) {
        return error; /* a callback freed the loop */
    }
    bool done = loop->wait.done;
    loop->wait.id = 0;
    loop->wait.done = false;
    if (!done) {
        return error;
    }
    *result = &loop->wait.result;
    return SMP_OK;
}

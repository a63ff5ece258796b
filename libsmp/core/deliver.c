/* SPDX-License-Identifier: Apache-2.0 */
/* From an answer to what its caller is told: by callback, and by smp_wait(). */
#include "codec/decode.h"
#include "core/session.h"

#include <string.h>

void smpi_session_deliver(struct smp_session *session, smp_id id, smp_callback *done, void *user,
                          struct smp_result *result)
{
    struct smp_loop *loop = session->loop;
    result->size = sizeof(*result);
    bool waited = loop->wait.id == id && id != 0;
    if (waited) {
        loop->wait.result = *result;
        loop->wait.done = true;
    }
    if (done != NULL && !session->silent) {
        smpi_enter_user(loop);
        done(session, result, user);
        smpi_leave_user(loop);
    }
    if (session->closing && !session->dead) {
        smpi_task_schedule(loop, &session->task); /* this may have been the last one */
    }
}

/* What is waited for must outlive this turn, and so must the payload it points into. */
static struct smp_bytes keep_payload(struct smp_loop *loop, smp_id id, struct smp_bytes payload)
{
    if (loop->wait.id == id && id != 0) {
        uint8_t *copy = smpi_arena_alloc(&loop->arena, payload.len + 1);
        if (copy != NULL) {
            memcpy(copy, payload.data, payload.len);
            payload.data = copy;
        }
    }
    return payload;
}

void smpi_session_decode(struct smp_session *session, smp_id id, const struct smp_command *command,
                         const struct smp_header *header, struct smp_bytes payload,
                         struct smp_result *result)
{
    struct smp_loop *loop = session->loop;
    *result = (struct smp_result){.command = command, .header = *header, .has_answer = true};
    if (loop->depth == 0) {
        smpi_arena_reset(&loop->arena);
    }
    payload = keep_payload(loop, id, payload);
    smpi_decode(command == NULL ? NULL : command->response, payload, true, &loop->arena, result);
    /* An application's own group may carry anything. */
    if (command == NULL && header->group >= SMP_GROUP_USER && result->error == SMP_ERR_MALFORMED) {
        result->error = SMP_OK;
    }
}

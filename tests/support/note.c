/* SPDX-License-Identifier: Apache-2.0 */
#include "support/note.h"

#include <string.h>

void note_result(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct note *note = user;
    note->calls++;
    note->error = result->error;
    note->system_error = result->system_error;
    note->has_answer = result->has_answer;
    note->from_group = result->from_group;
    note->group = result->group;
    note->rc = result->rc;
    note->header = result->header;
    snprintf(note->reason, sizeof(note->reason), "%.*s", (int)result->reason.len,
             result->reason.len > 0 ? result->reason.data : "");
    snprintf(note->key, sizeof(note->key), "%s", result->key != NULL ? result->key : "");
    note->payload_len = result->payload.len;
    if (result->payload.len > 0) {
        size_t room = sizeof(note->payload);
        memcpy(note->payload, result->payload.data,
               result->payload.len < room ? result->payload.len : room);
    }
    if (note->then != NULL) {
        note->then(note, session, result);
    }
}

int note_echo(struct note *note, struct smp_session *session, const char *text)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {text, strlen(text)}};
    return smp_os_echo(session, &req, note_result, note, &note->id);
}

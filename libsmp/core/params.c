/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a device, once and only when it matters, how much it takes at a time. */
#include "core/session.h"

/* Nothing smaller can carry a useful request, nothing larger fits the header. */
enum { BUF_SIZE_MIN = 64 };

/* Passing refusals after which the question is asked again. */
enum { ASK_AGAIN_MAX = 3 };

/* What to believe of a device that gave no usable answer. */
static enum smpi_params_state after_failure(const struct smp_result *result)
{
    switch (result->error) {
    case SMP_ERR_CLOSED:
    case SMP_ERR_REFUSED:
    case SMP_ERR_SYSTEM:
        return SMPI_PARAMS_NONE; /* it was not asked: the next one may */
    case SMP_ERR_DEVICE:
        return result->rc == SMP_RC_NOT_SUPPORTED ? SMPI_PARAMS_UNKNOWN : SMPI_PARAMS_LOST;
    case SMP_ERR_MALFORMED:
        return SMPI_PARAMS_UNKNOWN;
    default:
        return SMPI_PARAMS_LOST;
    }
}

static void on_params(struct smp_session *session, const struct smp_result *result, void *user)
{
    (void)user;
    uint32_t size = 0;
    uint32_t count = 0;
    /* The question was cut off on the way, or the device had no buffer for the answer. */
    bool passing = result->error == SMP_ERR_DEVICE && !result->from_group &&
                   (result->rc == SMP_RC_CORRUPT || result->rc == SMP_RC_NO_MEMORY);
    if (passing && session->params_refused < ASK_AGAIN_MAX) {
        session->params_refused++;
        session->params = SMPI_PARAMS_NONE;
        smpi_session_ask_params(session);
        return;
    }
    if (result->error != SMP_OK) {
        session->params = after_failure(result);
        return;
    }
    session->loop->probe->read(result->rsp, &size, &count);
    if (size < BUF_SIZE_MIN || count == 0) {
        session->params = SMPI_PARAMS_UNKNOWN;
        smpi_log(session->loop, SMP_LOG_WARN, "the device's parameters make no sense: ignored");
        return;
    }
    smpi_session_told(session, size < SMP_PACKET_MAX ? size : SMP_PACKET_MAX, count);
}

bool smpi_session_ask_params(struct smp_session *session)
{
    if (session->params == SMPI_PARAMS_NONE && session->loop->probe != NULL) {
        session->params = SMPI_PARAMS_ASKING;
        if (smpi_call_internal(session, session->loop->probe->command, on_params, NULL) != SMP_OK) {
            session->params = SMPI_PARAMS_NONE;
        }
    }
    return session->params == SMPI_PARAMS_ASKING;
}

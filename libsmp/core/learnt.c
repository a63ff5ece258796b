/* SPDX-License-Identifier: Apache-2.0 */
/* What a session knows of its device: what it was told, and what it found out. */
#include "core/session.h"

#include <string.h>

void smpi_session_told(struct smp_session *session, uint32_t buf_size, uint32_t buf_count)
{
    bool other = (session->buf_size != 0 || session->buf_count != 0) &&
                 (session->buf_size != buf_size || session->buf_count != buf_count);
    if (other) { /* another device, or the same with another firmware */
        smpi_window_init(&session->window);
        session->path_max = 0;
    }
    session->params = SMPI_PARAMS_KNOWN;
    session->buf_size = buf_size;
    session->buf_count = buf_count;
}

uint32_t smpi_session_window_cap(const struct smp_session *session)
{
    uint32_t window = session->options.window;
    if (window == 0) {
        uint32_t link = session->transport == NULL ? 0 : session->transport->ops.window;
        window = session->params == SMPI_PARAMS_KNOWN && session->buf_count > 2
                     ? session->buf_count - 1
                     : 1;
        window = link != 0 && link < window ? link : window;
    }
    return window < SMPI_WINDOW_MAX ? window : SMPI_WINDOW_MAX;
}

uint32_t smp_session_window(const struct smp_session *session)
{
    uint32_t cap = smpi_session_window_cap(session);
    uint32_t edge = session->window.edge;
    return edge != 0 && edge < cap ? edge : cap;
}

void smp_session_get_learnt(const struct smp_session *session, struct smp_session_learnt *learnt)
{
    const struct smp_session_learnt own = {
        .buf_size = session->buf_size,
        .buf_count = session->buf_count,
        .window = session->window.now,
        .edge = session->window.edge,
        .packet = session->path_max,
    };
    size_t size = learnt->size < sizeof(own) ? learnt->size : sizeof(own);
    memcpy(learnt, &own, size);
    learnt->size = size;
}

int smp_session_set_learnt(struct smp_session *session, const struct smp_session_learnt *learnt)
{
    if (session == NULL || learnt == NULL || learnt->size == 0) {
        return SMP_ERR_INVALID;
    }
    struct smp_session_learnt own = {.size = sizeof(own)};
    memcpy(&own, learnt, learnt->size < sizeof(own) ? learnt->size : sizeof(own));
    uint32_t size = session->buf_size;
    uint32_t count = session->buf_count;
    smpi_window_learnt(&session->window, own.window, own.edge);
    session->path_max = own.packet;
    session->buf_size = own.buf_size;
    session->buf_count = own.buf_count;
    if (session->params == SMPI_PARAMS_KNOWN) { /* the device has told already */
        smpi_session_told(session, size, count);
    }
    return SMP_OK;
}

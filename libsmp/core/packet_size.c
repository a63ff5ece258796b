/* SPDX-License-Identifier: Apache-2.0 */
/* How large a packet may be: by the device, the link, the user, and what got through. */
#include "core/session.h"

/* More packets lost than not. */
enum { BAD_LUCK_MAX = 3 };

size_t smpi_session_room(struct smp_session *session)
{
    if (session->transport == NULL) {
        return 0;
    }
    size_t room = smpi_transport_max_packet(session->transport, NULL);
    uint32_t device = session->params == SMPI_PARAMS_KNOWN ? session->buf_size : 0;
    uint32_t cap = session->options.max_packet;
    uint32_t overhead = session->transport->ops.overhead;
    if (device == 0) {
        device = cap != 0 ? cap + overhead : SMPI_FALLBACK_PACKET;
    }
    device = device > overhead ? device - overhead : 0;
    room = device < room ? device : room;
    room = cap != 0 && cap < room ? cap : room;
    room = session->noise_max != 0 && session->noise_max < room ? session->noise_max : room;
    return session->path_max != 0 && session->path_max < room ? session->path_max : room;
}

size_t smpi_session_smaller(struct smp_session *session, size_t size)
{
    return session->transport == NULL ? 0 : smpi_transport_step_down(session->transport, size);
}

bool smpi_session_step_down(struct smp_session *session, size_t size)
{
    size_t next = smpi_session_smaller(session, size);
    if (next == 0) {
        return false;
    }
    if (session->path_max == 0 || next < session->path_max) {
        session->path_max = (uint32_t)next;
        smpi_log(session->loop, SMP_LOG_INFO,
                 "packets of %zu bytes do not get through: going on with %zu", size, next);
    }
    return true;
}

void smpi_session_was_late(struct smp_session *session, size_t size)
{
    session->bad_luck = 0;
    if (size > session->noise_max) {
        session->noise_max = 0;
    }
}

void smpi_session_luck(struct smp_session *session, size_t size, bool good)
{
    if (session->transport == NULL || session->transport->ops.kind != SMP_TRANSPORT_STREAM) {
        return;
    }
    if (good) {
        session->bad_luck -= session->bad_luck > 0;
        return;
    }
    size_t next = ++session->bad_luck >= BAD_LUCK_MAX ? smpi_session_smaller(session, size) : 0;
    if (next != 0) {
        session->bad_luck = 0;
        session->noise_max = (uint32_t)next;
        smpi_log(session->loop, SMP_LOG_INFO,
                 "most packets of %zu bytes are lost: going on with %zu", size, next);
    }
}

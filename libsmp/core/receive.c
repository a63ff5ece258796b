/* SPDX-License-Identifier: Apache-2.0 */
/* Matching answers to requests. */
#include "core/session.h"

static struct smpi_request *match(struct smp_session *session, const struct smp_header *header)
{
    for (struct smpi_list *n = session->sent.next; n != &session->sent; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (request->sequence == header->sequence && request->group == header->group &&
            request->command == header->id && request->op + 1 == header->op) {
            return request;
        }
    }
    return NULL;
}

/*
 * Devices answer in order: those sent before this one will not be answered any more.  Of a
 * repeated one nobody knows which copy was sent before.
 */
static void overtake(struct smp_session *session, const struct smpi_request *answered)
{
    for (struct smpi_list *n = session->sent.next; n != &answered->node; n = n->next) {
        struct smpi_request *request = SMPI_OF(n, struct smpi_request, node);
        if (!request->overtaken && request->sends == 1) {
            smpi_session_overtake(session, request);
        }
    }
}

static void take_answer(struct smp_session *session, struct smpi_request *request,
                        const struct smp_header *header, struct smp_bytes payload)
{
    bool ghost = request->state == SMPI_GHOST;
    overtake(session, request);
    smpi_session_drop(session, request);
    if (ghost) {
        session->stats.late++;
        request->ops->release(request);
        return;
    }
    session->stats.answered++;
    if (header->version == SMP_PROTOCOL_V1 && request->version == SMP_PROTOCOL_V2) {
        session->v1 = true;
    }
    if (request->doom != 0) { /* cancelled: it was promised that no answer comes */
        request->ops->fail(request, request->doom, 0);
    } else {
        request->ops->answer(request, header, payload);
    }
}

void smpi_session_received(void *user, struct smp_transport *transport, const struct smp_peer *peer,
                           const uint8_t *packet, size_t len)
{
    struct smp_session *session = user;
    struct smp_header header;
    (void)transport;
    (void)peer;
    session->stats.bytes_received += len;
    smpi_log_packet(session->loop, "<-", packet, len);
    if (smp_header_decode(packet, len, &header) != SMP_OK ||
        header.length > len - SMP_HEADER_SIZE) {
        session->stats.strange++;
        return;
    }
    struct smpi_request *request = match(session, &header);
    if (request == NULL) {
        session->stats.strange++;
        smpi_log(session->loop, SMP_LOG_INFO, "answer that matches no request: dropped");
        return;
    }
    const struct smp_bytes payload = {packet + SMP_HEADER_SIZE, header.length};
    take_answer(session, request, &header, payload);
    if (!session->dead) {
        smpi_session_pump(session);
    }
}

bool smpi_session_switch_version(struct smp_session *session, struct smpi_request *request,
                                 const struct smp_result *result)
{
    bool is_v1 = request->version == SMP_PROTOCOL_V1;
    int64_t refusal = is_v1 ? SMP_RC_TOO_OLD : SMP_RC_TOO_NEW;
    if (result->error != SMP_ERR_DEVICE || result->from_group || result->rc != refusal ||
        request->switched || request->foreign || session->options.v1) {
        return false;
    }
    request->switched = true;
    session->v1 = !is_v1;
    return true;
}

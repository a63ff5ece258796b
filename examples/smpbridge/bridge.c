/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge.h"

#include "answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MS UINT64_C(1000000)
#define REOPEN_NS (500 * MS)
#define RESET_NS (3000 * MS) /* after that a device that was reset is not the old one any more */
#define REPEAT_NS (200 * MS) /* a client that repeats faster is not listened to */

static const char no_link[] = "the bridge has no link to the device";
static const char too_large[] = "the packet is larger than the device takes";

static void say(const struct bridge *bridge, bool detail, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct bridge *bridge, bool detail, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (bridge->options.say) {
        bridge->options.say(detail, text);
    }
}

/* ---- requests under way ---- */

static bool is_peer(const struct pending *p, const struct smp_transport *from,
                    const struct smp_peer *peer)
{
    return p->from == from && p->peer.len == peer->len &&
           memcmp(p->peer.data, peer->data, peer->len) == 0;
}

/* The same request once more: same client, same number, same command. */
static struct pending *find_same(struct bridge *bridge, const struct smp_transport *from,
                                 const struct smp_peer *peer, const struct smp_header *header)
{
    for (size_t i = 0; i < BRIDGE_PENDING_MAX; i++) {
        struct pending *p = &bridge->pending[i];
        if (is_peer(p, from, peer) && p->header.sequence == header->sequence &&
            p->header.group == header->group && p->header.id == header->id &&
            p->header.op == header->op) {
            return p;
        }
    }
    return NULL;
}

/* A free place, unless this client has enough of them. */
static struct pending *find_free(struct bridge *bridge, const struct smp_transport *from,
                                 const struct smp_peer *peer)
{
    struct pending *found = NULL;
    uint32_t own = 0;
    for (size_t i = 0; i < BRIDGE_PENDING_MAX; i++) {
        struct pending *p = &bridge->pending[i];
        found = p->from == NULL && p->copies == 0 ? p : found;
        own += is_peer(p, from, peer);
    }
    return own < bridge->options.each ? found : NULL;
}

/* ---- answers ---- */

static void send_back(struct pending *p, const struct smp_header *answer, const uint8_t *payload,
                      size_t len)
{
    struct bridge *bridge = p->bridge;
    int error = answer_send(p->from, &p->peer, &p->header, answer->version, payload, len);
    if (error == SMP_ERR_TOO_LARGE) { /* than the client's way takes */
        error = answer_refuse(p->from, &p->peer, &p->header, SMP_RC_RESPONSE_TOO_LARGE,
                              "the answer is too large for the bridge");
    }
    bridge->count.answers += error == SMP_OK;
    bridge->count.dropped += error != SMP_OK;
    p->from = NULL;
}

static void refuse(struct bridge *bridge, struct smp_transport *from, const struct smp_peer *peer,
                   const struct smp_header *header, int rc, const char *reason)
{
    bridge->count.refused++;
    answer_refuse(from, peer, header, rc, reason);
}

/* The firmware that starts now may have other buffers. */
static void renew(void *user)
{
    struct bridge *bridge = user;
    smp_session_renew(bridge->session);
    bridge->asked = false;
}

static void look_for_reset(struct bridge *bridge, const struct smp_header *header)
{
    if (header->group == SMP_GROUP_OS && header->id == 5) {
        smp_timer_start(bridge->reset, RESET_NS);
    }
}

/* A device that is silent is silent to the client too, who repeats or gives up as it would. */
static void on_answer(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct pending *p = user;
    (void)session;
    p->copies--;
    if (!p->from || (result->error == SMP_ERR_CANCELLED && p->copies > 0)) {
        return;
    }
    if (result->has_answer) {
        look_for_reset(p->bridge, &p->header);
        send_back(p, &result->header, result->payload.data, result->payload.len);
    } else if (result->error == SMP_ERR_CLOSED || result->error == SMP_ERR_REFUSED ||
               result->error == SMP_ERR_SYSTEM) {
        refuse(p->bridge, p->from, &p->peer, &p->header, SMP_RC_TIMEOUT, no_link);
        p->from = NULL;
    } else if (result->error == SMP_ERR_TOO_LARGE) {
        refuse(p->bridge, p->from, &p->peer, &p->header, SMP_RC_CORRUPT, too_large);
        p->from = NULL;
    } else {
        say(p->bridge, true, "no answer to group %u, command %u: %s", p->header.group, p->header.id,
            smp_error_text(result->error));
        p->bridge->count.dropped++;
        p->from = NULL;
    }
}

/* What the device takes, as far as it passes through here. */
static void on_params(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct pending *p = user;
    const struct smp_os_params_rsp *rsp = result->rsp;
    if (result->error != SMP_OK || !p->from) {
        on_answer(session, result, user);
        return;
    }
    p->bridge->asked = true;
    struct smp_os_params_rsp own = {.size = sizeof own, .buf_count = rsp->buf_count};
    uint8_t payload[64];
    size_t len = 0;
    own.buf_size = smp_session_max_packet(session) < rsp->buf_size ? smp_session_max_packet(session)
                                                                   : rsp->buf_size;
    p->copies--;
    if (smp_message_encode(result->message, &own, payload, sizeof payload, &len) == SMP_OK) {
        send_back(p, &result->header, payload, len);
    } else {
        p->from = NULL;
    }
}

/* ---- requests ---- */

static bool is_params(const struct smp_header *header)
{
    return header->group == SMP_GROUP_OS && header->id == 6 && header->op == SMP_OP_READ;
}

static int forward(struct pending *p, const uint8_t *payload, size_t len)
{
    struct smp_session *session = p->bridge->session;
    bool params = is_params(&p->header);
    if (params && !p->bridge->asked) {
        /* A second one at the same time makes the session ask for itself, and before both. */
        smp_os_params(session, NULL, NULL, NULL);
    }
    int error = smp_session_forward(session, &p->header, payload, len,
                                    params ? on_params : on_answer, p, &p->id);
    p->copies += error == SMP_OK;
    return error;
}

static void on_request(struct smp_transport *from, const struct smp_peer *peer,
                       const uint8_t *packet, size_t len, void *user)
{
    struct bridge *bridge = user;
    struct smp_header header;
    uint64_t now = smp_loop_now(bridge->loop);
    if (smp_header_decode(packet, len, &header) != SMP_OK ||
        header.length != len - SMP_HEADER_SIZE ||
        (header.op != SMP_OP_READ && header.op != SMP_OP_WRITE)) {
        bridge->count.dropped++; /* no request, or several: devices differ in what they do then */
        return;
    }
    struct pending *p = find_same(bridge, from, peer, &header);
    if (p && now < p->since + REPEAT_NS) {
        bridge->count.dropped++;
        return;
    }
    if (p) {
        bridge->count.repeated++;
        smp_session_cancel(bridge->session, p->id);
    } else {
        p = find_free(bridge, from, peer);
        bridge->count.requests++;
    }
    if (!p) {
        bridge->count.dropped++; /* as a device without a free buffer does */
        return;
    }
    *p = (struct pending){.bridge = bridge,
                          .from = from,
                          .peer = *peer,
                          .header = header,
                          .copies = p->copies,
                          .since = now};
    int error = forward(p, packet + SMP_HEADER_SIZE, header.length);
    if (error == SMP_OK) {
        return;
    }
    p->from = NULL;
    if (error == SMP_ERR_CLOSED) {
        refuse(bridge, from, peer, &header, SMP_RC_TIMEOUT, no_link);
    } else if (error == SMP_ERR_TOO_LARGE) {
        refuse(bridge, from, peer, &header, SMP_RC_CORRUPT, too_large);
    } else {
        bridge->count.dropped++;
    }
}

/* ---- the link to the device ---- */

static void reopen(void *user)
{
    struct bridge *bridge = user;
    if (bridge->down) {
        smp_transport_reopen(bridge->device);
        smp_timer_start(bridge->timer, REOPEN_NS);
    }
}

static void on_link(struct smp_session *session, int reason, void *user)
{
    struct bridge *bridge = user;
    (void)session;
    if (reason == SMP_OK && bridge->down) {
        say(bridge, false, "the device is back");
    } else if (reason != SMP_OK && !bridge->down) {
        say(bridge, false, "the link to the device is lost: %s; trying to open it again",
            smp_error_text(reason));
    }
    bridge->down = reason != SMP_OK;
    bridge->asked = false; /* it may be another device, or another firmware */
    if (bridge->down) {
        smp_timer_start(bridge->timer, REOPEN_NS);
    }
}

/* ---- beginning and end ---- */

int bridge_open(struct bridge *bridge, struct smp_transport *device,
                const struct bridge_options *options, uint32_t max_packet)
{
    const struct smp_session_options session = {
        .size = sizeof session,
        .timeout_ms = options->timeout_ms,
        .tries = 1,
        .grace_ms = 1, /* a repeat takes the place of what it repeats */
        .queue = BRIDGE_PENDING_MAX + 2,
        .max_packet = max_packet,
        .link = on_link,
        .link_user = bridge,
    };
    bridge->options = *options;
    bridge->loop = smp_transport_loop(device);
    bridge->device = device;
    int error = smp_timer_new(bridge->loop, reopen, bridge, &bridge->timer);
    error = error ? error : smp_timer_new(bridge->loop, renew, bridge, &bridge->reset);
    return error ? error : smp_session_new(device, &session, &bridge->session);
}

int bridge_listen(struct bridge *bridge, struct smp_transport *transport)
{
    if (bridge->n_listen == BRIDGE_LISTEN_MAX) {
        return SMP_ERR_BUSY;
    }
    int error = smp_transport_use(transport, on_request, bridge);
    if (error == SMP_OK) {
        bridge->listen[bridge->n_listen++] = transport;
    }
    return error;
}

void bridge_close(struct bridge *bridge)
{
    for (size_t i = 0; i < BRIDGE_PENDING_MAX; i++) {
        bridge->pending[i].from = NULL; /* nobody is answered any more */
    }
    smp_session_free(bridge->session);
    smp_timer_free(bridge->timer);
    smp_timer_free(bridge->reset);
    for (size_t i = 0; i < bridge->n_listen; i++) {
        smp_transport_use(bridge->listen[i], NULL, NULL);
    }
    say(bridge, true,
        "%" PRIu64 " requests, %" PRIu64 " answers, %" PRIu64 " repeated, %" PRIu64
        " refused, %" PRIu64 " dropped",
        bridge->count.requests, bridge->count.answers, bridge->count.repeated,
        bridge->count.refused, bridge->count.dropped);
}

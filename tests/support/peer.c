/* SPDX-License-Identifier: Apache-2.0 */
#include "support/peer.h"

#include "core/transport.h"
#include "support/hex.h"

#include <string.h>

enum { PACKETS_MAX = 4096 };

static void on_received(void *user, struct smp_transport *transport, const struct smp_peer *from,
                        const uint8_t *bytes, size_t len)
{
    struct peer *peer = user;
    (void)transport;
    (void)from;
    WORLD_MUST(peer->n < PACKETS_MAX);
    struct peer_packet *packet = &peer->packets[peer->n++];
    WORLD_MUST(smp_header_decode(bytes, len, &packet->header) == SMP_OK);
    packet->at = world_now(peer->world);
    packet->len = len - SMP_HEADER_SIZE;
    size_t room = sizeof(packet->payload);
    memcpy(packet->payload, bytes + SMP_HEADER_SIZE, packet->len < room ? packet->len : room);
    if (peer->script != NULL) {
        peer->script(peer, packet);
    }
}

static void on_link(void *user, struct smp_transport *transport)
{
    (void)user;
    (void)transport;
}

static void on_down(void *user, struct smp_transport *transport, int reason, int system_error)
{
    (void)user;
    (void)transport;
    (void)reason;
    (void)system_error;
}

static void on_gone(void *user, struct smp_transport *transport)
{
    struct peer *peer = user;
    (void)transport;
    peer->transport = NULL;
}

void peer_open(struct peer *peer, struct world *world)
{
    peer_open_on(peer, world, world->far);
}

void peer_open_on(struct peer *peer, struct world *world, struct smp_transport *transport)
{
    static const struct smpi_sink sink = {.received = on_received,
                                          .writable = on_link,
                                          .up = on_link,
                                          .down = on_down,
                                          .gone = on_gone};
    memset(peer, 0, sizeof(*peer));
    peer->world = world;
    peer->transport = transport;
    peer->packets = calloc(PACKETS_MAX, sizeof(*peer->packets));
    WORLD_MUST(peer->packets != NULL);
    WORLD_MUST(smpi_transport_attach(transport, &sink, peer) == SMP_OK);
}

void peer_close(struct peer *peer)
{
    if (peer->transport != NULL) {
        smpi_transport_detach(peer->transport);
    }
    free(peer->packets);
    memset(peer, 0, sizeof(*peer));
}

void peer_send(struct peer *peer, const uint8_t *bytes, size_t len)
{
    WORLD_MUST(smpi_transport_send(peer->transport, NULL, bytes, len) == SMP_OK);
}

void peer_send_hex(struct peer *peer, const char *hex)
{
    uint8_t bytes[8192];
    peer_send(peer, bytes, hex_read(hex, bytes, sizeof(bytes)));
}

void peer_send_as(struct peer *peer, struct smp_header header, const char *payload_hex)
{
    uint8_t bytes[SMP_HEADER_SIZE + 8192];
    size_t len = hex_read(payload_hex, bytes + SMP_HEADER_SIZE, sizeof(bytes) - SMP_HEADER_SIZE);
    header.length = (uint16_t)len;
    smp_header_encode(&header, bytes);
    peer_send(peer, bytes, SMP_HEADER_SIZE + len);
}

void peer_answer(struct peer *peer, const struct peer_packet *request, const char *payload_hex)
{
    struct smp_header header = request->header;
    header.op++;
    peer_send_as(peer, header, payload_hex);
}

bool peer_is_params(const struct peer_packet *packet)
{
    return packet->header.group == SMP_GROUP_OS && packet->header.id == 6;
}

void peer_empty(struct peer *peer, const struct peer_packet *packet)
{
    peer_answer(peer, packet, "a0");
}

void peer_ok(struct peer *peer, const struct peer_packet *packet)
{
    peer_answer(peer, packet, ECHO_OK);
}

void peer_ok_without_params(struct peer *peer, const struct peer_packet *packet)
{
    peer_answer(peer, packet, peer_is_params(packet) ? RC_8 : ECHO_OK);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "datagram.h"

#include <arpa/inet.h>

/* The bytes that are left of a frame. */
struct bytes {
    const uint8_t *data;
    size_t len;
};

/* How long a link's header is, and where in it the 16 bits that name the protocol stand. */
static const struct link {
    int type;
    size_t header;
    size_t protocol; /* NONE: what follows is IP */
} links[] = {
#define NONE ((size_t)-1)
    {1, 14, 12},    /* Ethernet */
    {113, 16, 14},  /* Linux, all interfaces */
    {276, 20, 0},   /* the same, version 2 */
    {0, 4, NONE},   /* BSD loopback */
    {108, 4, NONE}, /* OpenBSD loopback */
    {12, 0, NONE},  /* bare IP */
    {14, 0, NONE},  /* the same on other systems */
    {101, 0, NONE}, {228, 0, NONE}, {229, 0, NONE},
};

static const struct link *find_link(int type)
{
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        if (links[i].type == type) {
            return &links[i];
        }
    }
    return NULL;
}

bool datagram_link_known(int type)
{
    return find_link(type) != NULL;
}

static bool skip(struct bytes *bytes, size_t n)
{
    if (bytes->len < n) {
        return false;
    }
    bytes->data += n;
    bytes->len -= n;
    return true;
}

static unsigned word(const uint8_t *data)
{
    return (unsigned)data[0] << 8 | data[1];
}

/* Passes over the link's header, VLAN tags included. */
static bool skip_link(const struct link *link, struct bytes *bytes)
{
    const uint8_t *header = bytes->data;
    if (!skip(bytes, link->header)) {
        return false;
    }
    if (link->protocol == NONE) {
        return true;
    }
    unsigned protocol = word(header + link->protocol);
    while (protocol == 0x8100 || protocol == 0x88a8) {
        header = bytes->data;
        if (!skip(bytes, 4)) {
            return false;
        }
        protocol = word(header + 2);
    }
    return protocol == 0x0800 || protocol == 0x86dd;
}

/* Leaves the UDP header and what follows.  Fragments are no whole datagrams. */
static bool skip_ipv4(struct bytes *bytes)
{
    const uint8_t *ip = bytes->data;
    size_t header = (size_t)(ip[0] & 15) * 4;
    if (bytes->len < 20 || header < 20) {
        return false;
    }
    size_t total = word(ip + 2);
    bool fragment = word(ip + 6) & 0x3fff;
    if (total < header || total > bytes->len || fragment || ip[9] != IPPROTO_UDP) {
        return false;
    }
    bytes->len = total; /* short Ethernet frames are padded */
    return skip(bytes, header);
}

static bool skip_ipv6(struct bytes *bytes)
{
    const uint8_t *ip = bytes->data;
    if (!skip(bytes, 40)) {
        return false;
    }
    size_t payload = word(ip + 4);
    unsigned next = ip[6];
    if (payload > bytes->len) {
        return false;
    }
    bytes->len = payload;
    while (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS) {
        const uint8_t *header = bytes->data;
        if (bytes->len < 8 || !skip(bytes, 8 + (size_t)header[1] * 8)) {
            return false;
        }
        next = header[0];
    }
    return next == IPPROTO_UDP;
}

static void put_endpoint(char *text, int family, const uint8_t *address, unsigned port)
{
    char host[INET6_ADDRSTRLEN] = "?";
    inet_ntop(family, address, host, sizeof host);
    snprintf(text, ENDPOINT_MAX, family == AF_INET6 ? "[%s]:%u" : "%s:%u", host, port);
}

bool datagram_find(int type, const uint8_t *frame, size_t len, uint16_t port,
                   struct datagram *datagram)
{
    struct bytes bytes = {frame, len};
    const struct link *link = find_link(type);
    if (!link || !skip_link(link, &bytes) || bytes.len == 0) {
        return false;
    }
    const uint8_t *ip = bytes.data;
    bool v6 = *ip >> 4 == 6;
    if (v6 ? !skip_ipv6(&bytes) : !skip_ipv4(&bytes)) {
        return false;
    }
    const uint8_t *udp = bytes.data;
    if (!skip(&bytes, 8) || word(udp + 4) < 8 || word(udp + 4) - 8u > bytes.len) {
        return false;
    }
    unsigned from = word(udp);
    unsigned to = word(udp + 2);
    if (from != port && to != port) {
        return false;
    }
    put_endpoint(datagram->from, v6 ? AF_INET6 : AF_INET, ip + (v6 ? 8 : 12), from);
    put_endpoint(datagram->to, v6 ? AF_INET6 : AF_INET, ip + (v6 ? 24 : 16), to);
    datagram->data = bytes.data;
    datagram->len = word(udp + 4) - 8u;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "transports/udp_address.h"

#include <smp/udp.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

/* ---- from text ---- */

/* Digits only, at most `max`. */
static bool parse_number(const char *text, uint64_t max, uint32_t *number)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max) {
            return false;
        }
    }
    *number = (uint32_t)value;
    return true;
}

/* `text` is what follows the address: NULL for none. */
static int parse_port(const char *text, bool listening, in_port_t *port)
{
    uint32_t number = SMP_UDP_PORT;
    if (text != NULL && (!parse_number(text, UINT16_MAX, &number) || (number == 0 && !listening))) {
        return SMP_ERR_INVALID;
    }
    *port = htons((uint16_t)number);
    return SMP_OK;
}

/* An interface by name or number. */
static int parse_scope(const char *text, uint32_t *scope)
{
    if (*text == '\0') {
        return SMP_ERR_INVALID;
    }
    if (parse_number(text, UINT32_MAX, scope)) {
        return SMP_OK;
    }
    *scope = if_nametoindex(text);
    return *scope != 0 ? SMP_OK : SMP_ERR_SYSTEM;
}

static int parse_v4(const char *host, struct smpi_udp_address *address)
{
    address->v4.sin_family = AF_INET;
    address->len = sizeof(address->v4);
    return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1 ? SMP_OK : SMP_ERR_INVALID;
}

/* Cuts the scope off `host`. */
static int parse_v6(char *host, struct smpi_udp_address *address)
{
    char *scope = strchr(host, '%');
    address->v6.sin6_family = AF_INET6;
    address->len = sizeof(address->v6);
    if (scope != NULL) {
        *scope++ = '\0';
    }
    if (inet_pton(AF_INET6, host, &address->v6.sin6_addr) != 1) {
        return SMP_ERR_INVALID;
    }
    if (scope != NULL) {
        return parse_scope(scope, &address->v6.sin6_scope_id);
    }
    /* The same fe80:: address may exist on each link. */
    bool needs_scope = IN6_IS_ADDR_LINKLOCAL(&address->v6.sin6_addr) ||
                       IN6_IS_ADDR_MC_LINKLOCAL(&address->v6.sin6_addr);
    return needs_scope ? SMP_ERR_INVALID : SMP_OK;
}

/* Cuts "host:port", "[host]:port" or "host" in place; `port` is NULL when there is none. */
static int split(char *text, char **host, char **port, bool *is_v6)
{
    char *colon = strchr(text, ':');
    *host = text;
    *port = NULL;
    *is_v6 = false;
    if (text[0] == '[') {
        char *end = strchr(text, ']');
        if (end == NULL || (end[1] != ':' && end[1] != '\0')) {
            return SMP_ERR_INVALID;
        }
        *host = text + 1;
        *port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
        *is_v6 = strchr(*host, ':') != NULL; /* "[192.0.2.1]:1337": as MCUmgr's page writes it */
    } else if (colon != NULL && strchr(colon + 1, ':') != NULL) {
        *is_v6 = true; /* two colons and no brackets: all of it is the address */
    } else if (colon != NULL) {
        *colon = '\0';
        *port = colon + 1;
    }
    return SMP_OK;
}

int smpi_udp_parse(const char *text, bool listening, struct smpi_udp_address *address)
{
    char copy[SMP_UDP_ADDRESS_MAX];
    char *host;
    char *port;
    bool is_v6;
    memset(address, 0, sizeof(*address));
    if (text == NULL || strlen(text) >= sizeof(copy)) {
        return SMP_ERR_INVALID;
    }
    memcpy(copy, text, strlen(text) + 1);
    int error = split(copy, &host, &port, &is_v6);
    if (error == SMP_OK) {
        error = parse_port(port, listening, is_v6 ? &address->v6.sin6_port : &address->v4.sin_port);
    }
    if (error == SMP_OK) {
        error = is_v6 ? parse_v6(host, address) : parse_v4(host, address);
    }
    return error;
}

/* ---- to text ---- */

int smpi_udp_print(const struct smpi_udp_address *address, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    char scope[1 + IF_NAMESIZE] = "";
    int len;
    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof(host));
        len = snprintf(text, size, "%s:%u", host, (unsigned)ntohs(address->v4.sin_port));
        return len >= 0 && (size_t)len < size ? SMP_OK : SMP_ERR_INVALID;
    }
    if (address->v6.sin6_scope_id != 0) {
        scope[0] = '%';
        if (if_indextoname(address->v6.sin6_scope_id, scope + 1) == NULL) {
            snprintf(scope + 1, sizeof(scope) - 1, "%u", (unsigned)address->v6.sin6_scope_id);
        }
    }
    inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof(host));
    len = snprintf(text, size, "[%s%s]:%u", host, scope, (unsigned)ntohs(address->v6.sin6_port));
    return len >= 0 && (size_t)len < size ? SMP_OK : SMP_ERR_INVALID;
}

/* ---- peers: `asked`, port, address, and for IPv6 the scope; all as the kernel has them ---- */

enum { PEER_V4 = 1 + 2 + 4, PEER_V6 = 1 + 2 + 16 + 4 };

void smpi_udp_to_peer(const struct smpi_udp_address *address, uint8_t asked, struct smp_peer *peer)
{
    memset(peer, 0, sizeof(*peer));
    peer->data[0] = asked;
    if (address->any.sa_family == AF_INET) {
        peer->len = PEER_V4;
        memcpy(peer->data + 1, &address->v4.sin_port, 2);
        memcpy(peer->data + 3, &address->v4.sin_addr, 4);
    } else {
        peer->len = PEER_V6;
        memcpy(peer->data + 1, &address->v6.sin6_port, 2);
        memcpy(peer->data + 3, &address->v6.sin6_addr, 16);
        memcpy(peer->data + 19, &address->v6.sin6_scope_id, 4);
    }
}

bool smpi_udp_from_peer(const struct smp_peer *peer, struct smpi_udp_address *address,
                        uint8_t *asked)
{
    memset(address, 0, sizeof(*address));
    if (peer == NULL || (peer->len != PEER_V4 && peer->len != PEER_V6)) {
        return false;
    }
    *asked = peer->data[0];
    if (peer->len == PEER_V4) {
        address->len = sizeof(address->v4);
        address->v4.sin_family = AF_INET;
        memcpy(&address->v4.sin_port, peer->data + 1, 2);
        memcpy(&address->v4.sin_addr, peer->data + 3, 4);
    } else {
        address->len = sizeof(address->v6);
        address->v6.sin6_family = AF_INET6;
        memcpy(&address->v6.sin6_port, peer->data + 1, 2);
        memcpy(&address->v6.sin6_addr, peer->data + 3, 16);
        memcpy(&address->v6.sin6_scope_id, peer->data + 19, 4);
    }
    return true;
}

/* ---- names ---- */

static int from_resolver(int code)
{
    switch (code) {
    case EAI_SYSTEM:
        return SMP_ERR_SYSTEM;
    case EAI_MEMORY:
        return SMP_ERR_NO_MEMORY;
    case EAI_AGAIN: /* no name server answered */
        errno = EAGAIN;
        return SMP_ERR_SYSTEM;
    default:
        return SMP_ERR_NOT_FOUND;
    }
}

static int look_up(const char *name, in_port_t port, struct smpi_udp_address *address)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *found = NULL;
    int code = getaddrinfo(name, NULL, &hints, &found);
    if (code != 0) {
        return from_resolver(code);
    }
    int error = SMP_ERR_NOT_FOUND;
    for (const struct addrinfo *a = found; a != NULL && error != SMP_OK; a = a->ai_next) {
        if ((a->ai_family == AF_INET || a->ai_family == AF_INET6) &&
            a->ai_addrlen <= sizeof(struct sockaddr_in6)) {
            memcpy(&address->any, a->ai_addr, a->ai_addrlen);
            address->len = a->ai_addrlen;
            error = SMP_OK;
        }
    }
    freeaddrinfo(found);
    if (error == SMP_OK && address->any.sa_family == AF_INET) {
        address->v4.sin_port = port;
    } else if (error == SMP_OK) {
        address->v6.sin6_port = port;
    }
    return error;
}

/* A host name.  The resolver takes much more, old ways of writing numbers among it: "127.1". */
static bool is_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    struct in_addr number;
    size_t len = strspn(name, allowed);
    return len > 0 && name[len] == '\0' && inet_aton(name, &number) == 0;
}

int smp_udp_resolve(const char *name, char *address, size_t size)
{
    struct smpi_udp_address found;
    char copy[256 + sizeof(":65535")];
    if (name == NULL || address == NULL || strlen(name) >= sizeof(copy)) {
        return SMP_ERR_INVALID;
    }
    int error = smpi_udp_parse(name, false, &found);
    if (error == SMP_ERR_INVALID) {
        char *host;
        char *port_text;
        bool is_v6;
        in_port_t port;
        memcpy(copy, name, strlen(name) + 1);
        if (split(copy, &host, &port_text, &is_v6) != SMP_OK || is_v6 || !is_name(host) ||
            parse_port(port_text, false, &port) != SMP_OK) {
            return SMP_ERR_INVALID;
        }
        error = look_up(host, port, &found);
    }
    return error == SMP_OK ? smpi_udp_print(&found, address, size) : error;
}

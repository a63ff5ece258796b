/* SPDX-License-Identifier: Apache-2.0 */
#include "address.h"

#include "connection.h"
#include "output.h"
#include "smpctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int address_check_type(struct smpctl *ctl, const char *type)
{
    if (strcmp(type, "udp") == 0) {
        return STATUS_DONE;
    }
    return fail(ctl, STATUS_USAGE, "connection type `%s` is not known here; known is: udp", type);
}

static int keep(struct smpctl *ctl, const char *found, size_t len, char *address, size_t size)
{
    if (len == 0 || len >= size) {
        return fail(ctl, STATUS_USAGE, "`%s` is not an address; an example: udp://192.0.2.1:1337",
                    found);
    }
    memcpy(address, found, len);
    address[len] = '\0';
    return STATUS_DONE;
}

/* udp://HOST:PORT, with or without a slash at the end; without udp:// UDP is meant. */
static int from_url(struct smpctl *ctl, const char *url, char *address, size_t size)
{
    const char *rest = strstr(url, "://");
    if (rest) {
        char type[16];
        snprintf(type, sizeof type, "%.*s", (int)(rest - url), url);
        int status = address_check_type(ctl, type);
        if (status != STATUS_DONE) {
            return status;
        }
        rest += 3;
    } else {
        rest = url;
    }
    size_t len = strlen(rest);
    if (len && rest[len - 1] == '/') {
        len--;
    }
    return keep(ctl, rest, len, address, size);
}

/* As in the Go tool, --conntype and --connstring overrule what -c names. */
static int from_connection(struct smpctl *ctl, char *address, size_t size)
{
    const struct options *o = &ctl->options;
    struct connection saved = {.type = "udp"};
    if (o->conn) {
        int status = connection_find(ctl, o->conn, &saved);
        if (status != STATUS_DONE) {
            return status;
        }
    }
    int status = address_check_type(ctl, o->conntype ? o->conntype : saved.type);
    if (status != STATUS_DONE) {
        return status;
    }
    const char *string = o->connstring ? o->connstring : saved.connstring;
    if (!*string) {
        return fail(ctl, STATUS_USAGE, "--conntype needs --connstring too, as [::1]:1337");
    }
    return keep(ctl, string, strlen(string), address, size);
}

int address_find(struct smpctl *ctl, char *address, size_t size)
{
    const struct options *o = &ctl->options;
    bool connection = o->conn || o->conntype || o->connstring;
    if (o->device && connection) {
        return fail(ctl, STATUS_USAGE,
                    "-d names the device already: leave out -c, --conntype and "
                    "--connstring");
    }
    if (o->connextra) {
        note(ctl, "--connextra means nothing over UDP and is not used");
    }
    if (o->device) {
        return from_url(ctl, o->device, address, size);
    }
    if (connection) {
        return from_connection(ctl, address, size);
    }
    const char *variable = getenv("SMP_DEVICE");
    if (variable && *variable) {
        return from_url(ctl, variable, address, size);
    }
    return fail(ctl, STATUS_USAGE,
                "which device?  Say -d udp://HOST:PORT, -c NAME for a saved connection, "
                "--conntype udp --connstring HOST:PORT, or set SMP_DEVICE");
}

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
    static const char *const known[] = {"udp", "serial", "tcp"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(type, known[i]) == 0) {
            return STATUS_DONE;
        }
    }
    if (strcmp(type, "ble") == 0) {
        return fail(ctl, STATUS_USAGE,
                    "Bluetooth (ble) is not supported by this program; what is: udp, serial, tcp");
    }
    return fail(ctl, STATUS_USAGE,
                "connection type `%s` is not known here; known are: udp, serial, tcp", type);
}

static int not_an_address(struct smpctl *ctl, const char *text)
{
    return fail(ctl, STATUS_USAGE,
                "`%s` is not an address; examples: udp://192.0.2.1:1337, serial:///dev/ttyACM0",
                text);
}

/* Copies a part of what the user wrote; false: it is too long. */
static bool copy(char *to, const char *from, size_t len)
{
    if (len >= ADDRESS_MAX) {
        return false;
    }
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

/* HOST:PORT, or HOST:PORT?KEY=VALUE&KEY=VALUE, or the same with a port's path. */
static int from_place(struct smpctl *ctl, const char *text, struct address *address)
{
    bool keys = strcmp(address->type, "udp") != 0;
    size_t len = keys ? strcspn(text, "?") : strlen(text);
    const char *rest = text[len] == '?' ? text + len + 1 : "";
    if (len > 1 && text[len - 1] == '/') {
        len--;
    }
    if (len == 0 || !copy(address->place, text, len) || !copy(address->keys, rest, strlen(rest))) {
        return not_an_address(ctl, text);
    }
    for (char *c = address->keys; *c; c++) {
        *c = *c == '&' ? ',' : *c;
    }
    return STATUS_DONE;
}

/* TYPE://PLACE; without a type a path is a serial port, and all else UDP. */
static int from_url(struct smpctl *ctl, const char *url, struct address *address)
{
    const char *rest = strstr(url, "://");
    char type[16];
    if (!rest) {
        strcpy(address->type, *url == '/' ? "serial" : "udp");
        return from_place(ctl, url, address);
    }
    snprintf(type, sizeof type, "%.*s", (int)(rest - url), url);
    if (strcmp(type, "socket") == 0) { /* as Python's serial library writes it */
        strcpy(type, "tcp");
    }
    int status = address_check_type(ctl, type);
    if (status != STATUS_DONE) {
        return status;
    }
    strcpy(address->type, type);
    return from_place(ctl, rest + 3, address);
}

/* The Go tool's way: dev=PATH,baud=115200,mtu=512, or the path alone. */
static int from_serial_string(struct smpctl *ctl, const char *string, struct address *address)
{
    size_t first = strcspn(string, ",");
    if (!memchr(string, '=', first)) {
        const char *rest = string[first] ? string + first + 1 : "";
        return copy(address->place, string, first) && copy(address->keys, rest, strlen(rest))
                   ? STATUS_DONE
                   : not_an_address(ctl, string);
    }
    if (!copy(address->keys, string, strlen(string))) {
        return not_an_address(ctl, string);
    }
    for (char *key = address->keys; *key;) {
        size_t len = strcspn(key, ",");
        if (len > 4 && strncmp(key, "dev=", 4) == 0) {
            copy(address->place, key + 4, len - 4);
            memmove(key, key + len, strlen(key + len) + 1); /* leaves a comma: an empty key */
            return STATUS_DONE;
        }
        key += len + (key[len] == ',');
    }
    return fail(ctl, STATUS_USAGE, "`%s`: which port?  Say dev=/dev/ttyACM0", string);
}

static int from_string(struct smpctl *ctl, const char *type, const char *string,
                       struct address *address)
{
    int status = address_check_type(ctl, type);
    if (status != STATUS_DONE) {
        return status;
    }
    strcpy(address->type, type);
    return strcmp(type, "udp") == 0 ? from_place(ctl, string, address)
                                    : from_serial_string(ctl, string, address);
}

/* As in the Go tool, --conntype and --connstring overrule what -c names. */
static int from_connection(struct smpctl *ctl, struct address *address)
{
    const struct options *o = &ctl->options;
    struct connection saved = {.type = "udp"};
    if (o->conn) {
        int status = connection_find(ctl, o->conn, &saved);
        if (status != STATUS_DONE) {
            return status;
        }
    }
    const char *string = o->connstring ? o->connstring : saved.connstring;
    if (!*string) {
        return fail(ctl, STATUS_USAGE,
                    "--conntype needs --connstring too, as [::1]:1337 or dev=/dev/ttyACM0");
    }
    return from_string(ctl, o->conntype ? o->conntype : saved.type, string, address);
}

int address_find(struct smpctl *ctl, struct address *address)
{
    const struct options *o = &ctl->options;
    bool connection = o->conn || o->conntype || o->connstring;
    *address = (struct address){.type = ""};
    if (o->device && connection) {
        return fail(ctl, STATUS_USAGE,
                    "-d names the device already: leave out -c, --conntype and "
                    "--connstring");
    }
    if (o->connextra) {
        note(ctl, "--connextra means nothing here and is not used");
    }
    if (o->device) {
        return from_url(ctl, o->device, address);
    }
    if (connection) {
        return from_connection(ctl, address);
    }
    const char *variable = getenv("SMP_DEVICE");
    if (variable && *variable) {
        return from_url(ctl, variable, address);
    }
    return fail(ctl, STATUS_USAGE,
                "which device?  Say -d udp://HOST:PORT or -d serial:///dev/ttyACM0, -c NAME for a "
                "saved connection, --conntype udp --connstring HOST:PORT, or set SMP_DEVICE");
}

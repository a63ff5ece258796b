/* SPDX-License-Identifier: Apache-2.0 */
/* ports: the serial ports of this machine. */
#include "commands.h"
#include "json.h"
#include "output.h"

#include <smp/serial.h>

#include <errno.h>
#include <string.h>

static void put_port(const struct smp_serial_port *port)
{
    fprintf(out, "%-20s", port->path);
    if (port->has_usb) {
        fprintf(out, " %04x:%04x", port->vendor, port->product);
        if (port->serial_number) {
            fputc(':', out);
            put_text(out, str_of(port->serial_number));
        }
    }
    if (port->description) {
        fputs("  ", out);
        put_text(out, str_of(port->description));
    }
    fputc('\n', out);
}

static void add_text(json_t *json, const char *key, const char *text)
{
    if (text) {
        json_object_set_new(json, key, json_text(str_of(text)));
    }
}

static json_t *to_json(const struct smp_serial_port *port)
{
    json_t *json = json_object();
    add_text(json, "path", port->path);
    add_text(json, "description", port->description);
    if (port->has_usb) {
        json_object_set_new(json, "vendor", json_sprintf("%04x", port->vendor));
        json_object_set_new(json, "product", json_sprintf("%04x", port->product));
        add_text(json, "manufacturer", port->manufacturer);
        add_text(json, "product_name", port->product_name);
        add_text(json, "serial_number", port->serial_number);
    }
    return json;
}

/* user: a JSON list to add to, or NULL: print it. */
static void on_port(const struct smp_serial_port *port, void *user)
{
    if (user) {
        json_array_append_new(user, to_json(port));
    } else {
        put_port(port);
    }
}

int cmd_ports(struct smpctl *ctl)
{
    json_t *list = ctl->options.json ? json_array() : NULL;
    int count = smp_serial_ports(on_port, list);
    if (count < 0) {
        json_decref(list);
        return fail(ctl, STATUS_FILE, "the serial ports cannot be listed: %s",
                    count == SMP_ERR_SYSTEM ? strerror(errno) : smp_error_text(count));
    }
    if (list) {
        return put_result(ctl, json_pack("{s:o}", "ports", list));
    }
    if (count == 0) {
        fputs("No serial port found\n", out);
    }
    return STATUS_DONE;
}

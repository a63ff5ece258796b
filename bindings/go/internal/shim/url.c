/* SPDX-License-Identifier: Apache-2.0 */
/* What stands after the `?` of a URL, and the serial ports there are. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* One option: a number, or one of a few words. */
struct option {
    const char *name;
    const char *const *words; /* NULL: a number */
    void (*set)(void *options, uint32_t value);
};

#define SETTER(type, member)                                                                       \
    static void set_##type##_##member(void *options, uint32_t value)                               \
    {                                                                                              \
        ((struct smp_##type##_options *)options)->member = value;                                  \
    }

SETTER(serial, baud)
SETTER(serial, framing)
SETTER(serial, line_length)
SETTER(serial, lines)
SETTER(serial, gap_us)
SETTER(serial, max_packet)
SETTER(serial, window)
SETTER(serial, silence_ms)
SETTER(serial, dtr)
SETTER(serial, rts)
SETTER(serial, flow_control)
SETTER(serial, shared)
SETTER(pty, framing)
SETTER(pty, line_length)
SETTER(pty, max_packet)

static const char *const framings[] = {"console", "raw", NULL};
static const char *const modem[] = {"leave", "on", "off", NULL};
static const char *const yes_no[] = {"0", "1", NULL};

static const struct option serial_options[] = {
    {"baud", NULL, set_serial_baud},
    {"framing", framings, set_serial_framing},
    {"line_length", NULL, set_serial_line_length},
    {"lines", NULL, set_serial_lines},
    {"gap_us", NULL, set_serial_gap_us},
    {"max_packet", NULL, set_serial_max_packet},
    {"window", NULL, set_serial_window},
    {"silence_ms", NULL, set_serial_silence_ms},
    {"dtr", modem, set_serial_dtr},
    {"rts", modem, set_serial_rts},
    {"flow_control", yes_no, set_serial_flow_control},
    {"shared", yes_no, set_serial_shared},
    {NULL, NULL, NULL},
};

static const struct option pty_options[] = {
    {"framing", framings, set_pty_framing},
    {"line_length", NULL, set_pty_line_length},
    {"max_packet", NULL, set_pty_max_packet},
    {NULL, NULL, NULL},
};

static bool is_word(const char *word, const char *text, size_t len)
{
    return strlen(word) == len && strncmp(word, text, len) == 0;
}

static bool read_value(const struct option *option, const char *text, size_t len, uint32_t *value)
{
    *value = 0;
    for (uint32_t i = 0; option->words && option->words[i]; i++)
        if (is_word(option->words[i], text, len)) {
            *value = i;
            return true;
        }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > (UINT32_MAX - 9) / 10)
            return false;
        *value = *value * 10 + (uint32_t)(text[i] - '0');
    }
    return !option->words && len > 0;
}

static int read_options(const char *query, const struct option *known, void *options)
{
    while (*query) {
        size_t len = strcspn(query, "&");
        const char *equals = memchr(query, '=', len);
        const struct option *option = known;
        uint32_t value;

        if (!equals)
            return SMP_ERR_INVALID;
        while (option->name && !is_word(option->name, query, (size_t)(equals - query)))
            option++;
        if (!option->name ||
            !read_value(option, equals + 1, len - (size_t)(equals + 1 - query), &value))
            return SMP_ERR_INVALID;
        option->set(options, value);
        query += query[len] ? len + 1 : len;
    }
    return SMP_OK;
}

int shimi_serial_options(const char *query, struct smp_serial_options *options)
{
    return read_options(query, serial_options, options);
}

int shimi_pty_options(const char *query, struct smp_pty_options *options)
{
    return read_options(query, pty_options, options);
}

/* ---- ports ---- */

/* A port and copies of its strings. */
struct port {
    struct smp_serial_port port;
};

static const char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static void on_port(const struct smp_serial_port *port, void *user)
{
    struct shim *shim = user;
    struct port *ports = realloc(shim->ports, (shim->n_ports + 1) * sizeof(*ports));

    if (!ports)
        return;
    shim->ports = ports;
    struct smp_serial_port *own = &ports[shim->n_ports++].port;
    *own = (struct smp_serial_port){.size = sizeof(*own)};
    memcpy(own, port, port->size < sizeof(*own) ? port->size : sizeof(*own));
    own->path = copy(own->path);
    own->description = copy(own->description);
    own->manufacturer = copy(own->manufacturer);
    own->product_name = copy(own->product_name);
    own->serial_number = copy(own->serial_number);
}

void shimi_ports_free(struct shim *shim)
{
    for (size_t i = 0; i < shim->n_ports; i++) {
        const struct smp_serial_port *port = &shim->ports[i].port;
        free((char *)port->path);
        free((char *)port->description);
        free((char *)port->manufacturer);
        free((char *)port->product_name);
        free((char *)port->serial_number);
    }
    free(shim->ports);
    shim->ports = NULL;
    shim->n_ports = 0;
}

int shim_ports(struct shim *shim)
{
    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    shimi_ports_free(shim);
    int error = smp_serial_ports(on_port, shim);
    return error < 0 ? error : (int)shim->n_ports;
}

const struct smp_serial_port *shim_port(const struct shim *shim, size_t index)
{
    return shim && index < shim->n_ports ? &shim->ports[index].port : NULL;
}

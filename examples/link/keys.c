/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
    const char *name;
    uint32_t min, max;
    uint32_t *number;     /* NULL: one of the words */
    const char *words[2]; /* for 0 and 1, or for off and on */
    void (*set)(struct smp_serial_options *options, int word);
};

static void set_framing(struct smp_serial_options *options, int word)
{
    options->framing = word ? SMP_SERIAL_RAW : SMP_SERIAL_CONSOLE;
}

static void set_dtr(struct smp_serial_options *options, int word)
{
    options->dtr = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static void set_rts(struct smp_serial_options *options, int word)
{
    options->rts = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static void set_flow(struct smp_serial_options *options, int word)
{
    options->flow_control = word;
}

static void set_shared(struct smp_serial_options *options, int word)
{
    options->shared = word;
}

static bool set_key(struct smp_serial_options *options, const struct key *key, const char *value,
                    char *error, size_t size)
{
    char *end;
    if (key->number) {
        unsigned long number = strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || *end || number < key->min || number > key->max) {
            snprintf(error, size, "%s=%s: give a number from %u to %u", key->name, value, key->min,
                     key->max);
            return false;
        }
        *key->number = (uint32_t)number;
        return true;
    }
    for (int word = 0; word < 2 && key->words[word]; word++) {
        if (strcmp(value, key->words[word]) == 0) {
            key->set(options, word);
            return true;
        }
    }
    snprintf(error, size, "%s=%s: say %s or %s", key->name, value, key->words[0], key->words[1]);
    return false;
}

bool link_key_read(char *text, struct smp_serial_options *o, uint32_t *packet, char *error,
                   size_t size)
{
    const struct key keys[] = {
        {.name = "baud", .min = 50, .max = 100000000, .number = &o->baud},
        {.name = "mtu", .min = 64, .max = 65533, .number = packet},
        {.name = "line", .min = 7, .max = 16384, .number = &o->line_length},
        {.name = "lines", .min = 1, .max = 1000, .number = &o->lines},
        {.name = "gap", .min = 1, .max = 10000000, .number = &o->gap_us},
        {.name = "window", .min = 1, .max = 64, .number = &o->window},
        {.name = "silence", .min = 1, .max = 60000, .number = &o->silence_ms},
        {.name = "framing", .words = {"console", "raw"}, .set = set_framing},
        {.name = "dtr", .words = {"off", "on"}, .set = set_dtr},
        {.name = "rts", .words = {"off", "on"}, .set = set_rts},
        {.name = "flow", .words = {"none", "rtscts"}, .set = set_flow},
        {.name = "shared", .words = {"no", "yes"}, .set = set_shared},
    };
    char *value = strchr(text, '=');
    if (value) {
        *value++ = '\0';
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            if (strcmp(text, keys[i].name) == 0) {
                return set_key(o, &keys[i], value, error, size);
            }
        }
    }
    snprintf(error, size,
             "`%s` means nothing to a serial line; known are: baud, mtu, framing=console|raw, "
             "line, lines, gap, window, silence, dtr=on|off, rts=on|off, flow=rtscts|none, "
             "shared=yes|no",
             text);
    return false;
}

bool link_keys_read(const char *text, struct smp_serial_options *options, uint32_t *packet,
                    char *error, size_t size)
{
    while (*text) {
        char key[64];
        size_t len = strcspn(text, ",&");
        snprintf(key, sizeof key, "%.*s", (int)len, text);
        if (len > 0 && !link_key_read(key, options, packet, error, size)) {
            return false;
        }
        text += len + (text[len] != '\0');
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSAID = -1, KEYS = 12, TEXT_MAX = 128 };

struct key {
    const char *name;
    uint32_t min, max;
    uint32_t *number;     /* NULL: one of the words */
    const char *words[2]; /* for 0 and 1, or for off and on */
    void (*set)(struct smp_serial_options *options, int word);
    int (*get)(const struct smp_serial_options *options); /* the word, or UNSAID */
};

/* ---- the words ---- */

static void set_framing(struct smp_serial_options *options, int word)
{
    options->framing = word ? SMP_SERIAL_RAW : SMP_SERIAL_CONSOLE;
}

static int get_framing(const struct smp_serial_options *options)
{
    return options->framing == SMP_SERIAL_RAW ? 1 : UNSAID;
}

static int get_modem(enum smp_serial_modem modem)
{
    return modem == SMP_SERIAL_ON ? 1 : modem == SMP_SERIAL_OFF ? 0 : UNSAID;
}

static void set_dtr(struct smp_serial_options *options, int word)
{
    options->dtr = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static int get_dtr(const struct smp_serial_options *options)
{
    return get_modem(options->dtr);
}

static void set_rts(struct smp_serial_options *options, int word)
{
    options->rts = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static int get_rts(const struct smp_serial_options *options)
{
    return get_modem(options->rts);
}

static void set_flow(struct smp_serial_options *options, int word)
{
    options->flow_control = word;
}

static int get_flow(const struct smp_serial_options *options)
{
    return options->flow_control ? 1 : UNSAID;
}

static void set_shared(struct smp_serial_options *options, int word)
{
    options->shared = word;
}

static int get_shared(const struct smp_serial_options *options)
{
    return options->shared ? 1 : UNSAID;
}

/* ---- all keys ---- */

static void list_keys(struct smp_serial_options *o, uint32_t *packet, struct key keys[KEYS])
{
    const struct key all[KEYS] = {
        {.name = "baud", .min = 50, .max = 100000000, .number = &o->baud},
        {.name = "mtu", .min = 64, .max = 65533, .number = packet},
        {.name = "line", .min = 7, .max = 16384, .number = &o->line_length},
        {.name = "lines", .min = 1, .max = 1000, .number = &o->lines},
        {.name = "gap", .min = 1, .max = 10000000, .number = &o->gap_us},
        {.name = "window", .min = 1, .max = 64, .number = &o->window},
        {.name = "silence", .min = 1, .max = 60000, .number = &o->silence_ms},
        {.name = "framing", .words = {"console", "raw"}, .set = set_framing, .get = get_framing},
        {.name = "dtr", .words = {"off", "on"}, .set = set_dtr, .get = get_dtr},
        {.name = "rts", .words = {"off", "on"}, .set = set_rts, .get = get_rts},
        {.name = "flow", .words = {"none", "rtscts"}, .set = set_flow, .get = get_flow},
        {.name = "shared", .words = {"no", "yes"}, .set = set_shared, .get = get_shared},
    };
    memcpy(keys, all, sizeof all);
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
    for (int word = 0; word < 2; word++) {
        if (strcmp(value, key->words[word]) == 0) {
            key->set(options, word);
            return true;
        }
    }
    snprintf(error, size, "%s=%s: say %s or %s", key->name, value, key->words[0], key->words[1]);
    return false;
}

static bool read_key(char *text, struct smp_serial_options *options, uint32_t *packet, char *error,
                     size_t size)
{
    struct key keys[KEYS];
    char *value = strchr(text, '=');
    list_keys(options, packet, keys);
    if (value) {
        *value++ = '\0';
        for (size_t i = 0; i < KEYS; i++) {
            if (strcmp(text, keys[i].name) == 0) {
                return set_key(options, &keys[i], value, error, size);
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
    *options = (struct smp_serial_options){.size = sizeof *options};
    *packet = 0;
    while (*text) {
        char key[TEXT_MAX];
        size_t len = strcspn(text, ",&");
        snprintf(key, sizeof key, "%.*s", (int)len, text);
        if (len > 0 && !read_key(key, options, packet, error, size)) {
            return false;
        }
        text += len + (text[len] != '\0');
    }
    return true;
}

void link_keys_write(const struct smp_serial_options *options, uint32_t packet, char separator,
                     char *text, size_t size)
{
    struct smp_serial_options copy = *options;
    struct key keys[KEYS];
    size_t n = 0;
    list_keys(&copy, &packet, keys);
    *text = '\0';
    for (size_t i = 0; i < KEYS && n < size; i++) {
        const struct key *key = &keys[i];
        int word = key->number ? UNSAID : key->get(&copy);
        int len = 0;
        if (key->number && *key->number) {
            len = snprintf(text + n, size - n, "%c%s=%u", separator, key->name, *key->number);
        } else if (word != UNSAID) {
            len = snprintf(text + n, size - n, "%c%s=%s", separator, key->name, key->words[word]);
        }
        n += len > 0 ? (size_t)len : 0;
    }
}

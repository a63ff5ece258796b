/* SPDX-License-Identifier: Apache-2.0 */
#include "linekeys.h"

#include "output.h"
#include "smpctl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNSAID = -1 };

struct key {
    const char *name;
    uint32_t min, max;
    uint32_t *number;     /* NULL: one of the words */
    const char *words[2]; /* for 0 and 1, or for off and on */
    void (*set)(struct link *link, int word);
    int (*get)(const struct link *link); /* the word, or UNSAID */
};

enum { KEYS = 12 };

/* ---- the words ---- */

static void set_framing(struct link *link, int word)
{
    link->options.framing = word ? SMP_SERIAL_RAW : SMP_SERIAL_CONSOLE;
}

static int get_framing(const struct link *link)
{
    return link->options.framing == SMP_SERIAL_RAW ? 1 : UNSAID;
}

static int get_modem(enum smp_serial_modem modem)
{
    return modem == SMP_SERIAL_ON ? 1 : modem == SMP_SERIAL_OFF ? 0 : UNSAID;
}

static void set_dtr(struct link *link, int word)
{
    link->options.dtr = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static int get_dtr(const struct link *link)
{
    return get_modem(link->options.dtr);
}

static void set_rts(struct link *link, int word)
{
    link->options.rts = word ? SMP_SERIAL_ON : SMP_SERIAL_OFF;
}

static int get_rts(const struct link *link)
{
    return get_modem(link->options.rts);
}

static void set_flow(struct link *link, int word)
{
    link->options.flow_control = word;
}

static int get_flow(const struct link *link)
{
    return link->options.flow_control ? 1 : UNSAID;
}

static void set_shared(struct link *link, int word)
{
    link->options.shared = word;
}

static int get_shared(const struct link *link)
{
    return link->options.shared ? 1 : UNSAID;
}

/* ---- all keys ---- */

static void list_keys(struct link *link, struct key keys[KEYS])
{
    struct smp_serial_options *o = &link->options;
    const struct key all[KEYS] = {
        {.name = "baud", .min = 50, .max = 100000000, .number = &o->baud},
        {.name = "mtu", .min = 64, .max = 65533, .number = &link->packet},
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

static int set_key(struct smpctl *ctl, struct link *link, const struct key *key, const char *value)
{
    char *end;
    if (key->number) {
        unsigned long number = strtoul(value, &end, 10);
        if (*value < '0' || *value > '9' || *end || number < key->min || number > key->max) {
            return fail(ctl, STATUS_USAGE, "%s=%s: give a number from %u to %u", key->name, value,
                        key->min, key->max);
        }
        *key->number = (uint32_t)number;
        return STATUS_DONE;
    }
    for (int word = 0; word < 2; word++) {
        if (strcmp(value, key->words[word]) == 0) {
            key->set(link, word);
            return STATUS_DONE;
        }
    }
    return fail(ctl, STATUS_USAGE, "%s=%s: say %s or %s", key->name, value, key->words[0],
                key->words[1]);
}

static int read_key(struct smpctl *ctl, struct link *link, char *text)
{
    struct key keys[KEYS];
    char *value = strchr(text, '=');
    list_keys(link, keys);
    if (value) {
        *value++ = '\0';
        for (size_t i = 0; i < KEYS; i++) {
            if (strcmp(text, keys[i].name) == 0) {
                return set_key(ctl, link, &keys[i], value);
            }
        }
    }
    return fail(ctl, STATUS_USAGE,
                "`%s` means nothing to a serial line; known are: baud, mtu, framing=console|raw, "
                "line, lines, gap, window, silence, dtr=on|off, rts=on|off, flow=rtscts|none, "
                "shared=yes|no",
                text);
}

int linekeys_read(struct smpctl *ctl, const char *keys, struct link *link)
{
    char copy[ADDRESS_MAX];
    link->options = (struct smp_serial_options){.size = sizeof link->options};
    link->packet = 0;
    snprintf(copy, sizeof copy, "%s", keys);
    for (char *key = copy; *key;) {
        char *next = key + strcspn(key, ",");
        bool last = !*next;
        *next = '\0';
        int status = *key ? read_key(ctl, link, key) : STATUS_DONE;
        if (status != STATUS_DONE) {
            return status;
        }
        key = last ? next : next + 1;
    }
    return STATUS_DONE;
}

void linekeys_write(const struct link *link, char separator, char *text, size_t size)
{
    struct link copy = *link;
    struct key keys[KEYS];
    size_t n = 0;
    list_keys(&copy, keys);
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

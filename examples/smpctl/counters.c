/* SPDX-License-Identifier: Apache-2.0 */
#include "counters.h"

#include "json.h"
#include "output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MOST 4096 /* a device that invents names must not take all memory and time */

struct counter {
    size_t section;
    char *name;
    size_t name_len;
    uint64_t value;
    uint64_t time;
    double rate; /* per second, since the time before */
    bool has_rate;
};

static struct counter *find(const struct counters *counters, size_t section, struct smp_str name)
{
    for (size_t i = 0; i < counters->n; i++) {
        struct counter *counter = &counters->list[i];
        if (counter->section == section && counter->name_len == name.len &&
            memcmp(counter->name, name.data, name.len) == 0) {
            return counter;
        }
    }
    return NULL;
}

static struct counter *add(struct counters *counters, size_t section, struct smp_str name)
{
    struct counter *list =
        counters->n < MOST ? realloc(counters->list, (counters->n + 1) * sizeof *list) : NULL;
    if (!list) {
        return NULL;
    }
    counters->list = list;
    char *copy = malloc(name.len + 1);
    if (!copy) {
        return NULL;
    }
    memcpy(copy, name.len ? name.data : "", name.len);
    list[counters->n] = (struct counter){.section = section, .name = copy, .name_len = name.len};
    return &list[counters->n++];
}

bool counters_set(struct counters *counters, size_t section, struct smp_str name, uint64_t value,
                  uint64_t now)
{
    struct counter *counter = find(counters, section, name);
    if (counter && now > counter->time) {
        double change = value >= counter->value ? (double)(value - counter->value)
                                                : -(double)(counter->value - value);
        counter->rate = change * 1e9 / (double)(now - counter->time);
        counter->has_rate = true;
    }
    counter = counter ? counter : add(counters, section, name);
    if (!counter) {
        return false;
    }
    counter->value = value;
    counter->time = now;
    return true;
}

void counters_put(const struct counters *counters, char *const *sections, size_t n)
{
    for (size_t section = 0; section < n; section++) {
        fputs("stat group: ", out);
        put_text(out, str_of(sections[section]));
        putc('\n', out);
        for (size_t i = 0; i < counters->n; i++) {
            const struct counter *counter = &counters->list[i];
            if (counter->section != section) {
                continue;
            }
            fprintf(out, "%10" PRIu64 " ", counter->value);
            if (counter->has_rate) {
                fprintf(out, "%+10.1f/s ", counter->rate);
            } else {
                fprintf(out, "%10s   ", "");
            }
            put_text(out, (struct smp_str){counter->name, counter->name_len});
            putc('\n', out);
        }
    }
}

json_t *counters_json(const struct counters *counters, char *const *sections, size_t n)
{
    json_t *json = json_object();
    for (size_t section = 0; section < n; section++) {
        json_t *fields = json_object();
        for (size_t i = 0; i < counters->n; i++) {
            const struct counter *counter = &counters->list[i];
            if (counter->section == section) {
                json_t *name = json_text((struct smp_str){counter->name, counter->name_len});
                json_object_set_new(fields, json_string_value(name),
                                    json_integer((json_int_t)counter->value));
                json_decref(name);
            }
        }
        json_t *name = json_text(str_of(sections[section]));
        json_object_set_new(json, json_string_value(name), fields);
        json_decref(name);
    }
    return json_pack("{s:o}", "sections", json);
}

void counters_free(struct counters *counters)
{
    for (size_t i = 0; i < counters->n; i++) {
        free(counters->list[i].name);
    }
    free(counters->list);
}

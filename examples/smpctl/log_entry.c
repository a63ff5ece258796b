/* SPDX-License-Identifier: Apache-2.0 */
#include "log_entry.h"

#include "json.h"
#include "output.h"
#include "settings_value.h"

#include <inttypes.h>
#include <string.h>

/* Mynewt's own numbers; applications have more. */
static const char *module_name(uint64_t module)
{
    static const char *const names[] = {
        "DEFAULT", "OS", "NEWTMGR", "NIMBLE_CTLR", "NIMBLE_HOST", "NFFS", "REBOOT", NULL, "TEST"};
    const char *name = module < sizeof names / sizeof *names ? names[module] : NULL;
    return name ? name : "CUSTOM";
}

static const char *level_name(uint64_t level)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"};
    return level < sizeof names / sizeof *names ? names[level] : "CUSTOM";
}

static const char *type_name(const struct smp_log *log)
{
    static const char *const names[] = {"STREAM", "MEMORY", "STORAGE"};
    return log->type < sizeof names / sizeof *names ? names[log->type] : "UNDEFINED";
}

/* A right-aligned column of 16. */
static void put_named(const char *name, uint64_t number)
{
    char text[48];
    snprintf(text, sizeof text, "%s (%" PRIu64 ")", name, number);
    fprintf(out, " %16s", text);
}

static void put_entry(const struct smp_log_entry *entry)
{
    struct smp_str type = entry->has_type ? entry->type : str_of("str");
    bool is_text = type.len == 3 && memcmp(type.data, "str", 3) == 0;
    fprintf(out, "%10" PRIu64 " %20" PRId64 "us |", entry->index, entry->ts);
    put_named(module_name(entry->module), entry->module);
    put_named(level_name(entry->level), entry->level);
    for (size_t i = type.len; i < 7; i++) {
        putc(' ', out);
    }
    put_text(out, type);
    for (size_t i = 2 * entry->imghash.len; i < 9; i++) {
        putc(' ', out);
    }
    put_hex(out, entry->imghash.data, entry->imghash.len);
    putc(' ', out);
    if (is_text && entry->msg.kind == SMP_KIND_BYTES) {
        put_text(out,
                 (struct smp_str){(const char *)entry->msg.as.bytes.data, entry->msg.as.bytes.len});
    } else if (entry->msg.kind == SMP_KIND_BYTES) {
        put_hex(out, entry->msg.as.bytes.data, entry->msg.as.bytes.len);
    } else {
        value_put(out, &entry->msg);
    }
    putc('\n', out);
}

void log_put(const struct smp_log_show_rsp *rsp, bool titles)
{
    if (rsp->n_logs == 0) {
        fputs("(no logs retrieved)\n", out);
    }
    for (size_t i = 0; i < rsp->n_logs; i++) {
        const struct smp_log *log = rsp->logs[i];
        if (titles) {
            fputs("Name: ", out);
            put_text(out, log->name);
            fprintf(out, "\nType: %s\n", type_name(log));
            fprintf(out, "%10s %22s | %16s %16s %6s %8s %s\n", "[index]", "[timestamp]", "[module]",
                    "[level]", "[type]", "[img]", "[message]");
        }
        for (size_t k = 0; k < log->n_entries; k++) {
            put_entry(log->entries[k]);
        }
    }
}

/* Beside `msg` in hexadecimal, its text where it is some. */
static void add_texts(json_t *json, const struct smp_log_show_rsp *rsp)
{
    json_t *logs = json_object_get(json, "logs");
    for (size_t i = 0; i < rsp->n_logs; i++) {
        json_t *entries = json_object_get(json_array_get(logs, i), "entries");
        for (size_t k = 0; k < rsp->logs[i]->n_entries; k++) {
            const struct smp_value *msg = &rsp->logs[i]->entries[k]->msg;
            struct smp_str text;
            if (msg->kind == SMP_KIND_BYTES && value_is_text(msg->as.bytes, &text)) {
                json_object_set_new(json_array_get(entries, k), "text", json_text(text));
            }
        }
    }
}

json_t *log_json(const struct smp_result *result, bool more)
{
    json_t *json = json_record(result->message, result->rsp);
    add_texts(json, result->rsp);
    json_object_set_new(json, "more", json_boolean(more));
    return json;
}

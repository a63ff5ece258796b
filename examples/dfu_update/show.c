/* SPDX-License-Identifier: Apache-2.0 */
#include "show.h"

#include "run.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define AGAIN_NS 100000000u /* how often the line of what is being done is drawn */

static bool drawn; /* it is on the screen: there is one screen */

void show_clear(void)
{
    if (drawn) {
        fputs("\r\033[K", stderr);
        drawn = false;
    }
}

void show_error(const char *format, ...)
{
    va_list arguments;
    show_clear();
    va_start(arguments, format);
    fputs("dfu_update: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void show_plain(char *text)
{
    json_t *json = json_string(text);
    for (char *c = text; *c; c++) {
        bool trick = (unsigned char)*c < ' ' || *c == 0x7f;
        *c = trick || (!json && (unsigned char)*c >= 0x80) ? '?' : *c;
    }
    json_decref(json);
}

/* ---- what is being done ---- */

static size_t describe(const struct unit *unit, char *text, size_t size)
{
    int n = snprintf(text, size, "%s %s", unit_name(unit), smp_update_phase_name(unit->phase));
    size_t used = n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
    if (unit->total > 0 && unit->phase == SMP_UPDATE_UPLOADING) {
        n = snprintf(text + used, size - used, " %u %%",
                     (unsigned)(unit->done * 100 / unit->total));
    } else if (unit->total > 0) {
        n = snprintf(text + used, size - used, " %u s", (unsigned)(unit->done / 1000));
    } else {
        n = 0;
    }
    return used + (size_t)n < size ? used + (size_t)n : size - 1;
}

static void draw(const struct run *run)
{
    char text[512];
    struct winsize window;
    size_t columns = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 20
                         ? window.ws_col - 1u
                         : 79;
    columns = columns < sizeof text ? columns : sizeof text - 1;
    size_t used = 0;
    if (run->n_units > 1) {
        used = (size_t)snprintf(text, columns, "%zu of %zu done", run->n_over, run->n_units);
    }
    for (size_t i = 0; i < run->n_units && used + 20 < columns; i++) {
        if (run->units[i].stage == UNIT_AT_WORK) {
            used += (size_t)snprintf(text + used, columns - used, "%s", used > 0 ? ", " : "");
            used += describe(&run->units[i], text + used, columns - used);
        }
    }
    fprintf(stderr, "\r\033[K%.*s", (int)used, text);
    fflush(stderr);
    drawn = true;
}

void show_progress(struct unit *unit, bool new_phase)
{
    struct run *run = unit->run;
    uint64_t now = smp_loop_now(run->loop);
    if (run->terminal && !run->questions && (new_phase || now >= run->drawn_at + AGAIN_NS)) {
        run->drawn_at = now;
        draw(run);
    }
}

void show_event(const struct unit *unit, const struct smp_update_event *event)
{
    const struct smp_update_report *report = event->report;
    if (!unit->run->options->verbose) {
        return;
    }
    show_clear();
    fprintf(stderr, "%s: %s: %s (%.1f s)%s%.*s\n", unit_name(unit),
            smp_update_phase_name(event->phase), event->error ? "failed" : "done",
            (double)report->ms / 1000, event->error ? ": " : "",
            event->error ? (int)report->text.len : 0, report->text.data);
}

/* ---- results ---- */

static void print_json(const struct unit *unit)
{
    json_t *json = json_object();
    json_object_set_new(json, "device", json_string(unit->address));
    json_object_set_new(json, "serial", unit->serial ? json_string(unit->serial) : json_null());
    json_object_set_new(json, "ok", json_boolean(unit->status == STATUS_DONE));
    json_object_set_new(json, "status", json_integer(unit->status));
    json_object_set_new(json, "state", json_string(smp_update_state_name(unit->state)));
    json_object_set_new(json, "same", json_boolean(unit->same));
    json_object_set_new(json, "error",
                        unit->error ? json_string(smp_error_name(unit->error)) : json_null());
    json_object_set_new(json, "seconds", json_real((double)unit->ms / 1000));
    json_object_set_new(json, "text", json_string(unit->text));
    json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
    putchar('\n');
    json_decref(json);
}

void show_result(const struct unit *unit)
{
    const struct options *options = unit->run->options;
    show_clear();
    if (options->json) {
        print_json(unit);
    } else if (unit->status != STATUS_DONE) {
        fprintf(stderr, "FAIL  %s: %s\n", unit_name(unit), unit->text);
    } else if (!options->quiet) {
        printf("OK    %s: %s (%.1f s)\n", unit_name(unit), unit->text, (double)unit->ms / 1000);
    }
    fflush(stdout);
}

void show_summary(const struct run *run)
{
    size_t good = 0;
    for (size_t i = 0; i < run->n_units; i++) {
        good += run->units[i].stage >= UNIT_OVER && run->units[i].status == STATUS_DONE;
    }
    if (run->n_units > 1 && !run->options->json && !run->options->quiet) {
        printf("%zu of %zu devices are good\n", good, run->n_units);
    }
}

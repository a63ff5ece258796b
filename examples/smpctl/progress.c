/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include "output.h"
#include "smpctl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MS 1000000ull /* in nanoseconds */

/* How often something is shown. */
#define TERMINAL_NS (100 * MS)
#define JSON_NS (250 * MS)
#define LINE_NS (5000 * MS)

#define OFFSETS_SHOWN 8 /* on a terminal; then it is a long file, and a bar tells more */

static unsigned columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
}

/* "12.5 KiB" and the like. */
static const char *amount(uint64_t bytes, char *text, size_t size)
{
    if (bytes < 10240) {
        snprintf(text, size, "%u B", (unsigned)bytes);
    } else if (bytes < UINT64_C(10240) * 1024) {
        snprintf(text, size, "%.1f KiB", (double)bytes / 1024);
    } else {
        snprintf(text, size, "%.1f MiB", (double)bytes / 1024 / 1024);
    }
    return text;
}

static const char *time_left(uint64_t ms, char *text, size_t size)
{
    unsigned long long seconds = (ms + 999) / 1000;
    if (ms == 0) {
        snprintf(text, size, "--");
    } else if (seconds < 120) {
        snprintf(text, size, "%llu s", seconds);
    } else {
        snprintf(text, size, "%llu min %02llu s", seconds / 60, seconds % 60);
    }
    return text;
}

/* [=====>    ], as wide as the rest of the line leaves room for. */
static void bar(char *text, int width, unsigned percent)
{
    int full = width * (int)percent / 100;
    for (int i = 0; i < width; i++) {
        text[i] = i < full ? '=' : i == full ? '>' : ' ';
    }
    text[width] = '\0';
}

static void put_line(const struct progress *progress, const struct smp_progress *step)
{
    char done[24];
    char total[24];
    char rate[24];
    char left[40];
    char head[64];
    char tail[120];
    char gauge[41];
    unsigned percent = step->total ? (unsigned)(step->done * 100 / step->total) : 0;
    snprintf(head, sizeof head, "%s / %s", amount(step->done, done, sizeof done),
             amount(step->total, total, sizeof total));
    snprintf(tail, sizeof tail, "%3u %%  %s/s  %s left", percent,
             amount(step->rate, rate, sizeof rate), time_left(step->left_ms, left, sizeof left));
    if (progress->ctl->label) {
        fprintf(stderr, "%s: ", progress->ctl->label);
    }
    int room = (int)columns() - 22 - (int)strlen(tail) - 6;
    bar(gauge, room > 40 ? 40 : room < 0 ? 0 : room, percent);
    fprintf(stderr, progress->terminal ? "\r\033[K%22s [%s] %s" : "%s [%s] %s\n", head, gauge,
            tail);
}

static json_t *to_json(const struct progress *progress, const struct smp_progress *step)
{
    static const char *const phases[] = {"starting", "sending", "done", "paused", "reconnecting"};
    json_t *json = json_object();
    json_object_set_new(
        json, "phase",
        json_string(step->phase <= SMP_PHASE_RECONNECTING ? phases[step->phase] : "unknown"));
    json_object_set_new(json, "done", json_integer((json_int_t)step->done));
    json_object_set_new(json, "total", json_integer((json_int_t)step->total));
    json_object_set_new(json, "start", json_integer((json_int_t)progress->start));
    json_object_set_new(json, "rate", json_integer((json_int_t)step->rate));
    json_object_set_new(json, "left_ms", json_integer((json_int_t)step->left_ms));
    json_object_set_new(json, "chunk", json_integer(step->chunk));
    json_object_set_new(json, "window", json_integer(step->window));
    json_t *line = json_object();
    json_object_set_new(line, "progress", json);
    return line;
}

void progress_begin(struct progress *progress, struct smpctl *ctl, const char *wait)
{
    *progress = (struct progress){
        .ctl = ctl,
        .terminal = !ctl->options.json && !ctl->task && isatty(STDERR_FILENO),
        .first_ns = smp_loop_now(ctl->loop),
    };
    progress->last_ns = progress->first_ns;
    progress->offsets = !wait && !ctl->options.json;
    if (progress->terminal && wait) {
        fputs(wait, stderr);
        progress->shown = true;
    }
    ctl->progress = progress;
}

/* Whether offsets scroll over the terminal that the bar is on. */
static bool offsets_on_terminal(const struct progress *progress)
{
    return progress->terminal && isatty(STDOUT_FILENO);
}

static void put_offset(struct progress *progress, uint64_t offset)
{
    if (progress->n_offsets && offset == progress->last_offset) {
        return;
    }
    progress->last_offset = offset;
    if (progress->n_offsets++ < OFFSETS_SHOWN || !offsets_on_terminal(progress)) {
        fprintf(progress->ctl->out, "%" PRIu64 "\n", offset);
    }
}

static void put_offsets(struct progress *progress, uint64_t done)
{
    if (progress->from_zero) {
        progress_zero(progress);
    }
    put_offset(progress, done);
}

void progress_zero(struct progress *progress)
{
    if (progress->offsets && progress->n_offsets == 0) {
        put_offset(progress, 0);
    }
}

static void show(struct progress *progress, const struct smp_progress *step)
{
    bool json = progress->ctl->options.json;
    uint64_t now = smp_loop_now(progress->ctl->loop);
    uint64_t pause = progress->terminal ? TERMINAL_NS : json ? JSON_NS : LINE_NS;
    bool last = step->done == step->total;
    if (!progress->begun && step->phase != SMP_PHASE_STARTING) {
        /* The first chunk's own bytes are not from an earlier upload. */
        progress->start = step->start > step->chunk ? step->start : 0;
        progress->begun = true;
    }
    progress->total = step->total;
    if (progress->offsets && step->phase != SMP_PHASE_STARTING) {
        put_offsets(progress, step->done);
    }
    bool few = offsets_on_terminal(progress) && progress->n_offsets <= OFFSETS_SHOWN;
    if (progress->offsets && (!progress->terminal || few)) {
        return; /* they tell enough */
    }
    if (now - progress->last_ns < pause && !(last && (json || progress->terminal))) {
        return;
    }
    progress->last_ns = now;
    progress->shown = progress->terminal;
    if (json) {
        put_json(to_json(progress, step));
    } else {
        put_line(progress, step);
    }
}

void progress_step(struct smp_session *session, const struct smp_progress *step, void *user)
{
    const struct smpctl *ctl = user;
    (void)session;
    show(ctl->progress, step);
}

void progress_word(struct progress *progress, const char *word)
{
    if (progress->terminal) {
        fprintf(stderr, "\r\033[K%s ...", word);
        progress->shown = true;
    }
}

void progress_end(struct progress *progress)
{
    if (progress->shown) {
        fputc('\n', stderr);
        progress->shown = false;
    }
}

double progress_seconds(const struct progress *progress)
{
    return (double)(smp_loop_now(progress->ctl->loop) - progress->first_ns) / 1e9;
}

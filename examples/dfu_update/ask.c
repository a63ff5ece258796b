/* SPDX-License-Identifier: Apache-2.0 */
#include "ask.h"

#include "run.h"
#include "show.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void put_question(const struct unit *unit)
{
    show_clear();
    fprintf(stderr, "%s runs %s on trial%s%s. Keep it? [y]es, [n]o, go back, [l]eave it on trial: ",
            unit_name(unit), unit->to, *unit->from ? ", before it " : "", unit->from);
    fflush(stderr);
}

/* The first question is answered. */
static void answer(struct run *run, enum smp_update_decision decision)
{
    struct unit *unit = run->questions;
    run->questions = unit->next_question;
    unit->next_question = NULL;
    unit_decide(unit, decision);
    if (run->questions) {
        put_question(run->questions);
    }
}

/* Nobody is there: nothing is confirmed. */
static void answer_all(struct run *run)
{
    while (run->questions) {
        answer(run, SMP_UPDATE_LEAVE);
    }
}

/* One line of an answer; what is no answer is asked again. */
static void take_line(struct run *run, const char *line)
{
    char c = (char)tolower((unsigned char)line[strspn(line, " \t")]);
    if (c == 'y' || c == 'n' || c == 'l') {
        answer(run, c == 'y' ? SMP_UPDATE_YES : c == 'n' ? SMP_UPDATE_NO : SMP_UPDATE_LEAVE);
    } else {
        put_question(run->questions);
    }
}

/* Takes whole lines as long as there are questions; the rest waits for the next ones. */
static void take_lines(struct run *run)
{
    char *end;
    while (run->questions && (end = memchr(run->input_text, '\n', run->input_len)) != NULL) {
        size_t len = (size_t)(end - run->input_text) + 1;
        char line[sizeof run->input_text];
        *end = '\0';
        memcpy(line, run->input_text, len);
        run->input_len -= len;
        memmove(run->input_text, run->input_text + len, run->input_len);
        take_line(run, line);
    }
    if (run->input_len == sizeof run->input_text) {
        run->input_len = 0; /* that is no answer */
    }
    if (run->questions && run->input_over) {
        show_error("%s: nobody is there to be asked; it stays on trial", unit_name(run->questions));
        answer_all(run);
    }
    if (run->input) {
        smp_watch_set(run->input, run->questions ? SMP_WATCH_READ : 0);
    }
}

static void on_readable(int fd, unsigned events, void *user)
{
    struct run *run = user;
    ssize_t n = read(fd, run->input_text + run->input_len, sizeof run->input_text - run->input_len);
    (void)events;
    if (n > 0) {
        run->input_len += (size_t)n;
    } else {
        run->input_over = true;
        smp_watch_free(run->input);
        run->input = NULL;
    }
    take_lines(run);
}

void ask_person(struct unit *unit)
{
    struct run *run = unit->run;
    struct unit **last = &run->questions;
    if (!run->input && !run->input_over &&
        smp_watch_new(run->loop, STDIN_FILENO, SMP_WATCH_READ, on_readable, run, &run->input)) {
        run->input_over = true; /* a file, or closed */
    }
    while (*last) {
        last = &(*last)->next_question;
    }
    *last = unit;
    if (run->questions == unit) {
        put_question(unit);
    }
    take_lines(run);
}

void ask_forget(struct unit *unit)
{
    struct run *run = unit->run;
    for (struct unit **at = &run->questions; *at; at = &(*at)->next_question) {
        if (*at == unit) {
            bool first = run->questions == unit;
            *at = unit->next_question;
            if (first && run->questions) {
                put_question(run->questions);
            }
            return;
        }
    }
}

void ask_close(struct run *run)
{
    smp_watch_free(run->input);
    run->input = NULL;
}

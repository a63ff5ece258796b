/* SPDX-License-Identifier: Apache-2.0 */
#include "candidates.h"

#include "commands.h"
#include "connection.h"
#include "output.h"

#include <string.h>

/* The words so far, without options and their values. */
struct line {
    struct smpctl *ctl;
    const struct command *command;
    const char *current;               /* the word to be completed */
    const struct poptOption *awaiting; /* the option it is the value of, or NULL */
    const char *first;                 /* words that are no options; NULL: none yet */
    const char *second;
    int n_words;
};

static void offer(const struct line *line, const char *word, const char *text)
{
    if (strncmp(word, line->current, strlen(line->current)) == 0) {
        fprintf(out, "%s\t%s\n", word, text ? text : "");
    }
}

/* ---- options ---- */

static bool takes_value(const struct poptOption *option)
{
    return (option->argInfo & POPT_ARG_MASK) != POPT_ARG_NONE;
}

static const struct poptOption *find_in(const struct poptOption *table, const char *word)
{
    for (; table && (table->longName || table->shortName); table++) {
        bool is_long = table->longName && strncmp(word, "--", 2) == 0 &&
                       strcmp(word + 2, table->longName) == 0;
        bool is_short =
            table->shortName && word[0] == '-' && word[1] == table->shortName && !word[2];
        if (is_long || is_short) {
            return table;
        }
    }
    return NULL;
}

static const struct poptOption *find_option(const struct command *command, const char *word)
{
    const struct poptOption *own = command ? find_in(command->options, word) : NULL;
    return own ? own : find_in(options_general(), word);
}

static void offer_options(const struct line *line, const struct poptOption *table)
{
    for (; table && (table->longName || table->shortName); table++) {
        char word[64];
        snprintf(word, sizeof word, "--%s", table->longName ? table->longName : "");
        offer(line, word, table->descrip);
    }
}

/* ---- values ---- */

static void offer_connections(const struct line *line)
{
    const char *name;
    json_t *entry;
    int status;
    json_t *all = connection_all(line->ctl, &status);
    json_object_foreach(all, name, entry)
    {
        offer(line, name, json_string_value(json_object_get(entry, "connstring")));
    }
    json_decref(all);
}

static void offer_value(const struct line *line)
{
    const char *name = line->awaiting->longName ? line->awaiting->longName : "";
    const char *what = line->awaiting->argDescrip ? line->awaiting->argDescrip : "";
    if (strcmp(name, "conn") == 0) {
        offer_connections(line);
    } else if (strcmp(what, "FILE") == 0) {
        fputs(":file\n", out);
    } else if (strcmp(what, "LEVEL") == 0) {
        static const char *const levels[] = {"critical", "error", "warn", "info", "debug"};
        for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
            offer(line, levels[i], NULL);
        }
    } else if (strcmp(what, "OP") == 0) {
        offer(line, "read", NULL);
        offer(line, "write", NULL);
    }
}

/* "bash|zsh|fish": words in small letters are meant as they are. */
static void offer_choices(const struct line *line, const char *args)
{
    while (*args) {
        char word[32];
        size_t len = strcspn(args, "|[] ");
        snprintf(word, sizeof word, "%.*s", (int)len, args);
        if (len && strspn(word, "abcdefghijklmnopqrstuvwxyz0123456789") == len) {
            offer(line, word, NULL);
        }
        args += len;
        args += strspn(args, "|[] ");
    }
}

static void offer_groups(const struct line *line)
{
    struct smp_loop *loop = NULL;
    const struct smp_group *group = NULL;
    const struct smp_command *command;
    if (smp_loop_new(NULL, &loop) != SMP_OK) {
        return;
    }
    while ((group = smp_group_next(loop, group))) {
        if (line->n_words == 1) {
            offer(line, smp_group_name(group), "group");
        } else if (strcmp(smp_group_name(group), line->second) == 0) {
            for (size_t i = 0; (command = smp_group_command(group, i)); i++) {
                offer(line, smp_command_name(command), NULL);
            }
        }
    }
    smp_loop_free(loop);
}

static void offer_arguments(const struct line *line)
{
    const char *name = line->command->name;
    const char *args = line->command->args ? line->command->args : "";
    if (strcmp(name, "conn show") == 0 || strcmp(name, "conn delete") == 0) {
        offer_connections(line);
    } else if (line->command->flags & TABLES && strncmp(args, "HEX", 3) != 0) {
        offer_groups(line);
    } else if (strstr(args, "FILE") || strstr(args, "LOCAL")) {
        fputs(":file\n", out);
    } else {
        offer_choices(line, args);
    }
}

/* ---- commands ---- */

/* Each first word once; a family's summary is the list of its commands. */
static void offer_first_words(const struct line *line)
{
    const char *last = "";
    for (const struct command *c = commands; c->name; c++) {
        char word[32];
        size_t len = strcspn(c->name, " ");
        snprintf(word, sizeof word, "%.*s", (int)len, c->name);
        if (strlen(last) < len || strncmp(last, word, len) != 0 ||
            (last[len] && last[len] != ' ')) {
            offer(line, word, c->name[len] ? "" : c->summary);
        }
        last = c->name;
    }
}

static void offer_second_words(const struct line *line)
{
    size_t len = strlen(line->first);
    for (const struct command *c = commands; c->name; c++) {
        if (strncmp(c->name, line->first, len) == 0 && c->name[len] == ' ') {
            offer(line, c->name + len + 1, c->summary);
        }
    }
}

static const struct command *find_command(const struct line *line)
{
    char both[64];
    const struct command *found = NULL;
    snprintf(both, sizeof both, "%s %s", line->first ? line->first : "",
             line->second ? line->second : "");
    for (const struct command *c = commands; line->first && c->name; c++) {
        if (strcmp(c->name, both) == 0) {
            return c;
        }
        found = strcmp(c->name, line->first) == 0 ? c : found;
    }
    return found;
}

/* Reads all but the last word. */
static void read_words(struct line *line, const char *const *words, int n)
{
    for (int i = 0; i + 1 < n; i++) {
        const struct poptOption *option = find_option(line->command, words[i]);
        if (line->awaiting) {
            line->awaiting = NULL;
        } else if (option && takes_value(option)) {
            line->awaiting = option;
        } else if (words[i][0] != '-') {
            line->second = line->n_words == 1 ? words[i] : line->second;
            line->first = line->n_words == 0 ? words[i] : line->first;
            line->n_words++;
            line->command = find_command(line);
        }
    }
    line->current = words[n - 1];
}

void candidates_put(struct smpctl *ctl, const char *const *words, int n)
{
    struct line line = {.ctl = ctl};
    read_words(&line, words, n);
    if (line.awaiting) {
        offer_value(&line);
    } else if (*line.current == '-') {
        offer_options(&line, line.command ? line.command->options : NULL);
        offer_options(&line, options_general());
    } else if (!line.first) {
        offer_first_words(&line);
    } else {
        if (line.n_words == 1) {
            offer_second_words(&line);
        }
        if (line.command) {
            offer_arguments(&line);
        }
    }
}

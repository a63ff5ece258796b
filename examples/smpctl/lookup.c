/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the command that words name. */
#include "commands.h"

#include "output.h"

#include <string.h>

/* How many characters to insert, delete or change to turn a into b (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    enum { LONGEST = 40 };
    size_t row[LONGEST + 1];
    size_t len = strlen(b);
    if (strlen(a) > LONGEST || len > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = corner + (a[i - 1] != b[j - 1]);
            size_t step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            corner = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[len];
}

static const char *nearest(const char *name)
{
    const char *best = NULL;
    size_t best_distance = 4; /* further is no likeness */
    for (const struct command *c = commands; c->name; c++) {
        const char *word = strchr(c->name, ' ');
        size_t d = distance(name, c->name);
        size_t d_word = word ? distance(name, word + 1) + 1 : d; /* `list` for `image list` */
        d = d < d_word ? d : d_word;
        if (d < best_distance && d < strlen(c->name)) {
            best = c->name;
            best_distance = d;
        }
    }
    return best;
}

static const struct command *find_name(const char *name)
{
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

static const char *find_family(const char *word)
{
    size_t len = strlen(word);
    for (const struct command *c = commands; c->name; c++) {
        if (strncmp(c->name, word, len) == 0 && c->name[len] == ' ') {
            return word;
        }
    }
    return NULL;
}

/* A family's first command: `shell exec` for `shell uptime`. */
static const char *first_of(const char *family)
{
    size_t len = strlen(family);
    const struct command *c = commands;
    while (strncmp(c->name, family, len) != 0 || c->name[len] != ' ') {
        c++;
    }
    return c->name;
}

int command_find(struct smpctl *ctl, const char *const *words, int n, int *used)
{
    *used = n > 0;
    if (n == 0) {
        return STATUS_DONE;
    }
    char name[80];
    snprintf(name, sizeof name, "%s%s%s", words[0], n > 1 ? " " : "", n > 1 ? words[1] : "");
    ctl->command = find_name(name);
    ctl->family = find_family(words[0]);
    if (ctl->command) { /* also one that is a family too: `shell` */
        *used = n > 1 && strchr(ctl->command->name, ' ') ? 2 : 1;
        return STATUS_DONE;
    }
    ctl->command = find_name(words[0]); /* `stat NAME`, beside `stat list` */
    if (ctl->command && ctl->family && ctl->command->max_args == 0) {
        ctl->command = NULL;
        return fail(ctl, STATUS_USAGE,
                    "there is no command `%s`, did you mean `%s`?; %s -h lists all", name,
                    first_of(ctl->family), ctl->name);
    }
    if (ctl->command || (ctl->family && n == 1)) {
        return STATUS_DONE;
    }
    const char *guess = nearest(name);
    guess = guess ? guess : nearest(words[0]);
    const char *said = ctl->family ? name : words[0]; /* a lone word's arguments are not in doubt */
    return fail(ctl, STATUS_USAGE, "there is no command `%s`%s%s%s; %s -h lists all", said,
                guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "", ctl->name);
}

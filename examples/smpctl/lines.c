/* SPDX-License-Identifier: Apache-2.0 */
#include "lines.h"

#include "optional.h"
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HISTORY_LINES 1000

/* What is used of libedit: its interface of readline's names, unchanged for decades. */
static char *(*edit_line)(const char *prompt);
static int (*add_history)(const char *line);
static int (*read_history)(const char *path);
static int (*write_history)(const char *path);
static void (*stifle_history)(int lines);

static bool load(void)
{
    static const char *const names[] = {"libedit.so.2", "libedit.so.0", "libedit.so",
                                        "libedit.3.dylib", NULL};
    const struct optional_function functions[] = {
        {"readline", &edit_line},
        {"add_history", &add_history},
        {"read_history", &read_history},
        {"write_history", &write_history},
        {"stifle_history", &stifle_history},
    };
    return optional_load(names, functions, sizeof functions / sizeof *functions);
}

void lines_open(struct lines *lines)
{
    *lines = (struct lines){.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
    lines->editing = lines->terminal && load();
    if (lines->editing) {
        stifle_history(HISTORY_LINES);
        if (paths_state("/shell_history", lines->history, sizeof lines->history)) {
            read_history(lines->history); /* there may be none yet */
        } else {
            *lines->history = '\0';
        }
    }
}

static const char *read_edited(struct lines *lines, const char *prompt)
{
    free(lines->line);
    lines->line = edit_line(prompt);
    if (lines->line && *lines->line) {
        add_history(lines->line);
    }
    return lines->line;
}

const char *lines_read(struct lines *lines, const char *prompt)
{
    if (lines->editing) {
        return read_edited(lines, prompt);
    }
    if (lines->terminal) {
        fputs(prompt, stdout);
        fflush(stdout);
    }
    ssize_t len = getline(&lines->line, &lines->room, stdin);
    if (len < 0) {
        return NULL;
    }
    lines->line[strcspn(lines->line, "\r\n")] = '\0';
    return lines->line;
}

void lines_close(struct lines *lines)
{
    if (lines->editing && *lines->history && paths_make_folders(lines->history) == 0) {
        mode_t mask = umask(077); /* what was typed may be secret */
        write_history(lines->history);
        umask(mask);
    }
    free(lines->line);
}

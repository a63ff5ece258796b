/* SPDX-License-Identifier: Apache-2.0 */
/*
 * completion SHELL: a small script that asks this program; completion words
 * WORD...: what it asks, which is answered from the tables of commands and
 * options, so that both always agree.
 */
#include "candidates.h"
#include "commands.h"
#include "output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* In each, % is the program's name and # the same as part of a function's name. */
static const char bash[] =
    "# bash completion for %\n"
    "_#_words() {\n"
    "    local word text\n"
    "    COMPREPLY=()\n"
    "    while IFS=$'\\t' read -r word text; do\n"
    "        if [ \"$word\" = :file ]; then\n"
    "            compopt -o filenames 2>/dev/null\n"
    "            while read -r word; do COMPREPLY+=(\"$word\"); done \\\n"
    "                < <(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")\n"
    "        else\n"
    "            COMPREPLY+=(\"$word\")\n"
    "        fi\n"
    "    done < <(\"$1\" completion words -- \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
    "}\n"
    "complete -F _#_words %\n";

static const char zsh[] =
    "#compdef %\n"
    "# zsh completion for %\n"
    "_#_words() {\n"
    "    local word text\n"
    "    local -a found\n"
    "    while IFS=$'\\t' read -r word text; do\n"
    "        if [[ $word == :file ]]; then\n"
    "            _files\n"
    "        else\n"
    "            found+=(\"${word//:/\\\\:}:$text\")\n"
    "        fi\n"
    "    done < <($words[1] completion words -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
    "    (( $#found )) && _describe % found\n"
    "}\n"
    "compdef _#_words %\n";

static const char fish[] =
    "# fish completion for %\n"
    "function __#_words\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct | string collect --allow-empty)\n"
    "    for line in ($words[1] completion words -- $words[2..-1] $current 2>/dev/null)\n"
    "        if test $line = :file\n"
    "            __fish_complete_path $current\n"
    "        else\n"
    "            echo $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c % -f -a '(__#_words)'\n";

static void put_script(FILE *file, const char *script, const char *name)
{
    for (const char *c = script; *c; c++) {
        /* "#_" stands for a function's name; a # before anything else is itself */
        if (*c == '%') {
            fputs(name, file);
        } else if (*c == '#' && c[1] == '_') {
            for (const char *n = name; *n; n++) {
                putc(isalnum((unsigned char)*n) ? *n : '_', file);
            }
        } else {
            putc(*c, file);
        }
    }
}

static json_t *script_json(const char *script, const char *name)
{
    char *text = NULL;
    size_t len = 0;
    FILE *file = open_memstream(&text, &len);
    if (!file) {
        return json_null();
    }
    put_script(file, script, name);
    fclose(file);
    json_t *json = json_stringn(text, len);
    free(text);
    return json;
}

static int put_candidates(struct smpctl *ctl)
{
    const char *const *words = ctl->args + 1;
    if (ctl->n_args < 2) {
        return fail(ctl, STATUS_USAGE, "`words` wants the words so far");
    }
    candidates_put(ctl, words, ctl->n_args - 1);
    return STATUS_DONE;
}

int cmd_completion(struct smpctl *ctl)
{
    static const struct {
        const char *name;
        const char *script;
    } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
    const char *shell = ctl->args[0];
    if (strcmp(shell, "words") == 0) {
        return put_candidates(ctl);
    }
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shell, shells[i].name) == 0 && ctl->n_args == 1) {
            if (ctl->options.json) {
                return put_result(
                    ctl, json_pack("{s:o}", "script", script_json(shells[i].script, ctl->name)));
            }
            put_script(out, shells[i].script, ctl->name);
            return STATUS_DONE;
        }
    }
    return fail(ctl, STATUS_USAGE, "`%s`: use bash, zsh or fish", shell);
}

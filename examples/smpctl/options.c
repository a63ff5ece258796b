/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "commands.h"
#include "output.h"
#include "smpctl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    GENERAL_OPTIONS = 18, /* with the row that ends the table */
    MAX_WORDS = 3,        /* "help image upload" */
};

/* The general options of this run; popt wants them for as long as its context. */
static struct poptOption general[GENERAL_OPTIONS];

const struct poptOption *options_general(void)
{
    return general;
}

/* What no one can have meant; popt stores over it. */
#define TIMEOUT_UNSET -1e300
#define TRIES_UNSET INT_MIN

/* popt writes through pointers, so the table is made for one struct. */
static void general_table(struct options *o, struct poptOption *table)
{
    const struct poptOption rows[GENERAL_OPTIONS] = {
        {"device", 'd', POPT_ARG_ARGV, &o->urls, 0,
         "Device, as udp://HOST:PORT or serial:///dev/ttyACM0 (or set SMP_DEVICE); may be given "
         "several times",
         "URL"},
        {"devices", 0, POPT_ARG_STRING, &o->devices_file, 0,
         "All devices that this file names, one a line", "FILE"},
        {"conn", 'c', POPT_ARG_STRING, &o->conn, 0, "Saved connection, see `conn add`", "NAME"},
        {"conntype", 0, POPT_ARG_STRING, &o->conntype, 0, "Kind of connection: udp, serial, tcp",
         "TYPE"},
        {"connstring", 0, POPT_ARG_STRING, &o->connstring, 0,
         "Address, as [::1]:1337 or dev=/dev/ttyACM0,baud=115200,mtu=512", "ADDRESS"},
        {"connextra", 0, POPT_ARG_STRING, &o->connextra, 0,
         "Accepted for the Go tool's sake; means nothing over UDP", "TEXT"},
        {"timeout", 't', POPT_ARG_DOUBLE, &o->timeout, 0,
         "Wait so long for an answer (10); an upload ends after three times that without progress",
         "SECONDS"},
        {"tries", 'r', POPT_ARG_INT, &o->tries, 0, "Ask so often before giving up (1)", "N"},
        {"wait", 0, POPT_ARG_DOUBLE, &o->wait, 0,
         "Before anything else, try so long until the device answers", "SECONDS"},
        {"console", 0, POPT_ARG_NONE, &o->console, 0,
         "Show the device's console text, on standard error", NULL},
        {"record", 0, POPT_ARG_STRING, &o->record, 0,
         "Keep all packets in a file; smpsim --replay then is that device", "FILE"},
        {"groups", 0, POPT_ARG_STRING, &o->groups_file, 0, "Description of groups of your own",
         "FILE"},
        {"json", 'j', POPT_ARG_NONE, &o->json, 0, "Print JSON, one document a line", NULL},
        {"loglevel", 'l', POPT_ARG_STRING, &o->loglevel, 0,
         "critical, error, warn, info or debug (every packet)", "LEVEL"},
        {"verbose", 'v', POPT_ARG_NONE, NULL, 'v', "Same as -l info; twice: -l debug", NULL},
        {"help", 'h', POPT_ARG_NONE, &o->help, 0, "Show help, also for one command", NULL},
        {"version", 0, POPT_ARG_NONE, &o->version, 0, "Show the version", NULL},
        POPT_TABLEEND,
    };
    memcpy(table, rows, sizeof rows);
}

static bool has_argument(const struct poptOption *option)
{
    return (option->argInfo & POPT_ARG_MASK) != POPT_ARG_NONE;
}

/* Whether the argument after this option is the option's value. */
static bool takes_next(const struct poptOption *table, const char *option)
{
    if (strncmp(option, "--", 2) == 0) {
        for (; table->longName || table->shortName; table++) {
            if (table->longName && strcmp(table->longName, option + 2) == 0) {
                return has_argument(table);
            }
        }
        return false; /* unknown, or --name=value */
    }
    for (const char *c = option + 1; *c; c++) {
        const struct poptOption *row = table;
        while ((row->longName || row->shortName) && row->shortName != *c) {
            row++;
        }
        if (row->shortName == *c && has_argument(row)) {
            return c[1] == '\0'; /* -c NAME, not -cNAME */
        }
    }
    return false;
}

/* Finds the first words that are neither options nor their values; *first: where they begin. */
static int find_words(const struct poptOption *table, int argc, const char **argv,
                      const char *words[MAX_WORDS], int *first)
{
    *first = argc;
    int n = 0;
    bool options_end = false;
    for (int i = 1; i < argc && n < MAX_WORDS; i++) {
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
        } else if (!options_end && argv[i][0] == '-' && argv[i][1]) {
            i += takes_next(table, argv[i]) ? 1 : 0;
        } else {
            *first = n == 0 ? i : *first;
            words[n++] = argv[i];
        }
    }
    return n;
}

static int read_level(struct smpctl *ctl)
{
    /* The Go tool's names are taken too. */
    static const struct {
        const char *name;
        enum smp_log_level level;
    } levels[] = {
        {"critical", SMP_LOG_CRITICAL}, {"panic", SMP_LOG_CRITICAL}, {"fatal", SMP_LOG_CRITICAL},
        {"error", SMP_LOG_ERROR},       {"warn", SMP_LOG_WARN},      {"warning", SMP_LOG_WARN},
        {"info", SMP_LOG_INFO},         {"debug", SMP_LOG_DEBUG},    {"trace", SMP_LOG_DEBUG},
    };
    struct options *o = &ctl->options;
    o->level = o->verbose > 1 ? SMP_LOG_DEBUG : o->verbose > 0 ? SMP_LOG_INFO : SMP_LOG_ERROR;
    if (!o->loglevel) {
        return STATUS_DONE;
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        if (strcasecmp(o->loglevel, levels[i].name) == 0) {
            o->level = levels[i].level;
            return STATUS_DONE;
        }
    }
    return fail(ctl, STATUS_USAGE,
                "-l %s: there is no such level; use critical, error, warn, info or debug",
                o->loglevel);
}

static int check_values(struct smpctl *ctl)
{
    struct options *o = &ctl->options;
    if (o->timeout == TIMEOUT_UNSET) {
        o->timeout = 0;
    } else if (!(o->timeout >= 0.001 && o->timeout <= 86400)) {
        return fail(ctl, STATUS_USAGE, "-t takes seconds from 0.001 to 86400");
    }
    if (!(o->wait >= 0 && o->wait <= 86400)) {
        return fail(ctl, STATUS_USAGE, "--wait takes seconds up to 86400");
    }
    if (o->tries == TRIES_UNSET) {
        o->tries = 0;
    } else if (o->tries < 1 || o->tries > 1000) {
        return fail(ctl, STATUS_USAGE, "-r takes a number from 1 to 1000");
    }
    return read_level(ctl);
}

/* Says what popt did not like, and where command options belong. */
static int bad_option(struct smpctl *ctl, int error)
{
    const char *option = poptBadOption(ctl->options.context, POPT_BADOPTION_NOALIAS);
    const char *command = ctl->command ? ctl->command->name : "";
    return fail(ctl, STATUS_USAGE, "`%s`: %s; see %s %s%s-h", option,
                error == POPT_ERROR_BADOPT ? "there is no such option" : poptStrerror(error),
                ctl->name, command, *command ? " " : "");
}

/* Lets popt read everything; the words that name the command come first. */
static int read_all(struct smpctl *ctl, int argc, const char **argv, int n_words)
{
    static struct poptOption none[] = {POPT_TABLEEND};
    struct options *o = &ctl->options;
    struct poptOption *own = ctl->command && ctl->command->options ? ctl->command->options : none;
    const char *title = ctl->command ? "Options of this command:" : NULL;
    /* popt keeps the table for as long as the context. */
    static struct poptOption table[3];
    memcpy(table,
           (const struct poptOption[3]){
               {NULL, 0, POPT_ARG_INCLUDE_TABLE, own, 0, own == none ? NULL : title, NULL},
               {NULL, 0, POPT_ARG_INCLUDE_TABLE, (void *)general, 0, "General options:", NULL},
               POPT_TABLEEND,
           },
           sizeof table);
    o->context = poptGetContext(NULL, argc, argv, table, 0);
    o->timeout = TIMEOUT_UNSET;
    o->tries = TRIES_UNSET;
    int rc;
    while ((rc = poptGetNextOpt(o->context)) > 0) {
        o->verbose += rc == 'v';
    }
    if (rc < -1) {
        return bad_option(ctl, rc);
    }
    ctl->args = (const char *const *)poptGetArgs(o->context);
    while (ctl->args && ctl->args[ctl->n_args]) {
        ctl->n_args++;
    }
    ctl->args = ctl->args ? ctl->args + n_words : NULL;
    ctl->n_args -= n_words;
    return check_values(ctl);
}

int options_parse(struct smpctl *ctl, int argc, const char **argv)
{
    general_table(&ctl->options, general);
    const char *words[MAX_WORDS] = {NULL};
    int first;
    int n = find_words(general, argc, argv, words, &first);
    /* Behind `raw`, --json is something else: the payload. */
    int last = n > 0 && strcmp(words[0], "raw") == 0 ? first : argc;
    for (int i = 1; i < last && strcmp(argv[i], "--") != 0; i++) {
        bool json = strcmp(argv[i], "--json") == 0 || strcmp(argv[i], "-j") == 0;
        ctl->options.json |= json; /* so that errors come so too */
        argv[i] = json ? "-j" : argv[i];
    }
    int help = n > 0 && strcmp(words[0], "help") == 0;
    int used = 0;
    int status = command_find(ctl, words + help, n - help, &used);
    if (status != STATUS_DONE) {
        return status;
    }
    status = read_all(ctl, argc, argv, used + help);
    ctl->options.help |= help;
    return status;
}

void options_print_help(struct smpctl *ctl, const char *usage)
{
    poptSetOtherOptionHelp(ctl->options.context, usage);
    poptPrintHelp(ctl->options.context, stdout, 0);
}

void options_free(struct options *options)
{
    poptFreeContext(options->context);
    free(options->conn);
    free(options->conntype);
    free(options->connstring);
    free(options->connextra);
    for (char **url = options->urls; url && *url; url++) {
        free(*url);
    }
    free(options->urls);
    free(options->devices_file);
    free(options->groups_file);
    free(options->record);
    free(options->loglevel);
}

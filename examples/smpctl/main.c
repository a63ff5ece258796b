/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"
#include "device.h"
#include "help.h"
#include "many.h"
#include "output.h"
#include "record.h"

#include <signal.h>
#include <string.h>

static int check_arguments(struct smpctl *ctl)
{
    const struct command *c = ctl->command;
    if (ctl->n_args < c->min_args) {
        return fail(ctl, STATUS_USAGE, "%s is missing; see %s %s -h", c->args, ctl->name, c->name);
    }
    if (c->max_args >= 0 && ctl->n_args > c->max_args) {
        return fail(ctl, STATUS_USAGE, "`%s` is one argument too many; see %s %s -h",
                    ctl->args[c->max_args], ctl->name, c->name);
    }
    return STATUS_DONE;
}

static int run(struct smpctl *ctl, int argc, const char **argv)
{
    int status = options_parse(ctl, argc, argv);
    if (status != STATUS_DONE) {
        return status;
    }
    if (ctl->options.version) {
        int used;
        command_find(ctl, (const char *const[]){"version"}, 1, &used);
        return cmd_version(ctl);
    }
    if (ctl->options.help || !ctl->command) {
        help_print(ctl);
        return STATUS_DONE;
    }
    status = check_arguments(ctl);
    return status == STATUS_DONE ? many_run(ctl) : status;
}

int main(int argc, char **argv)
{
    struct smpctl ctl = {.name = "smpctl", .out = stdout};
    out = stdout;
    if (argc > 0) {
        const char *slash = strrchr(argv[0], '/');
        ctl.name = slash ? slash + 1 : argv[0];
    }
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of writing, not a sudden end */
    int status = run(&ctl, argc, (const char **)argv);
    device_close(&ctl);
    status = record_end(&ctl, status);
    status = output_close(&ctl, status);
    options_free(&ctl.options);
    return status;
}

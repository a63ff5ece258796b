/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include "commands.h"

#include <stdio.h>
#include <string.h>

static const char exit_statuses[] =
    "\n"
    "Exit status:\n"
    "  0    done\n"
    "  1    the device refused\n"
    "  2    wrong options or arguments\n"
    "  3    no answer, no usable answer, or no link\n"
    "  4    a file of this machine: missing, unreadable, not an image, not writable\n"
    "  130  interrupted\n";

static void print_commands(const char *family)
{
    size_t len = family ? strlen(family) : 0;
    for (const struct command *c = commands; c->name; c++) {
        if (!family || (strncmp(c->name, family, len) == 0 && c->name[len] == ' ')) {
            char usage[80];
            snprintf(usage, sizeof usage, "%s %s", c->name, c->args ? c->args : "");
            printf("  %-32s %s\n", usage, c->summary);
        }
    }
}

void help_print(struct smpctl *ctl)
{
    char usage[160];
    if (ctl->command) {
        snprintf(usage, sizeof usage, "[OPTION...] %s %s", ctl->command->name,
                 ctl->command->args ? ctl->command->args : "");
        printf("%s.\n", ctl->command->summary);
        printf("%s", ctl->command->help ? ctl->command->help : "");
    } else {
        snprintf(usage, sizeof usage, "[OPTION...]%s%s COMMAND [ARGUMENT...]",
                 ctl->family ? " " : "", ctl->family ? ctl->family : "");
        printf("%s talks to devices that speak SMP (MCUmgr) and updates their firmware.\n\n"
               "Commands:\n",
               ctl->name);
        print_commands(ctl->family);
    }
    printf("\n");
    options_print_help(ctl, usage);
    printf("%s", exit_statuses);
    if (!ctl->command) {
        printf("\nFor instance:\n  %s -d udp://192.0.2.1:1337 image upload zephyr.signed.bin\n"
               "%s COMMAND -h tells more about one command.\n",
               ctl->name, ctl->name);
    }
}

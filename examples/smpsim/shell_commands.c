/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the device's shell. */
#include "shell.h"

#include "device.h"

#include <stdlib.h>
#include <string.h>

#define SLEEP_MAX_MS 600000ul

/* One run of a command; argv[0] is the command itself. */
struct call {
    struct sim_device *device;
    struct smp_exchange *exchange;
    size_t argc;
    char *const *argv;
    struct sim_output *output;
};

struct command {
    const char *name;
    const char *help;
    int (*run)(const struct call *call);
};

static const struct command *find(const struct command *commands, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return NULL;
}

static void print_commands(struct sim_output *output, const struct command *commands, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sim_print(output, "  %-10s :%s\r\n", commands[i].name, commands[i].help);
}

/* ---- kernel ---- */

static int version(const struct call *call)
{
    sim_print(call->output, "%s version %s\r\n",
              call->device->profile->mynewt ? "Mynewt" : "Zephyr", call->device->profile->version);
    return 0;
}

static int uptime(const struct call *call)
{
    sim_print(call->output, "Uptime: %llu ms\r\n",
              (unsigned long long)(sim_device_uptime(call->device) / SIM_NS_PER_MS));
    return 0;
}

static int threads(const struct call *call)
{
    struct smp_os_task task;

    sim_print(call->output, "Threads:\r\n");
    for (size_t i = 0; sim_os_task(call->device, i, &task); i++)
        sim_print(call->output, " %-10.*s prio %3lld, stack %4llu of %4llu words\r\n",
                  (int)task.name.len, task.name.data, (long long)task.priority,
                  (unsigned long long)task.stack_used, (unsigned long long)task.stack_size);
    return 0;
}

/* The one thread that does everything sleeps, so nothing else is answered. */
static int sleep_ms(const struct call *call)
{
    struct sim_shell *shell = &call->device->shell;
    unsigned long ms = call->argc > 1 ? strtoul(call->argv[1], NULL, 10) : 0;
    uint64_t ns = (ms < SLEEP_MAX_MS ? ms : SLEEP_MAX_MS) * SIM_NS_PER_MS;

    if (ns == 0)
        return 0;
    if (shell->exchange != NULL || smp_exchange_defer(call->exchange, &shell->exchange) != SMP_OK)
        return -12; /* -ENOMEM */
    smp_timer_start(shell->timer, ns);
    smp_server_stall(call->device->server, ns);
    return SIM_SHELL_NO_ANSWER;
}

/* At once: there is no time for an answer. */
static int reboot(const struct call *call)
{
    sim_device_keep_silent(call->exchange);
    sim_device_die(call->device);
    return SIM_SHELL_NO_ANSWER;
}

static const struct command kernel_commands[] = {
    {"reboot", "Reboot, without an answer.", reboot},
    {"sleep", "ms; nothing is answered meanwhile.", sleep_ms},
    {"threads", "List kernel threads.", threads},
    {"uptime", "Kernel uptime.", uptime},
    {"version", "Kernel version.", version},
};
#define KERNEL_COMMANDS (sizeof(kernel_commands) / sizeof(kernel_commands[0]))

static int kernel(const struct call *call)
{
    const struct command *command =
        call->argc > 1 ? find(kernel_commands, KERNEL_COMMANDS, call->argv[1]) : NULL;

    if (command == NULL) {
        sim_print(call->output, "kernel - Kernel commands\r\nSubcommands:\r\n");
        print_commands(call->output, kernel_commands, KERNEL_COMMANDS);
        return SIM_SHELL_HELP_PRINTED;
    }
    return command->run(
        &(struct call){call->device, call->exchange, call->argc - 1, call->argv + 1, call->output});
}

/* ---- the others ---- */

static int echo(const struct call *call)
{
    for (size_t i = 1; i < call->argc; i++)
        sim_print(call->output, "%s%s", i > 1 ? " " : "", call->argv[i]);
    sim_print(call->output, "\r\n");
    return 0;
}

static int fail(const struct call *call)
{
    long number = call->argc > 1 ? strtol(call->argv[1], NULL, 10) : 1;
    int code = number > -SIM_SHELL_NO_ANSWER && number < SIM_SHELL_NO_ANSWER ? (int)number : 1;

    sim_print(call->output, "\x1b[1;31mfailed as told: %d\r\n\x1b[m", code);
    return code == SIM_SHELL_NOT_FOUND ? 1 : code;
}

static int help(const struct call *call);

static const struct command commands[] = {
    {"echo", "Print the arguments.", echo},
    {"fail", "Fail with the exit code given.", fail},
    {"help", "Print this.", help},
    {"kernel", "Kernel commands.", kernel},
    {"uptime", "Time since the last boot.", uptime},
    {"version", "Kernel version.", version},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int help(const struct call *call)
{
    sim_print(call->output, "Available commands:\r\n");
    print_commands(call->output, commands, COMMANDS);
    return 0;
}

int sim_shell_run(struct sim_device *device, struct smp_exchange *exchange, size_t argc,
                  char *const *argv, struct sim_output *output)
{
    const struct command *command = find(commands, COMMANDS, argv[0]);

    if (command == NULL)
        return SIM_SHELL_NOT_FOUND;
    return command->run(&(struct call){device, exchange, argc, argv, output});
}

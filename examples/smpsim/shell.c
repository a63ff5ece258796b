/* SPDX-License-Identifier: Apache-2.0 */
/* Group shell: what stands around a command.  (The commands: shell_commands.c.) */
#include "shell.h"

#include "device.h"

#include <smp/shell.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RED "\x1b[1;31m"
#define NORMAL "\x1b[m"

void sim_print(struct sim_output *output, const char *format, ...)
{
    size_t room = output->max - output->len;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(output->text + output->len, room + 1, format, args);
    va_end(args);
    if (n > 0)
        output->len += (size_t)n < room ? (size_t)n : room;
}

void sim_shell_reply(const struct sim_device *device, struct smp_exchange *exchange,
                     const struct sim_output *output, int code)
{
    struct smp_shell_exec_rsp rsp = {.size = sizeof(rsp), .output = {output->text, output->len}};

    rsp.has_rc = device->profile->shell_rc;
    rsp.has_ret = !rsp.has_rc;
    rsp.rc = rsp.ret = code;
    smp_exchange_reply(exchange, &rsp);
}

/* The arguments, with a space between them; false: too long. */
static bool join(const struct smp_shell_exec_req *req, char line[SIM_SHELL_LINE])
{
    size_t len = 0;

    for (size_t i = 0; i < req->n_argv; i++) {
        const struct smp_str *arg = &req->argv[i];

        if (i > 0)
            line[len++] = ' ';
        if (arg->len >= SIM_SHELL_LINE - len)
            return false;
        if (arg->len > 0)
            memcpy(line + len, arg->data, arg->len);
        len += arg->len;
    }
    line[len] = '\0';
    return true;
}

/* Cuts a line into words, in place.  Returns their number, which may be one too many. */
static size_t split(char *line, char *argv[SIM_SHELL_ARGS + 1])
{
    size_t argc = 0;
    char *rest = NULL;

    for (char *word = strtok_r(line, " ", &rest); word != NULL && argc <= SIM_SHELL_ARGS;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    return argc;
}

static void exec(struct smp_exchange *exchange, const void *request, void *user)
{
    struct sim_device *device = user;
    const struct smp_shell_exec_req *req = request;
    struct sim_output output = {.max = device->profile->shell_output};
    char line[SIM_SHELL_LINE], *argv[SIM_SHELL_ARGS + 1];
    int code = SIM_SHELL_NOT_FOUND;
    size_t argc;

    if (req->n_argv == 0) {
        smp_exchange_fail(exchange, SMP_SHELL_RC_EMPTY_COMMAND, NULL);
        return;
    }
    if (!join(req, line)) {
        smp_exchange_fail(exchange, SMP_SHELL_RC_COMMAND_TOO_LONG, NULL);
        return;
    }
    argc = split(line, argv);
    sim_print(&output, "\r\n");
    if (argc > SIM_SHELL_ARGS)
        sim_print(&output, RED "Too many arguments in the command.\r\n\r\n" NORMAL);
    else if (argc > 0)
        code = sim_shell_run(device, exchange, argc, argv, &output);
    if (argc > 0 && argc <= SIM_SHELL_ARGS && code == SIM_SHELL_NOT_FOUND)
        sim_print(&output, RED "%s: command not found\r\n" NORMAL, argv[0]);
    if (code != SIM_SHELL_NO_ANSWER)
        sim_shell_reply(device, exchange, &output, code);
}

static void halt(struct sim_device *device)
{
    struct sim_shell *shell = &device->shell;

    smp_timer_stop(shell->timer);
    smp_exchange_free(shell->exchange);
    shell->exchange = NULL;
}

/* A command has waited long enough. */
static void on_timer(void *user)
{
    struct sim_device *device = user;
    struct smp_exchange *exchange = device->shell.exchange;
    struct sim_output output = {.max = device->profile->shell_output};

    device->shell.exchange = NULL;
    sim_print(&output, "\r\n");
    sim_shell_reply(device, exchange, &output, 0);
}

static int open_group(struct sim_device *device, char *error, size_t error_size)
{
    int code = smp_timer_new(device->loop, on_timer, device, &device->shell.timer);

    if (code != SMP_OK)
        snprintf(error, error_size, "%s", smp_error_text(code));
    return code;
}

static void close_group(struct sim_device *device)
{
    smp_timer_free(device->shell.timer);
    smp_exchange_free(device->shell.exchange);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_WRITE, exec},
};

const struct sim_group sim_group_shell = {
    .bit = SIM_GROUP_SHELL,
    .id = SMP_GROUP_SHELL,
    .name = "shell",
    .title = "shell mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
    .open = open_group,
    .halt = halt,
    .close = close_group,
};

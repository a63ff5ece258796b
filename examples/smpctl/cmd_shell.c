/* SPDX-License-Identifier: Apache-2.0 */
/* shell, shell exec: the device's shell. */
#include "colour.h"
#include "commands.h"
#include "device.h"
#include "interrupt.h"
#include "json.h"
#include "lines.h"
#include "output.h"

#include <smp/shell.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COMMAND_MS 30000u /* commands may take their time */

/* The output begins with an empty line, and its last line may have no end. */
static void put_output(struct smp_str text)
{
    while (text.len && (*text.data == '\r' || *text.data == '\n')) {
        text.data++;
        text.len--;
    }
    put_coloured(out, text, colour_wanted(out));
    if (text.len && text.data[text.len - 1] != '\n') {
        putc('\n', out);
    }
}

static json_t *to_json(const struct smp_result *result)
{
    const struct smp_shell_exec_rsp *rsp = result->rsp;
    json_t *json = json_object();
    json_object_set_new(json, "o", json_text(rsp->output));
    json_object_set_new(json, "status", json_integer(smp_shell_exit_code(rsp)));
    return json;
}

/* Runs one command.  *code: its exit code. */
static int execute(struct smpctl *ctl, const struct smp_str *argv, size_t n, bool titled,
                   int64_t *code)
{
    const struct smp_shell_exec_req req = {.size = sizeof req, .n_argv = n, .argv = argv};
    smp_id id = 0;
    int status = device_catch_interrupts(ctl);
    if (status != STATUS_DONE) {
        return status;
    }
    int error = smp_shell_exec(ctl->session, &req, device_done, ctl, &id);
    const struct smp_result *result = device_wait(ctl, error, id, &status);
    if (!result) {
        return status;
    }
    const struct smp_shell_exec_rsp *rsp = result->rsp;
    *code = smp_shell_exit_code(rsp);
    if (ctl->options.json) {
        return put_result(ctl, to_json(result));
    }
    if (titled) {
        fprintf(out, "status=%" PRId64 "\n", *code);
    }
    put_output(rsp->output);
    return STATUS_DONE;
}

int cmd_shell_exec(struct smpctl *ctl)
{
    const struct device_needs needs = {.patience_ms = COMMAND_MS};
    int64_t code = 0;
    struct smp_str *argv = calloc((size_t)ctl->n_args, sizeof *argv);
    if (!argv) {
        return fail_error(ctl, SMP_ERR_NO_MEMORY);
    }
    for (int i = 0; i < ctl->n_args; i++) {
        argv[i] = str_of(ctl->args[i]);
    }
    int status = device_open(ctl, &needs);
    if (status == STATUS_DONE) {
        status = execute(ctl, argv, (size_t)ctl->n_args, true, &code);
    }
    free(argv);
    return status == STATUS_DONE && code ? STATUS_DEVICE : status;
}

/* ---- interactive ---- */

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t")] == '\0';
}

/* A line goes as one argument, so that its spaces and quotes stay as they were typed. */
static int run_line(struct smpctl *ctl, const char *line, bool terminal)
{
    const struct smp_str argument = str_of(line);
    int64_t code = 0;
    int status = execute(ctl, &argument, 1, false, &code);
    interrupt_unwatch();
    if (status == STATUS_DONE && code && terminal && !ctl->options.json) {
        fprintf(out, "(status %" PRId64 ")\n", code);
    }
    flush_output();
    return status == STATUS_DONE && code ? STATUS_DEVICE : status;
}

/* Whether it makes sense to go on: a person decides, a script ends when the device is gone. */
static bool goes_on(int status, bool terminal)
{
    return !output_failed() && (terminal || status == STATUS_DONE || status == STATUS_DEVICE);
}

int cmd_shell(struct smpctl *ctl)
{
    const struct device_needs needs = {.patience_ms = COMMAND_MS};
    struct lines lines;
    const char *line = NULL;
    int worst = STATUS_DONE;
    int status = device_open(ctl, &needs);
    if (status != STATUS_DONE) {
        return status;
    }
    lines_open(&lines);
    if (lines.terminal && !lines.editing) {
        note(ctl, "lines can be edited when libedit is installed");
    }
    while (goes_on(status, lines.terminal) && (line = lines_read(&lines, "smp:~$ "))) {
        if (strcmp(line, "exit") == 0 || strcmp(line, "quit") == 0) {
            break;
        }
        status = is_blank(line) ? STATUS_DONE : run_line(ctl, line, lines.terminal);
        worst = status > worst ? status : worst;
    }
    if (lines.terminal && !line) {
        putc('\n', out);
    }
    lines_close(&lines);
    return lines.terminal ? STATUS_DONE : worst;
}

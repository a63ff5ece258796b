/* SPDX-License-Identifier: Apache-2.0 */
/* Group shell of the simulated device. */
#ifndef SMPSIM_SHELL_H
#define SMPSIM_SHELL_H

#include <smp/loop.h>
#include <smp/server.h>

#include <stdbool.h>
#include <stddef.h>

struct sim_device;

#define SIM_SHELL_LINE 256u /* a command line, its NUL included */
#define SIM_SHELL_OUTPUT 2048u
#define SIM_SHELL_ARGS 20u

/* What a command printed. */
struct sim_output {
    char text[SIM_SHELL_OUTPUT + 1];
    size_t len;
    size_t max; /* the profile's; what is beyond is cut without a mark */
};
void sim_print(struct sim_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A command that waits: its answer comes later, and nothing else is answered meanwhile. */
struct sim_shell {
    struct smp_timer *timer;
    struct smp_exchange *exchange; /* NULL: nothing waits */
};

/* Exit codes that the shell gives by itself. */
#define SIM_SHELL_HELP_PRINTED 1 /* Zephyr's SHELL_CMD_HELP_PRINTED */
#define SIM_SHELL_NOT_FOUND (-8) /* -ENOEXEC */

/* Not an exit code: the command will answer by itself, or never. */
#define SIM_SHELL_NO_ANSWER 1000000

/* Runs a command line of at least one word.  Returns its exit code. */
int sim_shell_run(struct sim_device *device, struct smp_exchange *exchange, size_t argc,
                  char *const *argv, struct sim_output *output);

/* Answers with an exit code, where the profile has it. */
void sim_shell_reply(const struct sim_device *device, struct smp_exchange *exchange,
                     const struct sim_output *output, int code);

#endif

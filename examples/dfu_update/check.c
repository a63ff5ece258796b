/* SPDX-License-Identifier: Apache-2.0 */
#include "check.h"

#include "run.h"
#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In the child: its output goes where messages go, so that results stay alone on standard output. */
static void run_command(const struct unit *unit)
{
    int null = open("/dev/null", O_RDONLY);
    setpgid(0, 0);
    dup2(null, STDIN_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    setenv("DFU_ADDRESS", unit->address, 1);
    setenv("SMP_DEVICE", unit->address, 1);
    setenv("DFU_SERIAL", unit->serial ? unit->serial : "", 1);
    setenv("DFU_FROM", unit->from, 1);
    setenv("DFU_VERSION", unit->to, 1);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", unit->run->options->check, (char *)NULL);
    _exit(127);
}

static void on_late(void *user)
{
    struct unit *unit = user;
    unit->timed_out = true;
    if (unit->check > 0) {
        kill(-unit->check, SIGKILL); /* it is reaped as any other */
    }
}

void check_start(struct unit *unit, const struct smp_update_report *report)
{
    (void)report;
    unit->check = fork();
    if (unit->check == 0) {
        run_command(unit);
    }
    if (unit->check < 0) {
        unit->check = 0;
        show_error("%s: the check cannot be started: %s; it stays on trial", unit_name(unit),
                   strerror(errno));
        unit_decide(unit, SMP_UPDATE_LEAVE);
        return;
    }
    setpgid(unit->check, unit->check);
    if (smp_timer_new(unit->run->loop, on_late, unit, &unit->timer) == SMP_OK) {
        smp_timer_start(unit->timer, (uint64_t)(unit->run->options->check_seconds * 1e9));
    }
}

static void ended(struct unit *unit, int status)
{
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    unit->check = 0;
    smp_timer_free(unit->timer);
    unit->timer = NULL;
    if (unit->timed_out) {
        show_error("%s: the check took longer than %g seconds; going back", unit_name(unit),
                   unit->run->options->check_seconds);
    } else if (!good && WIFEXITED(status)) {
        show_error("%s: the check ended with status %d; going back", unit_name(unit),
                   WEXITSTATUS(status));
    } else if (!good) {
        show_error("%s: the check was ended by signal %d; going back", unit_name(unit),
                   WTERMSIG(status));
    }
    unit_decide(unit, good && !unit->timed_out ? SMP_UPDATE_YES : SMP_UPDATE_NO);
}

void check_reap(struct run *run)
{
    for (size_t i = 0; i < run->n_units; i++) {
        struct unit *unit = &run->units[i];
        int status;
        if (unit->check > 0 && waitpid(unit->check, &status, WNOHANG) == unit->check) {
            ended(unit, status);
        }
    }
}

void check_stop(struct unit *unit)
{
    if (unit->check > 0) {
        kill(-unit->check, SIGKILL);
        waitpid(unit->check, NULL, 0);
        unit->check = 0;
    }
    smp_timer_free(unit->timer);
    unit->timer = NULL;
}

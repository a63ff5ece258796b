/* SPDX-License-Identifier: Apache-2.0 */
#include "many.h"

#include "device.h"
#include "devicelist.h"
#include "interrupt.h"
#include "output.h"
#include "smpctl.h"
#include "task.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* One device's run of the command. */
struct run {
    struct smpctl ctl;
    const char *name; /* as the user gave it */
    char *text;       /* what it printed */
    size_t text_len;
    int status;
    bool reported;
};

struct runs {
    struct run *runs;
    size_t n;
    size_t left;
};

static void run_command(void *user)
{
    struct run *run = user;
    run->status = run->ctl.command->run(&run->ctl);
}

/* Ctrl-C ends what each waits for; the commands then end by themselves. */
static void cancel_all(void *user)
{
    struct runs *all = user;
    for (size_t i = 0; i < all->n; i++) {
        struct smpctl *ctl = &all->runs[i].ctl;
        if (ctl->waiting) {
            smp_session_cancel(ctl->session, ctl->waiting);
        }
    }
}

static void stop_all(bool stops, void *user)
{
    struct runs *all = user;
    for (size_t i = 0; i < all->n; i++) {
        device_stop(&all->runs[i].ctl, stops);
    }
}

static void choose(struct smpctl *ctl, const struct device_entry *device)
{
    if (device->is_connection) {
        ctl->options.conn = device->text;
    } else {
        ctl->options.device = device->text;
    }
}

static bool begin(const struct smpctl *base, struct run *run, const struct device_entry *device)
{
    run->ctl = *base;
    run->name = device->text;
    choose(&run->ctl, device);
    run->ctl.label = device->text;
    run->ctl.out = open_memstream(&run->text, &run->text_len);
    run->ctl.task = task_new(run_command, run);
    return run->ctl.out && run->ctl.task;
}

/* Shows what a device's run printed, under the device's name, and lets go of the device. */
static void show(struct run *run)
{
    device_close(&run->ctl);
    fclose(run->ctl.out);
    run->ctl.out = NULL;
    if (!run->ctl.options.json && run->text_len > 0) {
        put_heading(stdout, run->name);
        fwrite(run->text, 1, run->text_len, stdout);
        fflush(stdout);
    }
    run->reported = true;
}

static void show_ended(struct runs *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct run *run = &all->runs[i];
        if (!run->reported && task_ended(run->ctl.task)) {
            show(run);
            all->left--;
        }
    }
}

static int worst(const struct runs *all)
{
    int status = STATUS_DONE;
    for (size_t i = 0; i < all->n; i++) {
        status = all->runs[i].status > status ? all->runs[i].status : status;
    }
    return status;
}

static int turn(struct smpctl *base, struct runs *all)
{
    for (size_t i = 0; i < all->n; i++) {
        out = all->runs[i].ctl.out;
        task_resume(all->runs[i].ctl.task);
    }
    show_ended(all);
    while (all->left > 0) {
        int rc = smp_loop_turn(base->loop, -1);
        out = stdout;
        if (rc < 0) {
            return fail_error(base, rc);
        }
        show_ended(all);
    }
    out = stdout;
    return worst(all);
}

static void free_all(struct runs *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct run *run = &all->runs[i];
        if (!run->reported && run->ctl.task && run->ctl.out) {
            show(run);
        }
        task_free(run->ctl.task);
        free(run->text);
    }
    free(all->runs);
}

/* Each device takes a socket. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run_all(struct smpctl *ctl, const struct device_list *list)
{
    struct runs all = {calloc(list->n, sizeof *all.runs), 0, list->n};
    int status = all.runs ? device_loop(ctl) : fail_error(ctl, SMP_ERR_NO_MEMORY);
    raise_descriptor_limit();
    for (; all.runs && status == STATUS_DONE && all.n < list->n; all.n++) {
        if (!begin(ctl, &all.runs[all.n], &list->devices[all.n])) {
            all.n++;
            status = fail_error(ctl, SMP_ERR_NO_MEMORY);
            break;
        }
    }
    if (status == STATUS_DONE) {
        int error = interrupt_watch(ctl->loop, cancel_all, &all);
        if (!error) {
            interrupt_on_stop(stop_all);
        }
        status = error ? fail_error(ctl, error) : turn(ctl, &all);
    }
    free_all(&all);
    return status;
}

int many_run(struct smpctl *ctl)
{
    struct device_list list = {0};
    if (ctl->command->flags & LOCAL) {
        return ctl->command->run(ctl);
    }
    int status = device_list_read(ctl, &list);
    if (status == STATUS_DONE && list.n > 1 && (ctl->command->flags & ALONE)) {
        status = fail(ctl, STATUS_USAGE, "talks with one device at a time: give one -d");
    } else if (status == STATUS_DONE && list.n > 1) {
        status = run_all(ctl, &list);
    } else if (status == STATUS_DONE) {
        char *conn = ctl->options.conn;
        if (list.n == 1) {
            choose(ctl, &list.devices[0]);
        }
        status = ctl->command->run(ctl);
        ctl->options.conn = conn;
    }
    device_list_free(&list);
    return status;
}

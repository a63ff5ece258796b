/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "groups.h"
#include "interrupt.h"
#include "json.h"
#include "keeper.h"
#include "learnt.h"
#include "link.h"
#include "output.h"
#include "record.h"
#include "smpctl.h"
#include "task.h"

#include <smp/transfer.h>

#include <errno.h>
#include <string.h>

/* Flash erase before the first chunk's answer: longer than any other patience. */
#define FIRST_CHUNK_MS 40000u

static void log_line(enum smp_log_level level, const char *text, void *user)
{
    static const char *const names[] = {"critical", "error", "warn", "info", "debug"};
    (void)user;
    fprintf(stderr, "%s: ", names[level]);
    put_text(stderr, (struct smp_str){text, strlen(text)});
    fputc('\n', stderr);
}

/* A packet lost at the start costs no more than this. */
enum { HURRY_MS = 250 };

static void session_options(const struct options *o, const struct device_needs *needs,
                            struct smp_session_options *options)
{
    uint32_t timeout_ms = (uint32_t)((o->timeout ? o->timeout : DEFAULT_TIMEOUT) * 1000);
    *options = (struct smp_session_options){
        .size = sizeof *options,
        .timeout_ms = timeout_ms,
        .tries = o->tries ? (uint32_t)o->tries : DEFAULT_TRIES,
        .window = needs->window,
        .first_chunk_ms = timeout_ms > FIRST_CHUNK_MS ? timeout_ms : FIRST_CHUNK_MS,
        .stall_ms = timeout_ms * 3,
    };
    if (needs->patience_ms && !o->timeout) {
        options->timeout_ms = needs->patience_ms;
    } else if (needs->lossy && !needs->patience_ms &&
               !o->tries) { /* asked once a second, for the same time in all */
        options->tries = timeout_ms / 1000 ? timeout_ms / 1000 : 1;
        options->timeout_ms = timeout_ms / options->tries;
        options->hurry_ms = HURRY_MS;
    }
}

int device_loop(struct smpctl *ctl)
{
    if (ctl->loop) { /* several devices share one */
        return STATUS_DONE;
    }
    const struct smp_loop_options options = {
        .size = sizeof options,
        .log = log_line,
        .log_level = ctl->options.level,
    };
    int error = smp_loop_new(&options, &ctl->loop);
    return error ? fail_error(ctl, error) : groups_load(ctl);
}

int device_open(struct smpctl *ctl, const struct device_needs *needs)
{
    static const struct device_needs none = {0};
    struct address address;
    int status = address_find(ctl, &address);
    status = status == STATUS_DONE ? device_loop(ctl) : status;
    status = status == STATUS_DONE ? link_open(ctl, &address) : status;
    status = status == STATUS_DONE ? record_begin(ctl) : status;
    status = status == STATUS_DONE ? link_wait(ctl) : status;
    if (status != STATUS_DONE) {
        return status;
    }
    struct smp_session_options options;
    session_options(&ctl->options, needs ? needs : &none, &options);
    options.max_packet = ctl->link.packet;
    keeper_begin(ctl, &options);
    int error = smp_session_new(ctl->transport, &options, &ctl->session);
    if (!error && needs && needs->lossy) {
        learnt_begin(ctl);
    }
    return error ? fail_error(ctl, error) : STATUS_DONE;
}

void device_close(struct smpctl *ctl)
{
    learnt_end(ctl);
    smp_session_free(ctl->session);
    smp_transport_free(ctl->transport);
    keeper_end(ctl);
    link_close(ctl);
    if (!ctl->task) {
        interrupt_unwatch();
        smp_loop_free(ctl->loop);
        ctl->loop = NULL;
    }
    ctl->session = NULL;
    ctl->transport = NULL;
}

/* ---- waiting ---- */

void device_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct smpctl *ctl = user;
    (void)session;
    ctl->waiting = 0;
    ctl->result = result;
    if (ctl->task) {
        out = ctl->out;
        task_resume(ctl->task); /* here and now, while the result is valid */
    }
}

static void cancel_waiting(void *user)
{
    struct smpctl *ctl = user;
    if (ctl->waiting) {
        smp_session_cancel(ctl->session, ctl->waiting);
    }
}

/* No clock of a transfer runs while the process is stopped. */
void device_stop(struct smpctl *ctl, bool stops)
{
    if (ctl->waiting && stops) {
        smp_transfer_pause(ctl->session, ctl->waiting); /* if it is one */
    } else if (ctl->waiting) {
        smp_transfer_continue(ctl->session, ctl->waiting);
    }
}

static void stop_waiting(bool stops, void *user)
{
    device_stop(user, stops);
}

int device_catch_interrupts(struct smpctl *ctl)
{
    if (ctl->task) { /* many.c did it for all */
        return STATUS_DONE;
    }
    int error = interrupt_watch(ctl->loop, cancel_waiting, ctl);
    if (!error) {
        interrupt_on_stop(stop_waiting);
    }
    return error ? fail_error(ctl, error) : STATUS_DONE;
}

const struct smp_result *device_await(struct smpctl *ctl, int error, smp_id id, int *status)
{
    const struct smp_result *result = NULL;
    if (!error) {
        ctl->waiting = id;
        if (ctl->task) {
            task_wait(ctl->task);
            result = ctl->result;
        } else {
            error = smp_wait(ctl->session, id, &result);
        }
    }
    if (error) {
        *status = fail_error(ctl, error);
    }
    return error ? NULL : result;
}

const struct smp_result *device_wait(struct smpctl *ctl, int error, smp_id id, int *status)
{
    const struct smp_result *result = device_await(ctl, error, id, status);
    if (result && result->error) {
        *status = fail_result(ctl, result);
        return NULL;
    }
    return result;
}

int device_report(struct smpctl *ctl, const struct smp_result *result, device_print *print)
{
    if (result->error) {
        return fail_result(ctl, result);
    }
    if (ctl->options.json) {
        return put_result(ctl,
                          result->rsp ? json_record(result->message, result->rsp) : json_object());
    }
    if (print) {
        print(result);
    } else {
        fputs("Done\n", out);
    }
    return STATUS_DONE;
}

int device_finish(struct smpctl *ctl, int error, smp_id id, device_print *print)
{
    int status = STATUS_LINK;
    const struct smp_result *result = device_await(ctl, error, id, &status);
    return result ? device_report(ctl, result, print) : status;
}

int device_ask(struct smpctl *ctl, device_call *call, device_print *print)
{
    int status = device_open(ctl, NULL);
    if (status != STATUS_DONE) {
        return status;
    }
    smp_id id = 0;
    int error = call(ctl->session, device_done, ctl, &id);
    return device_finish(ctl, error, id, print);
}

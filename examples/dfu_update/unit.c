/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"

#include "ask.h"
#include "audit.h"
#include "check.h"
#include "portinfo.h"
#include "run.h"
#include "show.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void unit_init(struct unit *unit, struct run *run, const char *device)
{
    const char *address = options_address(device);
    *unit = (struct unit){.run = run, .address = address};
    if (address > device + 1) {
        unit->serial = strndup(device, (size_t)(address - device) - 1);
    }
    if (unit->serial) {
        show_plain(unit->serial);
    }
}

const char *unit_name(const struct unit *unit)
{
    return unit->serial ? unit->serial : unit->address;
}

/* ---- the end ---- */

static void over(struct unit *unit, enum status status, int error, struct smp_str text)
{
    unit->id = 0;
    unit->stage = UNIT_OVER;
    unit->status = status;
    unit->error = error;
    snprintf(unit->text, sizeof unit->text, "%.*s", (int)text.len, text.data);
    check_stop(unit);
    ask_forget(unit);
    run_unit_over(unit);
}

static enum status status_of(const struct unit *unit, int error)
{
    switch (error) {
    case SMP_OK:
        return unit->state == SMP_UPDATE_REVERTED ? STATUS_NOT_GOOD : STATUS_DONE;
    case SMP_ERR_NOT_STARTED:
        return STATUS_NOT_GOOD;
    case SMP_ERR_DEVICE:
    case SMP_ERR_UNSUPPORTED:
    case SMP_ERR_OFFSET:
    case SMP_ERR_CORRUPT:
        return STATUS_DEVICE;
    case SMP_ERR_NOT_IMAGE:
    case SMP_ERR_SIGNATURE:
    case SMP_ERR_SOURCE:
    case SMP_ERR_DOWNGRADE:
        return STATUS_FILE;
    case SMP_ERR_CANCELLED:
        return unit->audit_failed ? STATUS_FILE : STATUS_INTERRUPTED;
    default:
        return STATUS_LINK;
    }
}

static void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct unit *unit = user;
    const struct smp_update_report *report = result->rsp;
    bool undecided = result->error == SMP_ERR_TIMEOUT && report->phase == SMP_UPDATE_DECIDING;
    (void)session;
    unit->state = report->state;
    unit->same = report->same;
    unit->ms = report->ms;
    over(unit, undecided ? STATUS_NOT_GOOD : status_of(unit, result->error), result->error,
         report->text);
}

/* ---- on the way ---- */

static void on_progress(struct smp_session *session, const struct smp_update_progress *progress,
                        void *user)
{
    struct unit *unit = user;
    bool is_new = progress->phase != unit->phase;
    (void)session;
    unit->phase = progress->phase;
    unit->done = progress->done;
    unit->total = progress->total;
    show_progress(unit, is_new);
}

static void on_event(struct smp_session *session, const struct smp_update_event *event, void *user)
{
    struct unit *unit = user;
    struct run *run = unit->run;
    char error[256];
    show_event(unit, event);
    if (run->audit && !unit->audit_failed &&
        !audit_write(run->audit, unit->address, unit->serial, event, error, sizeof error)) {
        unit->audit_failed = true; /* what cannot be proved is not done */
        show_error("%s: %s", run->options->audit, error);
        smp_session_cancel(session, unit->id);
    }
}

static void on_decide(struct smp_session *session, smp_id id,
                      const struct smp_update_report *report, void *user)
{
    struct unit *unit = user;
    (void)session;
    (void)id;
    snprintf(unit->from, sizeof unit->from, "%.*s", (int)report->from_version.len,
             report->has_from_version ? report->from_version.data : "");
    snprintf(unit->to, sizeof unit->to, "%.*s", (int)report->to_version.len,
             report->to_version.data);
    if (unit->run->options->confirm == CONFIRM_CHECK) {
        check_start(unit, report);
    } else {
        ask_person(unit);
    }
}

void unit_decide(struct unit *unit, enum smp_update_decision decision)
{
    if (unit->id) {
        smp_update_decide(unit->session, unit->id, decision);
    }
}

/* ---- the beginning ---- */

static uint32_t to_ms(double seconds)
{
    return (uint32_t)(seconds * 1000);
}

static void fill(const struct run *run, struct smp_update_options *update)
{
    const struct options *o = run->options;
    bool ask = o->confirm == CONFIRM_ASK || o->confirm == CONFIRM_CHECK;
    *update = (struct smp_update_options){
        .size = sizeof *update,
        .image = (uint32_t)o->number,
        .goal = o->confirm == CONFIRM_YES ? SMP_UPDATE_CONFIRMED : SMP_UPDATE_TRIAL,
        .recovery = o->recovery,
        .no_downgrade = o->no_downgrade,
        .again = o->again,
        .force_reset = o->force_reset,
        .key = {run->key.data, run->key.len},
        .wait_ms = to_ms(o->wait),
        .link_ms = to_ms(o->link),
        .window = (uint32_t)o->window,
        .chunk = (uint32_t)o->chunk,
        .decide = ask ? on_decide : NULL,
        .progress = on_progress,
        .event = on_event,
    };
    if (o->confirm == CONFIRM_CHECK) { /* the command has its own limit */
        update->decide_ms = to_ms(o->check_seconds) + 10000;
    }
}

/* A USB port has its device's serial number, or its adapter's. */
static void find_serial(struct unit *unit)
{
    struct portinfo port;
    if (!unit->serial && unit->url.type == LINK_SERIAL && portinfo_find(unit->url.place, &port) &&
        *port.serial_number) {
        show_plain(port.serial_number);
        unit->serial = strdup(port.serial_number);
    }
}

/* A check that ends meanwhile must not break off a connection that is being made. */
static int connect_undisturbed(struct unit *unit, char *text, size_t size)
{
    sigset_t child, before;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    int error = link_url_open(unit->run->loop, &unit->url, &unit->transport, text, size);
    int system_error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = system_error;
    return error;
}

static int open_link(struct unit *unit, char *text, size_t size)
{
    if (!link_url_read(unit->address, &unit->url, text, size)) {
        return SMP_ERR_INVALID;
    }
    find_serial(unit);
    int error = connect_undisturbed(unit, text, size);
    if (error == SMP_OK) {
        const struct smp_session_options options = {.size = sizeof options,
                                                    .max_packet = unit->url.max_packet};
        error = smp_session_new(unit->transport, &options, &unit->session);
        snprintf(text, size, "%s", smp_error_text(error));
    }
    return error;
}

void unit_start(struct unit *unit)
{
    struct smp_update_options update;
    char text[512];
    unit->stage = UNIT_AT_WORK;
    int error = open_link(unit, text, sizeof text);
    if (error == SMP_OK) {
        fill(unit->run, &update);
        error = smp_update_start(unit->session, &unit->run->image.source, &update, on_done, unit,
                                 &unit->id);
        snprintf(text, sizeof text, "%s", smp_error_text(error));
    }
    if (error != SMP_OK) {
        over(unit, error == SMP_ERR_INVALID ? STATUS_USAGE : STATUS_LINK, error,
             (struct smp_str){text, strlen(text)});
    }
}

void unit_cancel(struct unit *unit)
{
    if (unit->id) {
        smp_session_cancel(unit->session, unit->id);
    }
}

void unit_close(struct unit *unit)
{
    smp_session_free(unit->session);
    smp_transport_free(unit->transport);
    link_url_close(&unit->url);
    unit->session = NULL;
    unit->transport = NULL;
    unit->stage = UNIT_CLOSED;
}

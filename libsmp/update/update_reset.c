/* SPDX-License-Identifier: Apache-2.0 */
/* Resetting the device, and waiting until it is back with one image or the other. */
#include "update/update.h"

#include "core/session.h"
#include "groups/img.h"

#include <smp/os.h>

/*
 * How long a device is left in peace after it was told to reset.  On a serial line a request that
 * comes while it starts could keep it in its boot loader (MCUboot waits for one, half a second).
 */
#define PEACE (500 * SMPI_MS)
#define PEACE_SERIAL (2000 * SMPI_MS)
#define LOOK_AGAIN (500 * SMPI_MS)
#define SILENCE (1000 * SMPI_MS)
#define RESET_AGAIN (5000 * SMPI_MS) /* it answers, and has not reset since */

enum { RESETS_MAX = 6, RESET_COMMAND = 5 };

static void look(struct smpi_update *update);
static void send_reset(struct smpi_update *update);

/* ---- the end of waiting ---- */

static void not_back(struct smpi_update *update)
{
    smpi_update_fail(update, SMP_ERR_TIMEOUT);
}

static void is_back(struct smpi_update *update)
{
    smpi_update_heard(update);
    smp_session_renew(update->operation.session);
}

static void is_back_new(struct smpi_update *update)
{
    is_back(update);
    if (smpi_update_step(update, SMP_OK)) {
        smpi_update_enter(update, SMP_UPDATE_VERIFYING);
    }
    if (!update->over) {
        update->state = update->seen.confirmed ? SMP_UPDATE_CONFIRMED : SMP_UPDATE_TRIAL;
        if (smpi_update_step(update, SMP_OK)) {
            smpi_update_running(update);
        }
    }
}

static void is_back_old(struct smpi_update *update)
{
    bool wanted = update->phase == SMP_UPDATE_REVERTING;
    is_back(update);
    update->state = SMP_UPDATE_REVERTED;
    if (wanted) {
        smpi_update_finish(update);
    } else if (smpi_update_step(update, SMP_OK)) {
        smpi_update_enter(update, SMP_UPDATE_VERIFYING);
        if (!update->over) {
            smpi_update_fail(update, SMP_ERR_NOT_STARTED);
        }
    }
}

/* ---- waiting ---- */

static void wait_on(struct smpi_update *update, uint64_t ns)
{
    struct smp_loop *loop = update->operation.session->loop;
    const struct smp_update_progress progress = {
        .size = sizeof(progress),
        .phase = update->phase,
        .link_down = !smpi_session_is_up(update->operation.session),
        .done = (loop->now - update->reset_at) / SMPI_MS,
        .total = update->options.wait_ms,
    };
    if (!smpi_update_report(update, &progress)) {
        return;
    }
    if (loop->now >= update->reset_due) {
        not_back(update);
    } else {
        smpi_update_pause(update, ns, look);
    }
}

/* It answers and has not reset yet, or does not show it. */
static void still_there(struct smpi_update *update)
{
    uint64_t now = update->operation.session->loop->now;
    uint64_t patience = update->reset_answered ? RESET_AGAIN : RESET_AGAIN / 2;
    update->stays = true;
    if (now >= update->reset_sent + patience && update->resets < RESETS_MAX) {
        send_reset(update);
    } else {
        wait_on(update, LOOK_AGAIN);
    }
}

/* What is seen of a device that was told to reset. */
static void judge(struct smpi_update *update)
{
    const struct smpi_update_seen *seen = &update->seen;
    bool reverting = update->phase == SMP_UPDATE_REVERTING;
    /* Every start clears the mark, whatever becomes of the image. */
    bool restarted = update->away || (update->was_marked && !seen->marked);
    if (seen->runs && !reverting) {
        is_back_new(update);
    } else if (seen->other_runs && (reverting || (restarted && !seen->marked))) {
        is_back_old(update);
    } else {
        still_there(update);
    }
}

static void on_look(struct smpi_update *update, const struct smp_result *result)
{
    struct smp_loop *loop = update->operation.session->loop;
    /* Asked once a second: who answers later was not there at first. */
    bool silent = loop->now - update->looked_at >= SILENCE;
    if (update->operation.cancelled) {
        return;
    }
    if (result->error == SMP_OK) {
        update->away = update->away || silent;
        smpi_update_read_state(update, result->rsp, &update->seen);
        judge(update);
    } else {
        update->away = update->away || silent || result->error != SMP_ERR_TIMEOUT;
        wait_on(update, LOOK_AGAIN);
    }
}

static void look(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    if (session->loop->now >= update->reset_due) {
        not_back(update);
        return;
    }
    if (!smpi_session_is_up(session)) {
        update->away = true;
        if (session->transport != NULL) {
            smp_transport_reopen(session->transport);
        }
        wait_on(update, LOOK_AGAIN);
        return;
    }
    update->looked_at = session->loop->now;
    smpi_update_call_until(update, &smpi_img_commands[SMPI_IMG_STATE_READ], on_look);
}

/* ---- the reset ---- */

static void wait_for_it(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    bool serial =
        session->transport != NULL && session->transport->ops.kind == SMP_TRANSPORT_STREAM;
    if (update->phase == SMP_UPDATE_RESETTING) {
        if (!smpi_update_step(update, SMP_OK)) {
            return;
        }
        if (update->options.recovery) { /* what starts now need not know SMP */
            smpi_update_finish(update);
            return;
        }
        smpi_update_enter(update, SMP_UPDATE_WAITING);
    }
    if (!update->over) {
        wait_on(update, serial ? PEACE_SERIAL : PEACE);
    }
}

static void on_reset(struct smpi_update *update, const struct smp_result *result)
{
    bool lost = smpi_update_is_loss(result);
    if (result->error == SMP_OK || lost) { /* the answer gets lost easily */
        update->reset_answered = result->error == SMP_OK;
        update->away = update->away || result->error == SMP_ERR_CLOSED;
        if (!update->operation.cancelled) {
            wait_for_it(update);
        }
    } else if (!smpi_update_busy(update, result, send_reset)) {
        update->state = update->before_reset;
        smpi_update_fail_by(update, result);
    }
}

static void send_reset(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    const struct smp_os_reset_req req = {
        .size = sizeof(req), .has_force = update->options.force_reset, .force = true};
    const struct smp_command *command =
        smp_command_find(session->loop, SMP_GROUP_OS, RESET_COMMAND, SMP_OP_WRITE);
    update->reset_sent = session->loop->now;
    update->resets++;
    smpi_update_call(update, command, &req, SMPI_UPDATE_WRITING, on_reset);
}

static void begin(struct smpi_update *update, enum smp_update_phase phase)
{
    uint64_t now = update->operation.session->loop->now;
    smpi_update_enter(update, phase);
    if (update->over || update->operation.cancelled) {
        return;
    }
    update->reset_at = now;
    update->reset_due = now + update->options.wait_ms * SMPI_MS;
    update->resets = 0;
    update->away = false;
    update->stays = false;
    update->was_marked = update->seen.marked;
    update->before_reset = update->state;
    if (!update->options.recovery) {
        update->state = SMP_UPDATE_UNKNOWN;
    }
    send_reset(update);
}

void smpi_update_reset(struct smpi_update *update)
{
    begin(update, SMP_UPDATE_RESETTING);
}

void smpi_update_revert(struct smpi_update *update)
{
    if (update->seen.confirmed) {
        smpi_update_fail(update, SMP_ERR_UNSUPPORTED); /* the boot loader keeps what it starts */
    } else {
        begin(update, SMP_UPDATE_REVERTING);
    }
}

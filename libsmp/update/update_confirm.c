/* SPDX-License-Identifier: Apache-2.0 */
/* Once the new image runs: the decision, and confirming. */
#include "update/update.h"

#include "core/session.h"
#include "groups/img.h"

/* ---- confirm ---- */

/* The answer says how things are now; if it lists nothing, another look does. */
static void on_yes(struct smpi_update *update, const struct smp_img_state_rsp *rsp)
{
    smpi_update_heard(update);
    if (rsp->n_images > 0) {
        smpi_update_read_state(update, rsp, &update->seen);
    }
    if (!update->seen.confirmed && ++update->tries >= SMPI_UPDATE_TRIES) {
        smpi_update_fail(update, SMP_ERR_UNSUPPORTED); /* it says yes, and does nothing */
    } else if (rsp->n_images > 0) {
        smpi_update_next(update);
    } else {
        smpi_update_look(update);
    }
}

static void on_confirmed(struct smpi_update *update, const struct smp_result *result)
{
    if (smpi_update_is_loss(result)) {
        update->state = SMP_UPDATE_UNKNOWN;
        if (smpi_update_try_again(update, result)) {
            smpi_update_lost(update, result, smpi_update_look);
        }
    } else if (result->error != SMP_OK) {
        if (!smpi_update_busy(update, result, smpi_update_look)) {
            smpi_update_refused(update, result);
        }
    } else {
        on_yes(update, result->rsp);
    }
}

/*
 * Without a hash the request means whatever runs: were it to come when the old image is back, it
 * would do no harm.  With a hash it would make the bad image start for good.
 */
static void confirm(struct smpi_update *update)
{
    const struct smp_img_state_write_req req = {
        .size = sizeof(req),
        .has_hash = update->options.image != 0,
        .hash = {update->file.hash, update->file.hash_len},
        .has_confirm = true,
        .confirm = true,
    };
    update->state = SMP_UPDATE_TRIAL;
    smpi_update_call(update, &smpi_img_commands[SMPI_IMG_STATE_WRITE], &req, SMPI_UPDATE_WRITING,
                     on_confirmed);
}

void smpi_update_confirm_seen(struct smpi_update *update)
{
    if (!update->seen.runs) {
        update->state = SMP_UPDATE_REVERTED;
        smpi_update_fail(update, SMP_ERR_NOT_STARTED);
    } else if (update->seen.confirmed) {
        update->state = SMP_UPDATE_CONFIRMED;
        smpi_update_finish(update);
    } else {
        confirm(update);
    }
}

static void begin_confirming(struct smpi_update *update)
{
    smpi_update_enter(update, SMP_UPDATE_CONFIRMING);
    if (!update->over) {
        smpi_update_look(update); /* much may have happened since the last look */
    }
}

/* ---- the decision ---- */

static void on_undecided(struct smpi_update *update)
{
    smpi_update_fail(update, SMP_ERR_TIMEOUT);
}

static void ask(struct smpi_update *update)
{
    struct smp_session *session = update->operation.session;
    struct smp_update_report report;
    smpi_update_enter(update, SMP_UPDATE_DECIDING);
    if (update->over) {
        return;
    }
    update->asked = true;
    smpi_update_pause(update, update->options.decide_ms * SMPI_MS, on_undecided);
    smpi_update_tell(update, SMP_OK);
    smpi_update_fill(update, &report);
    smpi_enter_user(session->loop);
    update->options.decide(session, update->operation.id, &report, update->user);
    smpi_leave_user(session->loop);
}

void smpi_update_decided(struct smpi_update *update)
{
    smpi_timer_cancel(update->operation.session->loop, &update->timer);
    if (update->decision == SMP_UPDATE_LEAVE) {
        smpi_update_finish(update);
    } else if (!smpi_update_step(update, SMP_OK)) {
        return;
    } else if (update->decision == SMP_UPDATE_YES) {
        begin_confirming(update);
    } else {
        smpi_update_revert(update);
    }
}

void smpi_update_running(struct smpi_update *update)
{
    update->state = update->seen.confirmed ? SMP_UPDATE_CONFIRMED : SMP_UPDATE_TRIAL;
    if (!update->same && update->options.decide != NULL) {
        ask(update);
    } else if (update->seen.confirmed || update->options.goal != SMP_UPDATE_CONFIRMED) {
        smpi_update_finish(update);
    } else {
        begin_confirming(update);
    }
}

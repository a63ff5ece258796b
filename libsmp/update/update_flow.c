/* SPDX-License-Identifier: Apache-2.0 */
/* Look at the device, do what is missing, look again. */
#include "update/update.h"

#include "core/session.h"
#include "groups/img.h"

#include <string.h>

/* ---- looking ---- */

static void on_look(struct smpi_update *update, const struct smp_result *result)
{
    if (smpi_update_is_loss(result)) {
        smpi_update_lost(update, result, smpi_update_look);
    } else if (smpi_update_busy(update, result, smpi_update_look)) {
        return;
    } else if (result->error != SMP_OK) {
        smpi_update_fail_by(update, result);
    } else {
        smpi_update_heard(update);
        smpi_update_read_state(update, result->rsp, &update->seen);
        smpi_update_next(update);
    }
}

void smpi_update_look(struct smpi_update *update)
{
    smpi_update_call(update, &smpi_img_commands[SMPI_IMG_STATE_READ], NULL, SMPI_UPDATE_ASKED,
                     on_look);
}

bool smpi_update_try_again(struct smpi_update *update, const struct smp_result *result)
{
    if (++update->tries <= SMPI_UPDATE_TRIES) {
        return true;
    }
    smpi_update_fail_by(update, result);
    return false;
}

void smpi_update_refused(struct smpi_update *update, const struct smp_result *result)
{
    if (!update->refused) {
        update->refused = true;
        smpi_update_look(update);
    } else {
        smpi_update_fail_by(update, result);
    }
}

/* ---- before anything is sent ---- */

static void keep_from(struct smpi_update *update)
{
    const struct smpi_update_seen *seen = &update->seen;
    update->same = seen->runs && seen->confirmed && !update->options.recovery;
    update->has_from = update->same || *seen->version != '\0';
    if (update->same) { /* it comes from where it goes */
        strcpy(update->from_version, update->version);
        update->from_hash_len = update->file.hash_len;
        memcpy(update->from_hash, update->file.hash, update->from_hash_len);
    } else {
        strcpy(update->from_version, seen->version);
        update->from_hash_len = seen->hash_len;
        memcpy(update->from_hash, seen->hash, seen->hash_len);
    }
}

static bool is_downgrade(const struct smpi_update *update)
{
    struct smp_mcuboot_version runs;
    if (!update->options.no_downgrade || update->seen.runs) {
        return false;
    }
    /* A version that nobody can read is no reason to believe that the new one is newer. */
    return !update->has_from || !smpi_update_read_version(update->from_version, &runs) ||
           smp_mcuboot_version_compare(&update->file.version, &runs) < 0;
}

/* The first look is over. */
static bool may_go_on(struct smpi_update *update)
{
    if (update->phase != SMP_UPDATE_CHECKING) {
        return true;
    }
    keep_from(update);
    if (is_downgrade(update)) {
        smpi_update_fail(update, SMP_ERR_DOWNGRADE);
        return false;
    }
    return smpi_update_step(update, SMP_OK);
}

/* ---- upload ---- */

static enum smp_update_state partial(const struct smpi_update *update)
{
    return update->options.recovery ? SMP_UPDATE_BROKEN : SMP_UPDATE_PARTIAL;
}

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    struct smpi_update *update = user;
    const struct smp_update_progress told = {
        .size = sizeof(told),
        .phase = SMP_UPDATE_UPLOADING,
        .done = progress->done,
        .total = progress->total,
        .start = progress->start,
        .rate = progress->rate,
        .left_ms = progress->left_ms,
    };
    (void)session;
    if (update->over) {
        return;
    }
    if (progress->phase == SMP_PHASE_SENDING) {
        update->state = partial(update);
    }
    if (progress->done > update->best) { /* that is what tries are counted between */
        update->best = progress->done;
        update->tries = 0;
        update->refused = false;
        update->busy_due = 0;
    }
    smpi_update_report(update, &told);
}

static void upload(struct smpi_update *update);

static void on_uploaded(struct smpi_update *update, const struct smp_result *result)
{
    if (result->error == SMP_OK) {
        smpi_update_heard(update);
        update->busy_due = 0;
        update->uploaded = true;
        update->state = update->options.recovery ? SMP_UPDATE_WRITTEN : SMP_UPDATE_UPLOADED;
        if (smpi_update_step(update, SMP_OK)) {
            smpi_update_look(update);
        }
    } else if (smpi_update_is_loss(result)) {
        update->state = partial(update); /* the slot may be erased by now */
        if (smpi_update_try_again(update, result) && smpi_update_step(update, result->error)) {
            smpi_update_lost(update, result, smpi_update_look);
        }
    } else if (!smpi_update_busy(update, result, upload)) {
        smpi_update_fail_by(update, result);
    }
}

static void upload(struct smpi_update *update)
{
    const struct smp_update_options *own = &update->options;
    struct smp_img_upload_options options = {
        .size = sizeof(options),
        .image = own->image,
        .has_sha = true,
        .hash_len = update->file.hash_len,
        .transfer =
            {
                .size = sizeof(options.transfer),
                .window = own->window,
                .chunk = own->chunk,
                .first_chunk_ms = own->first_chunk_ms,
                .stall_ms = own->stall_ms,
                .progress = on_progress,
                .link_wait_ms = 1, /* the link is the update's care, which opens it again */
            },
    };
    memcpy(options.sha, update->sha, sizeof(options.sha));
    memcpy(options.hash, update->file.hash, update->file.hash_len);
    smpi_update_enter(update, SMP_UPDATE_UPLOADING);
    if (update->over || update->operation.cancelled) {
        return;
    }
    if (update->operation.session->closing) {
        smpi_update_fail(update, SMP_ERR_CLOSED); /* what is begun ends, but this would be new */
        return;
    }
    int error = smp_img_upload(update->operation.session, &update->source, &options,
                               smpi_update_answered, update, &update->inner_id);
    if (error == SMP_OK) {
        update->inner = SMPI_UPDATE_ASKED;
        update->then = on_uploaded;
    } else {
        const struct smp_result result = {.size = sizeof(result), .error = error};
        on_uploaded(update, &result);
    }
}

/* ---- mark for a trial ---- */

/* Firmware that cannot mark images leaves it to the boot loader, which starts the newest. */
static bool cannot_mark(const struct smp_result *result)
{
    return result->error == SMP_ERR_DEVICE && !result->from_group &&
           result->rc == SMP_RC_NOT_SUPPORTED;
}

static void mark(struct smpi_update *update);

static void on_marked(struct smpi_update *update, const struct smp_result *result)
{
    if (smpi_update_is_loss(result)) {
        update->state = SMP_UPDATE_UNKNOWN;
        if (smpi_update_try_again(update, result)) {
            smpi_update_lost(update, result, smpi_update_look);
        }
    } else if (result->error == SMP_OK || cannot_mark(result)) {
        smpi_update_heard(update);
        update->marked = true;
        update->state = SMP_UPDATE_MARKED;
        const struct smp_img_state_rsp *rsp = result->rsp;
        if (result->error == SMP_OK && rsp->n_images > 0) {
            smpi_update_read_state(update, rsp, &update->seen);
        }
        if (smpi_update_step(update, SMP_OK)) {
            smpi_update_next(update);
        }
    } else if (!smpi_update_busy(update, result, mark)) {
        smpi_update_refused(update, result);
    }
}

static void mark(struct smpi_update *update)
{
    const struct smp_img_state_write_req req = {
        .size = sizeof(req),
        .has_hash = true,
        .hash = {update->file.hash, update->file.hash_len},
        .has_confirm = true,
    };
    smpi_update_enter(update, SMP_UPDATE_TESTING);
    if (!update->over) {
        smpi_update_call(update, &smpi_img_commands[SMPI_IMG_STATE_WRITE], &req,
                         SMPI_UPDATE_WRITING, on_marked);
    }
}

/* ---- what comes next ---- */

/* Serial recovery: there is one slot, and nothing to mark or to confirm. */
static void next_in_recovery(struct smpi_update *update)
{
    if (!update->uploaded) {
        upload(update);
        return;
    }
    smpi_update_enter(update, SMP_UPDATE_VERIFYING);
    if (update->over) {
        return;
    }
    if (!update->seen.runs && !update->seen.there && update->seen.hash_len > 0) {
        update->state = SMP_UPDATE_BROKEN;
        smpi_update_fail(update, SMP_ERR_CORRUPT);
    } else if (smpi_update_step(update, SMP_OK)) {
        smpi_update_reset(update);
    }
}

static void next_with_slots(struct smpi_update *update)
{
    const struct smpi_update_seen *seen = &update->seen;
    enum smp_update_state goal =
        update->options.decide != NULL ? SMP_UPDATE_TRIAL : update->options.goal;
    bool there = update->uploaded || (seen->there && !update->options.again);
    if (seen->runs && !update->options.again) {
        smpi_update_running(update);
    } else if (update->marked || (there && seen->marked)) {
        update->state = SMP_UPDATE_MARKED;
        goal <= SMP_UPDATE_MARKED ? smpi_update_finish(update) : smpi_update_reset(update);
    } else if (there) {
        update->state = SMP_UPDATE_UPLOADED;
        goal <= SMP_UPDATE_UPLOADED ? smpi_update_finish(update) : mark(update);
    } else {
        upload(update);
    }
}

void smpi_update_next(struct smpi_update *update)
{
    if (update->operation.cancelled || !may_go_on(update)) {
        return; /* cancelled: the task ends it, with what is known now */
    }
    if (update->phase == SMP_UPDATE_CONFIRMING) {
        smpi_update_confirm_seen(update);
    } else if (update->options.recovery) {
        next_in_recovery(update);
    } else {
        next_with_slots(update);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Names of phases and states, and the sentences an update ends with. */
#include "update/update.h"

#include "base/text.h"
#include "codec/result.h"
#include "core/session.h"

static const char *const phases[] = {
    [SMP_UPDATE_CHECKING] = "checking",   [SMP_UPDATE_UPLOADING] = "uploading",
    [SMP_UPDATE_TESTING] = "testing",     [SMP_UPDATE_RESETTING] = "resetting",
    [SMP_UPDATE_WAITING] = "waiting",     [SMP_UPDATE_VERIFYING] = "verifying",
    [SMP_UPDATE_DECIDING] = "deciding",   [SMP_UPDATE_CONFIRMING] = "confirming",
    [SMP_UPDATE_REVERTING] = "reverting", [SMP_UPDATE_DONE] = "done",
};

static const struct {
    const char *name;
    const char *text;
} states[] = {
    [SMP_UPDATE_UNTOUCHED] = {"untouched", "the device runs what it ran; nothing was written"},
    [SMP_UPDATE_PARTIAL] = {"partial", "the device runs what it ran; a part of the new image is in "
                                       "its other slot, and the same update goes on from there"},
    [SMP_UPDATE_UPLOADED] = {"uploaded", "the device runs what it ran; the new image is in its "
                                         "other slot, not marked to start"},
    [SMP_UPDATE_MARKED] = {"marked", "the device runs what it ran; its next reset starts the new "
                                     "image on trial"},
    [SMP_UPDATE_UNKNOWN] = {"unknown", "the device was not heard of since it was to change: it "
                                       "runs the old image, or the new one; ask it"},
    [SMP_UPDATE_TRIAL] = {"trial",
                          "the device runs the new image on trial: unless it is confirmed, "
                          "the next reset brings the old one back"},
    [SMP_UPDATE_CONFIRMED] = {"confirmed", "the device runs the new image, and keeps it"},
    [SMP_UPDATE_REVERTED] = {"reverted", "the device runs the old image"},
    [SMP_UPDATE_WRITTEN] = {"written", "the slot that boots holds the new image"},
    [SMP_UPDATE_BROKEN] = {"broken", "the slot that boots holds a part of an image: the device "
                                     "stays in recovery until a whole one was sent"},
};

const char *smp_update_phase_name(uint32_t phase)
{
    return phase < SMPI_COUNT(phases) ? phases[phase] : "unknown phase";
}

const char *smp_update_state_name(uint32_t state)
{
    return state < SMPI_COUNT(states) ? states[state].name : "unknown state";
}

const char *smp_update_state_text(uint32_t state)
{
    return state < SMPI_COUNT(states) ? states[state].text : "a state this version does not know";
}

/* ---- why ---- */

static const char *why_not_checked(const struct smpi_update *update, int error)
{
    switch (error) {
    case SMP_ERR_INVALID:
        return "the key is no public key in PEM form (imgtool getpub -e pem writes one)";
    case SMP_ERR_UNSUPPORTED:
        return "signatures of that kind cannot be checked here; known are ECDSA P-256 and P-384, "
               "Ed25519 and RSA";
    case SMP_ERR_NO_MEMORY:
    case SMP_ERR_CANCELLED:
    case SMP_ERR_SIGNATURE:
        return NULL;
    default:
        return update->checked ? NULL : update->file.problem;
    }
}

static const char *why_timeout(const struct smpi_update *update)
{
    switch (update->phase) {
    case SMP_UPDATE_WAITING:
        return update->away || !update->stays
                   ? "the device did not come back in the time allowed; look at its power and its "
                     "log, and allow more time if a large image is swapped in slow flash"
                   : "the device answers, and has not reset; reset it by hand";
    case SMP_UPDATE_REVERTING:
        return update->away || !update->stays
                   ? "the device did not come back in the time allowed"
                   : "the device answers, and has not gone back to the old image; reset "
                     "it by hand";
    case SMP_UPDATE_DECIDING:
        return "nobody decided in the time allowed";
    default:
        return NULL;
    }
}

static const char *why_unsupported(const struct smpi_update *update)
{
    return update->phase == SMP_UPDATE_CONFIRMING
               ? "the device said yes to the confirmation, and the image is not confirmed"
               : "the boot loader keeps what it has started, so there is no way back";
}

/* A sentence where this update knows more than the error does, or NULL. */
static const char *why(const struct smpi_update *update, int error)
{
    if (update->phase == SMP_UPDATE_CHECKING && why_not_checked(update, error) != NULL) {
        return why_not_checked(update, error);
    }
    switch (error) {
    case SMP_ERR_TIMEOUT:
        return why_timeout(update);
    case SMP_ERR_UNSUPPORTED:
        return why_unsupported(update);
    case SMP_ERR_CORRUPT:
        return "what the device holds is not what was sent: its flash or the link damaged it";
    case SMP_ERR_NOT_STARTED:
        return update->phase == SMP_UPDATE_CONFIRMING
                   ? "the new image is gone: the device was reset, or crashed, before it was "
                     "confirmed"
                   : "the device does not run the new image: its boot loader refused it (signed "
                     "with another key, for another board, or older than allowed), or it crashed "
                     "at once and was taken back";
    default:
        return NULL;
    }
}

static void add_failure(struct smpi_text *text, const struct smpi_update *update, int error)
{
    const struct smp_loop *loop = update->operation.session->loop;
    const char *sentence = why(update, error);
    smpi_text_add(text, smp_update_phase_name(update->phase));
    smpi_text_add(text, ": ");
    if (error == SMP_ERR_DOWNGRADE && update->has_from) {
        struct smp_mcuboot_version runs;
        bool known = smpi_update_read_version(update->from_version, &runs);
        smpi_text_print(text,
                        known ? "%s is older than %s, which runs"
                              : "%s is not known to be as new as %s, which runs",
                        update->version, update->from_version);
    } else if (sentence != NULL) {
        smpi_text_add(text, sentence);
    } else if (update->failure.error == error) {
        char line[SMPI_UPDATE_TEXT / 2];
        smpi_result_text(&loop->registry, &update->failure, line, sizeof(line));
        smpi_text_add(text, line);
    } else {
        smpi_text_add(text, smp_error_text(error));
    }
    smpi_text_add(text, "; ");
}

/* ---- all of it ---- */

static void add_versions(struct smpi_text *text, const struct smpi_update *update)
{
    if (update->has_from && *update->from_version != '\0') {
        smpi_text_print(text, "%s to ", update->from_version);
    }
    smpi_text_print(text, "%s: ", update->version);
}

void smpi_update_tell(struct smpi_update *update, int error)
{
    struct smpi_text text;
    smpi_text_init(&text, update->text, sizeof(update->text));
    if (update->checked && !update->same) {
        add_versions(&text, update);
    }
    if (error != SMP_OK) {
        add_failure(&text, update, error);
    }
    if (error == SMP_OK && update->same) {
        smpi_text_print(&text, "the device runs %s already; nothing was sent", update->version);
    } else {
        smpi_text_add(&text, smp_update_state_text((uint32_t)update->state));
    }
}

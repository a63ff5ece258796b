/* SPDX-License-Identifier: Apache-2.0 */
/* The file: is it an image, whole, and signed with the right key? */
#include "update/update.h"

#include "core/session.h"

static int check_file(struct smpi_update *update)
{
    struct smp_loop *loop = update->operation.session->loop;
    const struct smp_str *key = &update->options.key;
    update->file.size = sizeof(update->file);
    smpi_enter_user(loop); /* the source is the caller's code */
    int error = smp_mcuboot_image_check(&update->source, &update->file, update->sha);
    if (error == SMP_OK && key->len > 0) {
        error = smp_mcuboot_signature_check(&update->source, &update->file, key->data, key->len);
    }
    smpi_leave_user(loop);
    return error;
}

bool smpi_update_check(struct smpi_update *update)
{
    const struct smp_update_progress progress = {.size = sizeof(progress),
                                                 .phase = SMP_UPDATE_CHECKING};
    if (!smpi_update_report(update, &progress)) {
        return false;
    }
    int error = check_file(update);
    if (update->over) {
        return false; /* the source freed the session */
    }
    if (error != SMP_OK) {
        smpi_update_fail(update, error);
        return false;
    }
    smp_mcuboot_version_text(&update->file.version, update->version);
    update->checked = true;
    return true;
}

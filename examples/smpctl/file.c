/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <string.h>

int file_open(struct smpctl *ctl, const char *path, struct image_file *file)
{
    *file = (struct image_file){.image = {.size = sizeof file->image}};
    int status = local_open(ctl, path, &file->local);
    if (status != STATUS_DONE) {
        return status;
    }
    if (file->local.source.length == 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", path,
                    smp_mcuboot_file_text(SMP_MCUBOOT_FILE_EMPTY));
    }
    switch (smp_mcuboot_image_check(&file->local.source, &file->image, file->sha)) {
    case SMP_OK:
        return STATUS_DONE;
    case SMP_ERR_NOT_IMAGE:
        return fail(ctl, STATUS_FILE, "%s: %s", path, smp_mcuboot_file_text(file->image.file));
    case SMP_ERR_CORRUPT:
        return fail(ctl, STATUS_FILE,
                    "%s: the file is damaged: its content does not match its hash; build or "
                    "fetch it again",
                    path);
    case SMP_ERR_SOURCE:
        return fail(ctl, STATUS_FILE, "%s: cannot read it: %s", path, strerror(errno));
    default:
        return fail(ctl, STATUS_FILE,
                    "%s: begins as a MCUboot image but is cut short or damaged; build or fetch it "
                    "again",
                    path);
    }
}

void file_close(struct image_file *file)
{
    local_close(&file->local);
}

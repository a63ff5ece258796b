/* SPDX-License-Identifier: Apache-2.0 */
/* What the file system group shares with its transfers. */
#ifndef SMPI_GROUPS_FS_H
#define SMPI_GROUPS_FS_H

#include "codec/table.h"

#include <smp/fs.h>

/* `data` is the last field, so that a chunk's bytes can be read straight into the packet. */
extern const struct smp_message smpi_fs_upload_req;
extern const struct smp_message smpi_fs_download_req;

/* Places among the group's commands. */
enum smpi_fs_command {
    SMPI_FS_DOWNLOAD,
    SMPI_FS_UPLOAD,
    SMPI_FS_STATUS,
    SMPI_FS_HASH,
    SMPI_FS_HASH_TYPES,
    SMPI_FS_CLOSE,
};
extern const struct smp_command smpi_fs_commands[];

#endif

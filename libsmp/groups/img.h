/* SPDX-License-Identifier: Apache-2.0 */
/* What the image group's two files share. */
#ifndef SMPI_GROUPS_IMG_H
#define SMPI_GROUPS_IMG_H

#include "codec/table.h"

#include <smp/img.h>

extern const struct smp_message smpi_img_upload_req;
/* Places among the group's commands. */
enum { SMPI_IMG_STATE_READ = 0, SMPI_IMG_STATE_WRITE = 1, SMPI_IMG_UPLOAD = 2 };
extern const struct smp_command smpi_img_commands[];

#endif

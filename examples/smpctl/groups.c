/* SPDX-License-Identifier: Apache-2.0 */
#include "groups.h"

#include <groupfile.h>
#include "output.h"
#include "paths.h"
#include "smpctl.h"

#include <limits.h>
#include <unistd.h>

int groups_load(struct smpctl *ctl)
{
    char folder[PATH_MAX];
    char error[512];
    bool good = true;
    bool wanted = (ctl->command && (ctl->command->flags & TABLES)) ||
                  ctl->options.level >= SMP_LOG_DEBUG; /* packets by name */
    if (ctl->options.groups_file) {
        good = groupfile_load(ctl->loop, ctl->options.groups_file, NULL, error, sizeof error);
    } else if (wanted && paths_config("/groups", folder, sizeof folder) &&
               access(folder, F_OK) == 0) {
        good = groupfile_load_folder(ctl->loop, folder, NULL, error, sizeof error);
    }
    return good ? STATUS_DONE : fail(ctl, STATUS_FILE, "%s", error);
}

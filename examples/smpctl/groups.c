/* SPDX-License-Identifier: Apache-2.0 */
#include "groups.h"

#include <groupfile.h>
#include "output.h"
#include "paths.h"
#include "smpctl.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int load(struct smpctl *ctl, const char *path)
{
    char error[512];
    return groupfile_load(ctl->loop, path, error, sizeof error)
               ? STATUS_DONE
               : fail(ctl, STATUS_FILE, "%s", error);
}

static int is_description(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return *entry->d_name != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

static int load_folder(struct smpctl *ctl, const char *folder)
{
    struct dirent **entries = NULL;
    int status = STATUS_DONE;
    int n = scandir(folder, &entries, is_description, alphasort);
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (status == STATUS_DONE && len > 0 && (size_t)len < sizeof path) {
            status = load(ctl, path);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

int groups_load(struct smpctl *ctl)
{
    char folder[PATH_MAX];
    bool wanted = (ctl->command && (ctl->command->flags & TABLES)) ||
                  ctl->options.level >= SMP_LOG_DEBUG; /* packets by name */
    if (ctl->options.groups_file) {
        return load(ctl, ctl->options.groups_file);
    }
    if (!wanted || !paths_config("/groups", folder, sizeof folder)) {
        return STATUS_DONE;
    }
    return load_folder(ctl, folder);
}

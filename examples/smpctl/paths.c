/* SPDX-License-Identifier: Apache-2.0 */
#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool find(const char *variable, const char *below_home, const char *name, char *path,
                 size_t size)
{
    const char *folder = getenv(variable);
    const char *home = getenv("HOME");
    int n = folder && *folder == '/' ? snprintf(path, size, "%s/smpctl%s", folder, name)
            : home && *home ? snprintf(path, size, "%s/%s/smpctl%s", home, below_home, name)
                            : 0;
    return n > 0 && (size_t)n < size;
}

bool paths_config(const char *name, char *path, size_t size)
{
    return find("XDG_CONFIG_HOME", ".config", name, path, size);
}

bool paths_state(const char *name, char *path, size_t size)
{
    return find("XDG_STATE_HOME", ".local/state", name, path, size);
}

int paths_make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0700);
        *slash = '/';
        if (rc != 0 && errno != EEXIST) {
            return -1;
        }
    }
    return 0;
}

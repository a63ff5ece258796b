/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include "files.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No path of a client is deeper: two bytes a level. */
#define DEPTH_MAX (SIM_PATH_MAX / 2u)

/* What to do with a plain file, and with a folder that has been gone through. */
typedef void visit(int folder, const char *name, const struct stat *st, uint64_t *sum);

static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

    if (dir == NULL && fd >= 0)
        close(fd);
    return dir;
}

static void walk(int at, const char *name, visit *see, uint64_t *sum, unsigned depth)
{
    DIR *dir = open_folder(at, name);
    const struct dirent *entry;

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        struct stat st;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
            walk(dirfd(dir), entry->d_name, see, sum, depth + 1);
        see(dirfd(dir), entry->d_name, &st, sum);
    }
    closedir(dir);
}

static void count(int folder, const char *name, const struct stat *st, uint64_t *sum)
{
    (void)folder;
    (void)name;
    if (S_ISREG(st->st_mode))
        *sum += st->st_size == 0 ? 1 : ((uint64_t)st->st_size + SIM_FS_BLOCK - 1) / SIM_FS_BLOCK;
}

static void erase(int folder, const char *name, const struct stat *st, uint64_t *sum)
{
    (void)sum;
    (void)unlinkat(folder, name, S_ISDIR(st->st_mode) ? AT_REMOVEDIR : 0);
}

uint64_t sim_tree_blocks(int folder)
{
    uint64_t sum = 0;

    walk(folder, ".", count, &sum, 0);
    return sum;
}

void sim_tree_wipe(int folder)
{
    walk(folder, ".", erase, NULL, 0);
}

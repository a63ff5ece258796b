/* SPDX-License-Identifier: Apache-2.0 */
/* The folder, the paths in it, and the copy being written. */
#include "files.h"

#include "tree.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "fs"
#define COPY "fs.open"
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* Not blocking: somebody may have put a pipe there. */
#define FILE_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

void sim_files_init(struct sim_files *files)
{
    *files = (struct sim_files){.state = -1, .root = -1};
}

int sim_files_open(struct sim_files *files, const char *state, char *error, size_t error_size)
{
    files->state = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files->state >= 0) {
        (void)unlinkat(files->state, COPY, 0);
        if (mkdirat(files->state, FOLDER, 0777) == 0 || errno == EEXIST)
            files->root = openat(files->state, FOLDER, FOLDER_FLAGS);
    }
    if (files->root >= 0)
        return SMP_OK;
    snprintf(error, error_size, "%s/%s, the folder of the file system, cannot be used: %s", state,
             FOLDER, strerror(errno));
    return SMP_ERR_SYSTEM;
}

void sim_files_close(struct sim_files *files)
{
    if (files->root >= 0)
        close(files->root);
    if (files->state >= 0)
        close(files->state);
    files->root = files->state = -1;
}

/* ---- paths ---- */

static bool is_clean(struct smp_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        if ((unsigned char)path.data[i] < ' ' || path.data[i] == 0x7f)
            return false;
    }
    return true;
}

/* Takes what stands before the next slash; false: there is nothing more, or it is no name. */
static bool next_name(struct smp_str *path, char name[SIM_PATH_MAX + 1], bool *valid)
{
    const char *end;
    size_t len;

    *valid = true;
    while (path->len > 0 && path->data[0] == '/') {
        path->data++;
        path->len--;
    }
    if (path->len == 0)
        return false;
    end = memchr(path->data, '/', path->len);
    len = end != NULL ? (size_t)(end - path->data) : path->len;
    memcpy(name, path->data, len);
    name[len] = '\0';
    path->data += len;
    path->len -= len;
    *valid = strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
    return *valid;
}

static uint16_t error_of_open(void)
{
    switch (errno) {
    case ENOENT:
    case ENOTDIR:
        return SMP_FS_RC_FILE_NOT_FOUND;
    case EISDIR:
        return SMP_FS_RC_FILE_IS_DIRECTORY;
    default: /* a symbolic link, no permission */
        return SMP_FS_RC_UNKNOWN;
    }
}

/* Steps into place->name, as long as something follows it. */
static uint16_t walk(struct sim_place *place, struct smp_str path)
{
    char name[SIM_PATH_MAX + 1];
    bool valid;

    while (next_name(&path, name, &valid)) {
        if (place->name[0] != '\0') {
            int dir = openat(place->dir, place->name, FOLDER_FLAGS);

            if (dir < 0)
                return error_of_open();
            close(place->dir);
            place->dir = dir;
        }
        strcpy(place->name, name);
    }
    if (!valid)
        return SMP_FS_RC_FILE_INVALID_NAME;
    return place->name[0] != '\0' ? SMP_FS_RC_OK : SMP_FS_RC_FILE_IS_DIRECTORY;
}

uint16_t sim_files_find(const struct sim_files *files, struct smp_str path, struct sim_place *place)
{
    size_t mount = strlen(files->mount);
    uint16_t rc;

    place->dir = -1;
    place->name[0] = '\0';
    if (path.len == 0 || path.len > SIM_PATH_MAX || path.data[0] != '/' || !is_clean(path))
        return SMP_FS_RC_FILE_INVALID_NAME;
    if (path.len < mount || memcmp(path.data, files->mount, mount) != 0 ||
        (path.len > mount && path.data[mount] != '/'))
        return SMP_FS_RC_FILE_NOT_FOUND;
    if (files->erased)
        return SMP_FS_RC_UNKNOWN;
    place->dir = fcntl(files->root, F_DUPFD_CLOEXEC, 0);
    if (place->dir < 0)
        return SMP_FS_RC_UNKNOWN;
    rc = walk(place, (struct smp_str){path.data + mount, path.len - mount});
    if (rc != SMP_FS_RC_OK)
        sim_place_close(place);
    return rc;
}

void sim_place_close(struct sim_place *place)
{
    if (place->dir >= 0)
        close(place->dir);
    place->dir = -1;
}

/* ---- reading ---- */

uint16_t sim_files_read(const struct sim_place *place, int *fd, uint64_t *len)
{
    struct stat st = {.st_mode = 0};

    *fd = openat(place->dir, place->name, FILE_FLAGS);
    if (*fd < 0)
        return error_of_open();
    if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) {
        *len = (uint64_t)st.st_size;
        return SMP_FS_RC_OK;
    }
    close(*fd);
    *fd = -1;
    return S_ISDIR(st.st_mode) ? SMP_FS_RC_FILE_IS_DIRECTORY : SMP_FS_RC_UNKNOWN;
}

uint16_t sim_files_length(const struct sim_place *place, uint64_t *len)
{
    int fd;
    uint16_t rc = sim_files_read(place, &fd, len);

    if (rc == SMP_FS_RC_OK)
        close(fd);
    return rc;
}

/* ---- writing ---- */

static uint64_t blocks(uint64_t len)
{
    return len == 0 ? 1 : (len + SIM_FS_BLOCK - 1) / SIM_FS_BLOCK;
}

static uint16_t fill_copy(struct sim_copy *copy, int from)
{
    uint8_t data[4096];
    ssize_t n;

    while ((n = read(from, data, sizeof(data))) > 0) {
        if (write(copy->fd, data, (size_t)n) != n)
            return SMP_FS_RC_FILE_OPEN_FAILED;
        copy->len += (uint64_t)n;
    }
    return n == 0 ? SMP_FS_RC_OK : SMP_FS_RC_FILE_OPEN_FAILED;
}

/* Opens the file for reading, or makes an empty one; `own` are the blocks it has. */
static uint16_t open_or_make(const struct sim_place *place, bool room, int *fd, uint64_t *own)
{
    uint64_t len = 0;
    uint16_t rc = sim_files_read(place, fd, &len);

    *own = 0;
    if (rc == SMP_FS_RC_OK)
        *own = blocks(len);
    if (rc != SMP_FS_RC_FILE_NOT_FOUND)
        return rc;
    if (!room)
        return SMP_FS_RC_FILE_OPEN_FAILED;
    *fd = openat(place->dir, place->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    return *fd >= 0 ? SMP_FS_RC_OK : error_of_open();
}

uint16_t sim_copy_open(const struct sim_files *files, const struct sim_place *place,
                       struct sim_copy *copy)
{
    uint64_t all = files->size / SIM_FS_BLOCK, used = sim_tree_blocks(files->root), own = 0;
    int file = -1;
    uint16_t rc = open_or_make(place, used < all, &file, &own);

    *copy = (struct sim_copy){.fd = -1, .place = *place};
    if (rc != SMP_FS_RC_OK)
        return rc;
    copy->blocks_free = all > used - own ? all - (used - own) : 0;
    copy->place.dir = fcntl(place->dir, F_DUPFD_CLOEXEC, 0);
    copy->fd =
        openat(files->state, COPY, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    rc = copy->fd >= 0 ? fill_copy(copy, file) : SMP_FS_RC_FILE_OPEN_FAILED;
    close(file);
    if (rc != SMP_FS_RC_OK)
        sim_copy_drop(files, copy);
    return rc;
}

uint16_t sim_copy_truncate(struct sim_copy *copy)
{
    if (ftruncate(copy->fd, 0) != 0)
        return SMP_FS_RC_FILE_TRUNCATE_FAILED;
    copy->len = 0;
    return SMP_FS_RC_OK;
}

uint16_t sim_copy_add(struct sim_copy *copy, struct smp_bytes data)
{
    if (data.len == 0)
        return SMP_FS_RC_OK;
    if (blocks(copy->len + data.len) > copy->blocks_free)
        return SMP_FS_RC_FILE_WRITE_FAILED;
    if (pwrite(copy->fd, data.data, data.len, (off_t)copy->len) != (ssize_t)data.len)
        return SMP_FS_RC_FILE_WRITE_FAILED;
    copy->len += data.len;
    return SMP_FS_RC_OK;
}

void sim_copy_keep(const struct sim_files *files, struct sim_copy *copy)
{
    if (copy->fd >= 0 && !files->erased)
        (void)renameat(files->state, COPY, copy->place.dir, copy->place.name);
    sim_copy_drop(files, copy);
}

void sim_copy_drop(const struct sim_files *files, struct sim_copy *copy)
{
    sim_place_close(&copy->place);
    if (copy->fd < 0)
        return;
    close(copy->fd);
    copy->fd = -1;
    (void)unlinkat(files->state, COPY, 0); /* gone already, when it was kept */
}

void sim_files_wipe(struct sim_files *files)
{
    sim_tree_wipe(files->root);
    files->erased = true;
}

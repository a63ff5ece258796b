/* SPDX-License-Identifier: Apache-2.0 */
#include "save.h"

#include "output.h"
#include "smpctl.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_at(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    const struct save *save = user;
    while (len > 0) {
        ssize_t n = pwrite(save->fd, data, len, (off_t)offset);
        if (n < 0 && errno != EINTR) {
            return SMP_ERR_SINK;
        }
        if (n > 0) {
            data += n;
            offset += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    return SMP_OK;
}

/* The last part of a device's path, NULL when it is no plain name. */
static const char *last_part(const char *remote)
{
    const char *slash = strrchr(remote, '/');
    const char *name = slash ? slash + 1 : remote;
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return NULL;
        }
    }
    return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 ? name : NULL;
}

/* With several devices each file begins with the device's name, in letters that harm nowhere. */
static void prefix_of(const struct smpctl *ctl, char *prefix, size_t size)
{
    size_t n = 0;
    for (const char *c = ctl->label ? ctl->label : ""; *c && n + 2 < size; c++) {
        prefix[n++] = isalnum((unsigned char)*c) || *c == '.' ? *c : '_';
    }
    if (n) {
        prefix[n++] = '-';
    }
    prefix[n] = '\0';
}

static int find_path(struct smpctl *ctl, const char *path, const char *remote, struct save *save)
{
    struct stat st;
    char prefix[80];
    const char *name = "";
    const char *separator = "";
    prefix_of(ctl, prefix, sizeof prefix);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        name = last_part(remote);
        separator = path[strlen(path) - 1] == '/' ? "" : "/";
        if (!name) {
            return fail(ctl, STATUS_USAGE,
                        "`%s` gives no file name for the folder %s: name the file", remote, path);
        }
    } else if (*prefix) {
        return fail(ctl, STATUS_USAGE, "%s: files of several devices need a folder", path);
    }
    int n = snprintf(save->path, sizeof save->path, "%s%s%s%s", path, separator, prefix, name);
    if (n <= 0 || (size_t)n >= sizeof save->path - sizeof ".XXXXXX") {
        return fail(ctl, STATUS_FILE, "%s: the name is %s", path, n > 0 ? "too long" : "empty");
    }
    if (stat(save->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        return fail(ctl, STATUS_FILE, "%s: not a regular file", save->path);
    }
    return STATUS_DONE;
}

static int begin_temporary(struct smpctl *ctl, struct save *save)
{
    snprintf(save->temporary, sizeof save->temporary, "%.*s.XXXXXX",
             (int)(sizeof save->temporary - sizeof ".XXXXXX"), save->path);
    save->fd = mkstemp(save->temporary);
    if (save->fd < 0) {
        *save->temporary = '\0';
        return fail(ctl, STATUS_FILE, "%s: cannot write beside it: %s", save->path,
                    strerror(errno));
    }
    return STATUS_DONE;
}

static int find_file(struct smpctl *ctl, const char *path, const char *remote, struct save *save)
{
    *save = (struct save){.fd = -1,
                          .sink = {.size = sizeof save->sink, .write = write_at, .user = save}};
    return find_path(ctl, path, remote, save);
}

int save_begin(struct smpctl *ctl, const char *path, const char *remote, struct save *save)
{
    int status = find_file(ctl, path, remote, save);
    return status == STATUS_DONE ? begin_temporary(ctl, save) : status;
}

/* A file of ours that nobody else writes: not a link, not one of another name too. */
static bool take_part(struct save *save)
{
    struct stat st;
    save->fd = open(save->temporary, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (save->fd < 0 || fstat(save->fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1 ||
        st.st_uid != geteuid() || flock(save->fd, LOCK_EX | LOCK_NB) != 0) {
        return false;
    }
    save->held = (uint64_t)st.st_size;
    return true;
}

int save_begin_part(struct smpctl *ctl, const char *path, const char *remote, struct save *save)
{
    int status = find_file(ctl, path, remote, save);
    if (status != STATUS_DONE) {
        return status;
    }
    snprintf(save->temporary, sizeof save->temporary, "%.*s.part",
             (int)(sizeof save->temporary - sizeof ".part"), save->path);
    if (take_part(save)) {
        return STATUS_DONE;
    }
    if (save->fd >= 0) {
        close(save->fd);
    }
    *save->temporary = '\0';
    return begin_temporary(ctl, save);
}

int save_cut(struct smpctl *ctl, struct save *save, uint64_t length)
{
    if (ftruncate(save->fd, (off_t)length) != 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", save->temporary, strerror(errno));
    }
    save->held = length;
    return STATUS_DONE;
}

void save_leave(struct smpctl *ctl, struct save *save)
{
    struct stat st;
    size_t len = strlen(save->temporary);
    bool part = len > 5 && strcmp(save->temporary + len - 5, ".part") == 0;
    if (part && fstat(save->fd, &st) == 0 && st.st_size >= SAVE_WORTH) {
        note(ctl, "what came is in %s: the same command goes on there", save->temporary);
        *save->temporary = '\0';
    }
}

int save_keep(struct smpctl *ctl, struct save *save)
{
    mode_t mask = umask(0);
    umask(mask);
    fchmod(save->fd, 0666 & ~mask); /* as any other new file, not as a temporary one */
    if (fsync(save->fd) != 0 || rename(save->temporary, save->path) != 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", save->path, strerror(errno));
    }
    *save->temporary = '\0';
    return STATUS_DONE;
}

void save_end(struct save *save)
{
    if (save->fd >= 0) {
        close(save->fd);
    }
    if (*save->temporary) {
        unlink(save->temporary);
    }
}

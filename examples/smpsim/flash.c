/* SPDX-License-Identifier: Apache-2.0 */
#include "flash.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 384

/* ---- what goes wrong, in words ---- */

__attribute__((format(printf, 3, 4))) static int fail(struct sim_flash *flash, int error,
                                                      const char *format, ...)
{
    int saved = errno;
    va_list args;
    va_start(args, format);
    vsnprintf(flash->error, sizeof(flash->error), format, args);
    va_end(args);
    errno = saved;
    return error;
}

static int fail_system(struct sim_flash *flash, const char *what, const char *path)
{
    const char *hint = "";
    if (errno == ENOSPC || errno == EDQUOT) {
        hint = ": free some space, or use another --state folder";
    } else if (errno == EACCES || errno == EPERM || errno == EROFS) {
        hint = ": use a --state folder that you may write";
    }
    return fail(flash, SMP_ERR_SYSTEM, "cannot %s %s: %s%s", what, path, strerror(errno), hint);
}

/* ---- whole reads and writes ---- */

static int read_all(int fd, uint32_t offset, void *data, uint32_t len)
{
    uint8_t *at = data;
    while (len > 0) {
        ssize_t n = pread(fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            errno = n == 0 ? EIO : errno; /* somebody cut the file off */
            return -1;
        }
        at += n;
        offset += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return 0;
}

static int write_all(int fd, uint32_t offset, const void *data, uint32_t len)
{
    const uint8_t *at = data;
    while (len > 0) {
        ssize_t n = pwrite(fd, at, len, (off_t)offset);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -1;
        }
        at += n;
        offset += (uint32_t)n;
        len -= (uint32_t)n;
    }
    return 0;
}

static int fill_erased(int fd, uint32_t size)
{
    uint8_t sector[SIM_FLASH_SECTOR];
    memset(sector, SIM_FLASH_ERASED, sizeof(sector));
    for (uint32_t at = 0; at < size; at += SIM_FLASH_SECTOR) {
        if (write_all(fd, at, sector, sizeof(sector)) < 0) {
            return -1;
        }
    }
    return fsync(fd);
}

/* ---- opening ---- */

/*
 * The new file gets its name only when it is whole.  It is linked, not renamed:
 * should another simulator have been faster, its file stays.
 */
static int create(struct sim_flash *flash, const char *path, uint32_t size)
{
    char temporary[PATH_SIZE + 32];
    snprintf(temporary, sizeof(temporary), "%s.new-%ld", path, (long)getpid());
    int fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        return fail_system(flash, "create", temporary);
    }
    int error = SMP_OK;
    if (fill_erased(fd, size) < 0) {
        error = fail_system(flash, "write", path);
    } else if (link(temporary, path) < 0 && errno != EEXIST) {
        /* Some file systems have no links. */
        if (rename(temporary, path) < 0) {
            error = fail_system(flash, "create", path);
        }
    }
    unlink(temporary);
    close(fd);
    return error;
}

static int open_existing(struct sim_flash *flash, const char *path)
{
    flash->fd = open(path, O_RDWR | O_CLOEXEC);
    if (flash->fd < 0) {
        return errno == ENOENT ? SMP_ERR_NOT_FOUND : fail_system(flash, "open", path);
    }
    return SMP_OK;
}

static int lock_and_measure(struct sim_flash *flash, const char *path, uint32_t size)
{
    struct stat status;
    if (flock(flash->fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) {
            return fail(flash, SMP_ERR_BUSY,
                        "%s is in use by another simulator: stop that one, "
                        "or use another --state folder",
                        path);
        }
        return fail_system(flash, "lock", path);
    }
    if (fstat(flash->fd, &status) < 0) {
        return fail_system(flash, "measure", path);
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(flash, SMP_ERR_INVALID, "%s is not a plain file", path);
    }
    if (status.st_size != (off_t)size) {
        return fail(flash, SMP_ERR_INVALID,
                    "%s has %lld bytes, but a slot has %lu: use another --state folder, "
                    "the slot size it was made with, or remove the file",
                    path, (long long)status.st_size, (unsigned long)size);
    }
    return SMP_OK;
}

int sim_flash_open(struct sim_flash *flash, const char *folder, const char *name, uint32_t size)
{
    char path[PATH_SIZE];
    memset(flash, 0, sizeof(*flash));
    flash->fd = -1;
    if (size < SIM_FLASH_SECTOR || size % SIM_FLASH_SECTOR != 0) {
        return fail(flash, SMP_ERR_INVALID, "a slot of %lu bytes: it must be a multiple of %u",
                    (unsigned long)size, SIM_FLASH_SECTOR);
    }
    int len = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return fail(flash, SMP_ERR_INVALID, "the name of the state folder is too long");
    }
    if (mkdir(folder, 0777) < 0 && errno != EEXIST) {
        return fail_system(flash, "make the state folder", folder);
    }
    int error = open_existing(flash, path);
    if (error == SMP_ERR_NOT_FOUND) {
        error = create(flash, path, size);
        if (error == SMP_OK) {
            error = open_existing(flash, path);
        }
        if (error == SMP_ERR_NOT_FOUND) {
            error = fail_system(flash, "open", path);
        }
    }
    if (error == SMP_OK) {
        error = lock_and_measure(flash, path, size);
    }
    if (error != SMP_OK) {
        sim_flash_close(flash);
        return error;
    }
    flash->size = size;
    return SMP_OK;
}

void sim_flash_close(struct sim_flash *flash)
{
    if (flash->fd >= 0) {
        close(flash->fd);
    }
    flash->fd = -1;
}

/* ---- operations ---- */

static int check(struct sim_flash *flash, const char *what, uint32_t offset, uint32_t len,
                 uint32_t unit)
{
    if (flash->fd < 0) {
        return fail(flash, SMP_ERR_INVALID, "cannot %s: the slot is not open", what);
    }
    if (flash->dead) {
        return fail(flash, SMP_ERR_CLOSED, "cannot %s: the power is off", what);
    }
    if (offset > flash->size || len > flash->size - offset) {
        return fail(flash, SMP_ERR_INVALID, "cannot %s %lu bytes at %lu: the slot has %lu", what,
                    (unsigned long)len, (unsigned long)offset, (unsigned long)flash->size);
    }
    if (offset % unit != 0 || len % unit != 0) {
        return fail(flash, SMP_ERR_INVALID, "cannot %s %lu bytes at %lu: not a multiple of %lu",
                    what, (unsigned long)len, (unsigned long)offset, (unsigned long)unit);
    }
    return SMP_OK;
}

/* The one place that changes the file. */
static int change(struct sim_flash *flash, enum sim_flash_op op, uint32_t offset, const void *data,
                  uint32_t len)
{
    uint32_t allowed = len;
    if (flash->hook != NULL) {
        allowed = flash->hook(flash->hook_user, flash, op, offset, len);
        allowed = allowed < len ? allowed : len;
    }
    if (write_all(flash->fd, offset, data, allowed) < 0) {
        return fail_system(flash, op == SIM_FLASH_WRITE ? "write" : "erase", "the slot's file");
    }
    if (allowed < len) {
        flash->dead = true;
        return fail(flash, SMP_ERR_CLOSED, "the power was cut");
    }
    *(op == SIM_FLASH_WRITE ? &flash->writes : &flash->erases) += 1;
    return SMP_OK;
}

int sim_flash_read(struct sim_flash *flash, uint32_t offset, void *data, uint32_t len)
{
    int error = check(flash, "read", offset, len, 1);
    if (error == SMP_OK && read_all(flash->fd, offset, data, len) < 0) {
        error = fail_system(flash, "read", "the slot's file");
    }
    return error;
}

int sim_flash_is_erased(struct sim_flash *flash, uint32_t offset, uint32_t len)
{
    uint8_t block[SIM_FLASH_SECTOR];
    while (len > 0) {
        uint32_t now = len < sizeof(block) ? len : (uint32_t)sizeof(block);
        int error = sim_flash_read(flash, offset, block, now);
        if (error != SMP_OK) {
            return error;
        }
        for (uint32_t i = 0; i < now; i++) {
            if (block[i] != SIM_FLASH_ERASED) {
                return 0;
            }
        }
        offset += now;
        len -= now;
    }
    return 1;
}

int sim_flash_write(struct sim_flash *flash, uint32_t offset, const void *data, uint32_t len)
{
    int error = check(flash, "write", offset, len, SIM_FLASH_ALIGN);
    if (error != SMP_OK || len == 0) {
        return error;
    }
    int erased = sim_flash_is_erased(flash, offset, len);
    if (erased < 0) {
        return erased;
    }
    if (erased == 0) {
        return fail(flash, SMP_ERR_INVALID, "cannot write %lu bytes at %lu: not erased before",
                    (unsigned long)len, (unsigned long)offset);
    }
    return change(flash, SIM_FLASH_WRITE, offset, data, len);
}

int sim_flash_erase(struct sim_flash *flash, uint32_t offset, uint32_t len)
{
    uint8_t blank[SIM_FLASH_SECTOR];
    int error = check(flash, "erase", offset, len, SIM_FLASH_SECTOR);
    memset(blank, SIM_FLASH_ERASED, sizeof(blank));
    for (; error == SMP_OK && len > 0; len -= SIM_FLASH_SECTOR, offset += SIM_FLASH_SECTOR) {
        int erased = sim_flash_is_erased(flash, offset, SIM_FLASH_SECTOR);
        if (erased < 0) {
            return erased;
        }
        if (erased == 0) {
            error = change(flash, SIM_FLASH_ERASE, offset, blank, SIM_FLASH_SECTOR);
        }
    }
    return error;
}

void sim_flash_power_on(struct sim_flash *flash)
{
    flash->dead = false;
}

/* ---- as a source, and as a stream ---- */

static int source_read(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    struct sim_flash *flash = user;
    if (offset > flash->size || len > flash->size) {
        return SMP_ERR_INVALID;
    }
    return sim_flash_read(flash, (uint32_t)offset, data, (uint32_t)len);
}

void sim_flash_source(struct sim_flash *flash, struct smp_source *source)
{
    *source = (struct smp_source){
        .size = sizeof(*source), .length = flash->size, .read = source_read, .user = flash};
}

void sim_flash_writer_init(struct sim_flash_writer *writer, struct sim_flash *flash,
                           uint32_t offset)
{
    *writer = (struct sim_flash_writer){.flash = flash, .offset = offset};
}

/* Fills the piece that waits; writes it when it is whole. */
static int add_to_waiting(struct sim_flash_writer *writer, const uint8_t **data, uint32_t *len)
{
    while (*len > 0) {
        writer->waiting[writer->offset % SIM_FLASH_ALIGN] = **data;
        writer->offset++;
        (*data)++;
        (*len)--;
        if (writer->offset % SIM_FLASH_ALIGN == 0) {
            return sim_flash_write(writer->flash, writer->offset - SIM_FLASH_ALIGN, writer->waiting,
                                   SIM_FLASH_ALIGN);
        }
    }
    return SMP_OK;
}

int sim_flash_writer_add(struct sim_flash_writer *writer, const void *data, uint32_t len)
{
    const uint8_t *at = data;
    int error = SMP_OK;
    if (writer->offset % SIM_FLASH_ALIGN != 0) {
        error = add_to_waiting(writer, &at, &len);
    }
    uint32_t whole = len - len % SIM_FLASH_ALIGN;
    if (error == SMP_OK && whole > 0) {
        error = sim_flash_write(writer->flash, writer->offset, at, whole);
        if (error == SMP_OK) {
            writer->offset += whole;
            at += whole;
            len -= whole;
        }
    }
    return error == SMP_OK ? add_to_waiting(writer, &at, &len) : error;
}

int sim_flash_writer_finish(struct sim_flash_writer *writer)
{
    uint8_t padding[SIM_FLASH_ALIGN];
    uint32_t end = writer->offset;
    uint32_t missing = (SIM_FLASH_ALIGN - end % SIM_FLASH_ALIGN) % SIM_FLASH_ALIGN;
    memset(padding, SIM_FLASH_ERASED, sizeof(padding));
    int error = sim_flash_writer_add(writer, padding, missing);
    writer->offset = end; /* where the data ends; the writer is not used any more */
    return error;
}

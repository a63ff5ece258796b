/* SPDX-License-Identifier: Apache-2.0 */
#include "localfile.h"

#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Packets are small and come one after the other: a system call for each would be a tenth of all. */
static bool fill(struct local_file *file, uint64_t offset)
{
    ssize_t n;
    do {
        n = pread(file->fd, file->block, sizeof file->block, (off_t)offset);
    } while (n < 0 && errno == EINTR);
    file->block_at = offset;
    file->block_len = n > 0 ? (size_t)n : 0;
    return n > 0; /* else an error, or somebody cut the file meanwhile */
}

static int read_at(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    struct local_file *file = user;
    while (len > 0) {
        bool there = offset >= file->block_at && offset - file->block_at < file->block_len;
        if (!there && !fill(file, offset)) {
            return SMP_ERR_SOURCE;
        }
        size_t at = (size_t)(offset - file->block_at);
        size_t n = file->block_len - at < len ? file->block_len - at : len;
        memcpy(data, file->block + at, n);
        data += n;
        offset += n;
        len -= n;
    }
    return SMP_OK;
}

int local_open(struct smpctl *ctl, const char *path, struct local_file *file)
{
    struct stat st;
    *file = (struct local_file){.path = path};
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (file->fd < 0 || fstat(file->fd, &st) != 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(ctl, STATUS_FILE, "%s: %s", path,
                    S_ISDIR(st.st_mode) ? "a folder, not a file" : "not a regular file");
    }
    if ((uintmax_t)st.st_size > UINT32_MAX) {
        return fail(ctl, STATUS_FILE, "%s: %jd bytes are more than any device takes", path,
                    (intmax_t)st.st_size);
    }
    file->source = (struct smp_source){
        .size = sizeof file->source,
        .length = (uint64_t)st.st_size,
        .read = read_at,
        .user = file,
    };
    return STATUS_DONE;
}

void local_close(struct local_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "file.h"

#include "output.h"
#include "smpctl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_at(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    const struct image_file *file = user;
    while (len > 0) {
        ssize_t n = pread(file->fd, data, len, (off_t)offset);
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            return SMP_ERR_SOURCE; /* an error, or somebody cut the file meanwhile */
        }
        if (n > 0) {
            data += n;
            offset += (uint64_t)n;
            len -= (size_t)n;
        }
    }
    return SMP_OK;
}

static int open_regular(struct smpctl *ctl, struct image_file *file)
{
    struct stat st;
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not block */
    if (file->fd < 0 || fstat(file->fd, &st) != 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", file->path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return fail(ctl, STATUS_FILE, "%s: %s, not an image file", file->path,
                    S_ISDIR(st.st_mode) ? "a folder" : "not a regular file");
    }
    if (st.st_size == 0) {
        return fail(ctl, STATUS_FILE, "%s: %s", file->path,
                    smp_mcuboot_file_text(SMP_MCUBOOT_FILE_EMPTY));
    }
    if ((uintmax_t)st.st_size > UINT32_MAX) {
        return fail(ctl, STATUS_FILE, "%s: %jd bytes are more than any image can have", file->path,
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

int file_open(struct smpctl *ctl, const char *path, struct image_file *file)
{
    *file = (struct image_file){.path = path, .image = {.size = sizeof file->image}};
    int status = open_regular(ctl, file);
    if (status != STATUS_DONE) {
        return status;
    }
    switch (smp_mcuboot_image_check(&file->source, &file->image, file->sha)) {
    case SMP_OK:
        return STATUS_DONE;
    case SMP_ERR_NOT_IMAGE:
        return fail(ctl, STATUS_FILE, "%s: %s", path, smp_mcuboot_file_text(file->image.file));
    case SMP_ERR_CORRUPT:
        return fail(ctl, STATUS_FILE,
                    "%s: the file is damaged: its content does not match its hash; build or "
                    "fetch it again",
                    path);
    case SMP_ERR_SOURCE:
        return fail(ctl, STATUS_FILE, "%s: cannot read it: %s", path, strerror(errno));
    default:
        return fail(ctl, STATUS_FILE,
                    "%s: begins as a MCUboot image but is cut short or damaged; build or fetch it "
                    "again",
                    path);
    }
}

void file_close(struct image_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
        file->fd = -1;
    }
}

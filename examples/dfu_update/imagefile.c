/* SPDX-License-Identifier: Apache-2.0 */
#include "imagefile.h"

#include <smp/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
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

static bool check(const struct image_file *file, const struct key_file *key, char *error,
                  size_t size)
{
    struct smp_mcuboot_image image = {.size = sizeof image};
    int code = smp_mcuboot_image_check(&file->source, &image, NULL);
    if (code != SMP_OK) {
        snprintf(error, size, "%s", image.problem ? image.problem : smp_error_text(code));
        return false;
    }
    if (key->len == 0) {
        return true;
    }
    code = smp_mcuboot_signature_check(&file->source, &image, key->data, key->len);
    if (code == SMP_ERR_INVALID) {
        snprintf(error, size,
                 "cannot be checked, as the file of --key is no public key in PEM form "
                 "(imgtool getpub -e pem)");
    } else if (code != SMP_OK) {
        snprintf(error, size, "%s%s", smp_error_text(code),
                 image.is_signed ? "" : ", nor with any other");
    }
    return code == SMP_OK;
}

bool image_open(const char *path, const struct key_file *key, struct image_file *file, char *error,
                size_t size)
{
    struct stat st;
    file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file->fd < 0 || fstat(file->fd, &st) != 0) {
        snprintf(error, size, "%s", strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(error, size, "not a regular file");
        return false;
    }
    file->source = (struct smp_source){
        .size = sizeof file->source, .length = (uint64_t)st.st_size, .read = read_at, .user = file};
    return check(file, key, error, size);
}

void image_close(struct image_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
}

bool key_read(const char *path, struct key_file *key, char *error, size_t size)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        snprintf(error, size, "%s", strerror(errno));
        return false;
    }
    key->len = fread(key->data, 1, sizeof key->data, file);
    bool good = !ferror(file) && key->len > 0 && key->len < sizeof key->data;
    fclose(file);
    if (!good) {
        snprintf(error, size, "no public key in PEM form (imgtool getpub -e pem)");
    }
    return good;
}

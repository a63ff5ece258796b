/* SPDX-License-Identifier: Apache-2.0 */
/* The image and the key, as files. */
#ifndef DFU_IMAGEFILE_H
#define DFU_IMAGEFILE_H

#include <smp/mcuboot.h>

struct image_file {
    int fd;
    struct smp_source source;
};

struct key_file {
    char data[4096];
    size_t len; /* 0: no key is asked for */
};

/* Opens and checks the image, so that a bad one troubles no device.  False: `error`. */
bool image_open(const char *path, const struct key_file *key, struct image_file *file, char *error,
                size_t size);
void image_close(struct image_file *file);

bool key_read(const char *path, struct key_file *key, char *error, size_t size);

#endif

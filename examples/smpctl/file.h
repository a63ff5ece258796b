/* SPDX-License-Identifier: Apache-2.0 */
/* An image file of this machine. */
#ifndef SMPCTL_FILE_H
#define SMPCTL_FILE_H

#include "localfile.h"

#include <smp/mcuboot.h>

#include <stdint.h>

struct smpctl;

struct image_file {
    struct local_file local;
    struct smp_mcuboot_image image;
    uint8_t sha[32]; /* SHA-256 of the whole file */
};

/*
 * Opens a file, and checks that it is a whole MCUboot image with a good hash.
 * Returns STATUS_DONE, or what was reported; file_close() is due in both cases.
 */
int file_open(struct smpctl *ctl, const char *path, struct image_file *file);

void file_close(struct image_file *file);

#endif

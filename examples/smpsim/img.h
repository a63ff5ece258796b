/* SPDX-License-Identifier: Apache-2.0 */
/* Group image of the simulated device. */
#ifndef SMPSIM_IMG_H
#define SMPSIM_IMG_H

#include "flash.h"

#include <smp/img.h>
#include <smp/server.h>

#include <stdbool.h>
#include <stdint.h>

struct sim_device;

/* An upload in progress. */
struct sim_upload {
    bool active;
    uint32_t slot;
    uint32_t len;
    uint32_t off;    /* wanted next */
    uint32_t erased; /* the slot is erased up to here */
    uint8_t sha[32];
    uint8_t sha_len;
    struct sim_flash_writer writer;
};

/* An answer that waits for a slow erase. */
struct sim_late {
    struct smp_timer *timer;
    struct smp_exchange *exchange; /* NULL: nothing waits */
    struct smp_img_upload_rsp rsp; /* size 0: an empty answer */
};

/* Lost at a reset. */
struct sim_img {
    struct sim_upload upload;
    struct sim_late late;
};

/* Answers with success, `ms` later if that is not 0: an erase takes its time. */
void sim_img_reply_after(struct sim_device *device, struct smp_exchange *exchange,
                         const struct smp_img_upload_rsp *rsp, uint32_t ms);

#endif

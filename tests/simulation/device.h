/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device for the simulation: one image slot and one file, on the library's
 * server, with the habits of Zephyr that a transfer has to cope with.
 */
#ifndef TESTS_SIMULATION_DEVICE_H
#define TESTS_SIMULATION_DEVICE_H

#include <smp/smp.h>

struct device {
    struct smp_loop *loop;
    struct smp_server *server;
    uint32_t buf_size, buf_count;
    bool no_params;
    bool checks_image; /* answers `match`, and knows a slot that holds the same already */
    uint64_t erase_ns; /* time of the first chunk */
    uint32_t align;    /* takes image data in multiples of this; 1: any */

    /* the slot */
    uint8_t *slot;
    uint64_t capacity;
    uint64_t len, have; /* of the upload under way; len 0: none */
    uint8_t sha[32];
    bool complete;
    struct smp_exchange *erasing; /* the first chunk's, while the slot is erased */
    uint64_t erased;              /* what to answer it */
    struct smp_timer *timer;

    /* the file */
    uint8_t *file;
    uint64_t file_len;
    bool is_open;

    uint64_t overruns, starved; /* what the buffers saw */
};

void device_open(struct device *device, struct smp_loop *loop, uint64_t work_ns);
void device_close(struct device *device);
/* Everything that is in RAM only is gone. */
void device_restart(struct device *device);

#endif

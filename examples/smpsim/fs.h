/* SPDX-License-Identifier: Apache-2.0 */
/* Group file system of the simulated device. */
#ifndef SMPSIM_FS_H
#define SMPSIM_FS_H

#include "files.h"

#include <smp/loop.h>
#include <smp/server.h>

#include <stdbool.h>
#include <stdint.h>

struct sim_device;

enum sim_fs_state {
    SIM_FS_CLOSED,
    SIM_FS_READING,
    SIM_FS_WRITING,
};

/* The file system, and the one file that is kept open between chunks. */
struct sim_fs {
    struct sim_files files;
    enum sim_fs_state state;
    char path[SIM_PATH_MAX + 1];       /* of the open file */
    const struct smp_transport *owner; /* who has it open */
    uint64_t off;                      /* where the next chunk goes, in Zephyr's count */
    uint64_t len;                      /* as told by the first chunk; 0: nobody knows */
    int reading;
    struct sim_copy copy;
    struct smp_timer *idle; /* closes it when nobody goes on */
    uint8_t *chunk;         /* buf_size bytes, for downloads */
};

/* Closes what is open, as command 4 does. */
void sim_fs_close(struct sim_device *device);
/* Fails with a code of the group, or what stands for it in this profile and version. */
void sim_fs_fail(const struct sim_device *device, struct smp_exchange *exchange, uint16_t rc,
                 const void *response);
/* Whether a request's name can be a path; if not, it has been answered. */
bool sim_fs_is_path(struct smp_exchange *exchange, struct smp_str name);

/* fs_hash.c */
void sim_fs_hash(struct smp_exchange *exchange, const void *request, void *user);
void sim_fs_hash_types(struct smp_exchange *exchange, const void *request, void *user);

#endif

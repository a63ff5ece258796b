/* SPDX-License-Identifier: Apache-2.0 */
/* A registry of the codec's own tests: three groups, after OS, IMG and one of a user. */
#ifndef TESTS_CODEC_GROUPS_H
#define TESTS_CODEC_GROUPS_H

#include "codec/tables.h"

static const struct smp_command t_os_commands[] = {
    {.name = "memory_pools",
     .request = &t_offset,
     .response = &t_pools,
     .group = 0,
     .id = 3,
     .op = SMP_OP_READ,
     .flags = SMPI_IDEMPOTENT,
     .enable = "CONFIG_POOLS"},
};
static const struct smp_group t_os = {
    .id = 0, .name = "os", .commands = t_os_commands, .n_commands = 1};

static const struct smp_command t_img_commands[] = {
    {.name = "state_read",
     .request = &t_offset,
     .response = &t_state,
     .group = 1,
     .id = 0,
     .op = SMP_OP_READ,
     .flags = SMPI_IDEMPOTENT},
    {.name = "state_write",
     .request = &t_upload,
     .response = &t_state,
     .group = 1,
     .id = 0,
     .op = SMP_OP_WRITE},
    {.name = "upload",
     .request = &t_upload,
     .response = &t_offset,
     .group = 1,
     .id = 1,
     .op = SMP_OP_WRITE},
};
static const struct smpi_code t_img_codes[] = {
    {{sizeof(struct smp_code), 8, "HASH_NOT_FOUND", "no image has this hash", NULL}, 1},
    {{sizeof(struct smp_code), 24, "INVALID_HASH", "the hash is of the wrong length",
      "take it from the image list"},
     3},
};
static const struct smp_group t_img = {.id = 1,
                                       .name = "img",
                                       .commands = t_img_commands,
                                       .n_commands = 3,
                                       .codes = t_img_codes,
                                       .n_codes = 2};

static const struct smp_group t_user = {.id = 70, .name = "mine"};

static const struct smp_group *const t_groups[] = {&t_os, &t_img, &t_user};
static const struct smpi_registry t_registry = {.groups = t_groups, .n_groups = 3};

#endif

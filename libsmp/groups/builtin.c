/* SPDX-License-Identifier: Apache-2.0 */
/* The loop as users make it: with all groups of the library. */
#include "core/loop.h"
#include "groups/group.h"

/* By rising number. */
static const struct smp_group *const groups[] = {
    &smpi_group_os,
    &smpi_group_img,
};

int smp_loop_new(const struct smp_loop_options *options, struct smp_loop **loop)
{
    const struct smpi_registry registry = {.groups = groups, .n_groups = SMPI_COUNT(groups)};
    return smpi_loop_make(options, &registry, &smpi_os_probe, loop);
}

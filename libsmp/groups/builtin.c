/* SPDX-License-Identifier: Apache-2.0 */
/* The loop as users make it: with all groups of the library. */
#include "core/loop.h"
#include "groups/group.h"

/* By rising number. */
/* clang-format off */
static const struct smp_group *const groups[] = {
    &smpi_group_os,
    &smpi_group_img,
    &smpi_group_stat,
    &smpi_group_settings,
    &smpi_group_log,
    &smpi_group_crash,
    &smpi_group_run,
    &smpi_group_fs,
    &smpi_group_shell,
    &smpi_group_enum,
    &smpi_group_transport,
    &smpi_group_zephyr,
    &smpi_group_suit,
    &smpi_group_memfault,
};
/* clang-format on */

int smp_loop_new(const struct smp_loop_options *options, struct smp_loop **loop)
{
    const struct smpi_registry registry = {.groups = groups, .n_groups = SMPI_COUNT(groups)};
    return smpi_loop_make(options, &registry, &smpi_os_probe, loop);
}

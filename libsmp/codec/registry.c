/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/registry.h"

const struct smp_group *smpi_registry_next(const struct smpi_registry *registry, int32_t id)
{
    for (size_t i = 0; registry && i < registry->n_groups; i++)
        if (registry->groups[i]->id > id)
            return registry->groups[i];
    return NULL;
}

const struct smp_group *smpi_registry_group(const struct smpi_registry *registry, uint16_t id)
{
    const struct smp_group *group = smpi_registry_next(registry, (int32_t)id - 1);

    return group && group->id == id ? group : NULL;
}

const struct smp_command *smpi_registry_command(const struct smpi_registry *registry,
                                                uint16_t group_id, uint8_t id, uint8_t op)
{
    const struct smp_group *group = smpi_registry_group(registry, group_id);

    for (size_t i = 0; group && i < group->n_commands; i++) {
        const struct smp_command *command = &group->commands[i];
        if (command->id == id && command->op == (op & ~1))
            return command;
    }
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finds groups and commands.  `registry` may be NULL: nothing is known. */
#ifndef SMPI_CODEC_REGISTRY_H
#define SMPI_CODEC_REGISTRY_H

#include "codec/table.h"

/* The group, or NULL. */
const struct smp_group *smpi_registry_group(const struct smpi_registry *registry, uint16_t id);

/* The first group with a number above `id`; -1: the first of all.  NULL: no more. */
const struct smp_group *smpi_registry_next(const struct smpi_registry *registry, int32_t id);

/* The command, or NULL.  `op` may be a request's or a response's. */
const struct smp_command *smpi_registry_command(const struct smpi_registry *registry,
                                                uint16_t group, uint8_t id, uint8_t op);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of message.h that look things up in a loop. */
#include "codec/dump.h"
#include "codec/packet.h"
#include "codec/registry.h"
#include "codec/result.h"
#include "core/loop.h"

static const struct smpi_registry *registry_of(const struct smp_loop *loop)
{
    return loop == NULL ? NULL : &loop->registry;
}

const struct smp_group *smp_group_next(const struct smp_loop *loop,
                                       const struct smp_group *previous)
{
    return smpi_registry_next(registry_of(loop), previous == NULL ? -1 : previous->id);
}

const struct smp_group *smp_group_find(const struct smp_loop *loop, uint16_t id)
{
    return smpi_registry_group(registry_of(loop), id);
}

const struct smp_command *smp_command_find(const struct smp_loop *loop, uint16_t group, uint8_t id,
                                           uint8_t op)
{
    return smpi_registry_command(registry_of(loop), group, id, op);
}

int smp_packet_decode(struct smp_loop *loop, const uint8_t *packet, size_t len,
                      struct smp_result *result)
{
    if (loop == NULL || packet == NULL || result == NULL) {
        return SMP_ERR_INVALID;
    }
    if (loop->depth == 0) { /* inside a callback the arena holds what that was given */
        smpi_arena_reset(&loop->arena);
    }
    return smpi_packet_decode(&loop->registry, &loop->arena, packet, len, result);
}

size_t smp_packet_dump(const struct smp_loop *loop, const uint8_t *packet, size_t len, char *text,
                       size_t size)
{
    return smpi_packet_dump(registry_of(loop), packet, len, text, size);
}

size_t smp_result_text(const struct smp_loop *loop, const struct smp_result *result, char *text,
                       size_t size)
{
    return smpi_result_text(registry_of(loop), result, text, size);
}

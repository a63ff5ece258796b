/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded arena: what one decoded message takes, given back all at once. */
#ifndef SMPI_BASE_ARENA_H
#define SMPI_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct smpi_arena {
    uint8_t *base; /* aligned for any type */
    size_t size;
    size_t used;
};

/* Zeroed memory aligned for any type, or NULL when full.  O(bytes). */
void *smpi_arena_alloc(struct smpi_arena *arena, size_t bytes);

static inline void smpi_arena_reset(struct smpi_arena *arena)
{
    arena->used = 0;
}

#endif

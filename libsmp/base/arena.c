/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

void *smpi_arena_alloc(struct smpi_arena *arena, size_t bytes)
{
    const size_t mask = alignof(max_align_t) - 1;

    if (bytes > arena->size - arena->used)
        return NULL;
    void *memory = arena->base + arena->used;
    size_t rounded = (bytes + mask) & ~mask;
    size_t room = arena->size - arena->used;
    arena->used += rounded < room ? rounded : room;
    return memset(memory, 0, bytes);
}

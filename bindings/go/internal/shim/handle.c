/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: 20 bits of slot, the rest counts how often the slot was given out.  A handle of what
 * is gone finds another generation there, and so does no harm.
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define INDEX(handle) ((uint32_t)((handle) & (SHIM_SLOTS_MAX - 1)))
#define GENERATION(handle) ((handle) / SHIM_SLOTS_MAX)

static bool grow(struct shim *shim)
{
    uint32_t count = shim->n_slots ? shim->n_slots * 2 : 64;

    if (count > SHIM_SLOTS_MAX)
        return false;
    struct slot *slots = realloc(shim->slots, count * sizeof(*slots));
    if (!slots)
        return false;
    memset(slots + shim->n_slots, 0, (count - shim->n_slots) * sizeof(*slots));
    for (uint32_t i = shim->n_slots; i < count; i++)
        slots[i].next_free = i + 1;
    shim->slots = slots;
    shim->n_slots = count;
    return true;
}

int64_t shimi_add(struct shim *shim, enum object_type type, void *object)
{
    if (shim->free_slot >= shim->n_slots && !grow(shim))
        return SMP_ERR_NO_MEMORY;
    uint32_t index = shim->free_slot;
    struct slot *slot = &shim->slots[index];

    shim->free_slot = slot->next_free;
    slot->generation++;
    slot->type = type;
    slot->object = object;
    shim->objects++;
    return slot->generation * SHIM_SLOTS_MAX + index;
}

static int find_slot(const struct shim *shim, int64_t handle, struct slot **slot)
{
    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    if (handle <= 0 || INDEX(handle) >= shim->n_slots)
        return SMP_ERR_INVALID;
    *slot = &shim->slots[INDEX(handle)];
    if (GENERATION(handle) > (*slot)->generation)
        return SMP_ERR_INVALID;
    if (GENERATION(handle) < (*slot)->generation || (*slot)->type == OBJECT_NONE)
        return SMP_ERR_CLOSED;
    return SMP_OK;
}

int shimi_find(const struct shim *shim, int64_t handle, enum object_type type, void *object)
{
    struct slot *slot;
    int error = find_slot(shim, handle, &slot);

    if (error == SMP_OK && slot->type != type)
        error = SMP_ERR_INVALID;
    if (error == SMP_OK)
        memcpy(object, &slot->object, sizeof(slot->object));
    return error;
}

enum object_type shimi_type(const struct shim *shim, int64_t handle)
{
    struct slot *slot;

    return find_slot(shim, handle, &slot) == SMP_OK ? slot->type : OBJECT_NONE;
}

void shimi_remove(struct shim *shim, int64_t handle)
{
    struct slot *slot;

    if (find_slot(shim, handle, &slot) != SMP_OK)
        return;
    slot->type = OBJECT_NONE;
    slot->object = NULL;
    slot->next_free = shim->free_slot;
    shim->free_slot = INDEX(handle);
    shim->objects--;
}

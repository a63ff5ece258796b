/* SPDX-License-Identifier: Apache-2.0 */
#include "core/pool.h"

#include "core/loop.h"

static const size_t class_size[SMPI_POOL_CLASSES] = {
    SMPI_BLOCK_SMALL,
    SMPI_BLOCK_PACKET,
    SMPI_BLOCK_LARGE,
    SMPI_BLOCK_MAX,
};

static size_t class_of(size_t size)
{
    size_t i = 0;
    while (i < SMPI_POOL_CLASSES && class_size[i] < size) {
        i++;
    }
    return i;
}

/* Adds blocks, in one allocation: its first block-sized head links it for smpi_pool_close(). */
static int grow(struct smp_loop *loop, size_t class_index, size_t count)
{
    struct smpi_pool *pool = &loop->pool;
    size_t stride = sizeof(struct smpi_block) + class_size[class_index];
    uint8_t *memory = smpi_alloc(loop, sizeof(struct smpi_block) + count * stride);
    if (memory == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    struct smpi_block *chunk = (struct smpi_block *)(void *)memory;
    chunk->next = pool->chunks;
    pool->chunks = chunk;
    for (size_t i = count; i > 0; i--) {
        struct smpi_block *block =
            (struct smpi_block *)(void *)(memory + sizeof(struct smpi_block) + (i - 1) * stride);
        block->class_index = class_index;
        block->next = pool->free[class_index];
        pool->free[class_index] = block;
    }
    pool->owned[class_index] += count;
    return SMP_OK;
}

int smpi_pool_reserve(struct smp_loop *loop, size_t size, size_t count)
{
    struct smpi_pool *pool = &loop->pool;
    size_t i = class_of(size);
    if (i == SMPI_POOL_CLASSES) {
        return SMP_ERR_TOO_LARGE;
    }
    size_t wanted = pool->wanted[i] + count;
    int error = wanted > pool->owned[i] ? grow(loop, i, wanted - pool->owned[i]) : SMP_OK;
    if (error == SMP_OK) {
        pool->wanted[i] = wanted;
    }
    return error;
}

void smpi_pool_unreserve(struct smp_loop *loop, size_t size, size_t count)
{
    loop->pool.wanted[class_of(size)] -= count;
}

void *smpi_pool_get(struct smp_loop *loop, size_t size)
{
    for (size_t i = class_of(size); i < SMPI_POOL_CLASSES; i++) {
        struct smpi_block *block = loop->pool.free[i];
        if (block != NULL) {
            loop->pool.free[i] = block->next;
            return block + 1;
        }
    }
    return NULL;
}

void smpi_pool_put(struct smp_loop *loop, void *memory)
{
    if (memory != NULL) {
        struct smpi_block *block = (struct smpi_block *)memory - 1;
        block->next = loop->pool.free[block->class_index];
        loop->pool.free[block->class_index] = block;
    }
}

void smpi_pool_close(struct smp_loop *loop)
{
    while (loop->pool.chunks != NULL) {
        struct smpi_block *chunk = loop->pool.chunks;
        loop->pool.chunks = chunk->next;
        smpi_free(loop, chunk);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of a few sizes for packets and requests.  A pool grows only through
 * smpi_pool_reserve(), when a session, transfer or link starts; smpi_pool_get()
 * never asks the allocator and says NULL when all is in use.
 */
#ifndef SMPI_CORE_POOL_H
#define SMPI_CORE_POOL_H

#include <stddef.h>
#include <stdint.h>

struct smp_loop;

#define SMPI_POOL_CLASSES 4

/* Usable bytes of each class. */
#define SMPI_BLOCK_SMALL 256u
#define SMPI_BLOCK_PACKET 2304u
#define SMPI_BLOCK_LARGE 8960u
#define SMPI_BLOCK_MAX 65792u

struct smpi_block {
    struct smpi_block *next;
    size_t class_index;
};

struct smpi_pool {
    struct smpi_block *free[SMPI_POOL_CLASSES];
    size_t wanted[SMPI_POOL_CLASSES]; /* reserved by those that live now */
    size_t owned[SMPI_POOL_CLASSES];  /* blocks there are */
    struct smpi_block *chunks;        /* what was allocated, for freeing it all */
};

/*
 * Makes sure of `count` blocks more of at least `size` bytes.  SMP_ERR_NO_MEMORY.  Given back,
 * they stay in the pool for the next who reserves: it grows with what lives at one time.
 */
int smpi_pool_reserve(struct smp_loop *loop, size_t size, size_t count);
void smpi_pool_unreserve(struct smp_loop *loop, size_t size, size_t count);
/* A block of at least `size` bytes, not zeroed, or NULL. */
void *smpi_pool_get(struct smp_loop *loop, size_t size);
void smpi_pool_put(struct smp_loop *loop, void *memory);
void smpi_pool_close(struct smp_loop *loop);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <criterion/criterion.h>

#include <stdalign.h>
#include <string.h>

static alignas(max_align_t) uint8_t memory[256];

static struct smpi_arena dirty_arena(size_t size)
{
    memset(memory, 0xee, sizeof(memory));
    return (struct smpi_arena){.base = memory, .size = size};
}

Test(arena, gives_zeroed_and_aligned_memory)
{
    struct smpi_arena arena = dirty_arena(sizeof(memory));

    for (int i = 0; i < 4; i++) {
        uint8_t *bytes = smpi_arena_alloc(&arena, 13);
        cr_assert_not_null(bytes);
        cr_assert_eq((uintptr_t)bytes % alignof(max_align_t), 0);
        for (int j = 0; j < 13; j++)
            cr_assert_eq(bytes[j], 0);
        memset(bytes, 0xff, 13);
    }
}

Test(arena, can_be_filled_to_the_last_byte_and_no_further)
{
    struct smpi_arena arena = dirty_arena(100);

    cr_assert_not_null(smpi_arena_alloc(&arena, 96));
    cr_assert_null(smpi_arena_alloc(&arena, 5));
    cr_assert_not_null(smpi_arena_alloc(&arena, 4));
    cr_assert_null(smpi_arena_alloc(&arena, 1));
    cr_assert_eq(memory[100], 0xee);
}

Test(arena, refuses_sizes_that_would_overflow)
{
    struct smpi_arena arena = dirty_arena(sizeof(memory));

    cr_assert_not_null(smpi_arena_alloc(&arena, 1));
    cr_assert_null(smpi_arena_alloc(&arena, SIZE_MAX));
    cr_assert_null(smpi_arena_alloc(&arena, SIZE_MAX - 15));
    cr_assert_not_null(smpi_arena_alloc(&arena, 1));
}

Test(arena, is_empty_after_a_reset)
{
    struct smpi_arena arena = dirty_arena(64);

    void *first = smpi_arena_alloc(&arena, 64);
    cr_assert_null(smpi_arena_alloc(&arena, 1));
    smpi_arena_reset(&arena);
    cr_assert_eq(smpi_arena_alloc(&arena, 64), first);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of the program's own tables: given out one by one, freed with the loop. */
#include "core/custom.h"

#include <string.h>

struct smpi_kept {
    struct smpi_kept *next;
    _Alignas(max_align_t) uint8_t memory[];
};

void *smpi_keep(struct smp_loop *loop, size_t bytes)
{
    struct smpi_kept *kept = smpi_alloc(loop, sizeof(*kept) + bytes);

    if (kept == NULL) {
        return NULL;
    }
    kept->next = loop->kept;
    loop->kept = kept;
    return kept->memory;
}

const char *smpi_keep_text(struct smp_loop *loop, const char *text, int *error)
{
    if (text == NULL || *error != SMP_OK) {
        return NULL;
    }
    size_t len = strlen(text);
    char *copy = smpi_keep(loop, len + 1);
    if (copy == NULL) {
        *error = SMP_ERR_NO_MEMORY;
        return NULL;
    }
    memcpy(copy, text, len);
    return copy;
}

void *smpi_keep_grown(struct smp_loop *loop, const void *array, size_t count, size_t element)
{
    bool full = (count & (count - 1)) == 0; /* capacities are powers of two, the first is 1 */
    if (!full) {
        return (void *)(uintptr_t)array;
    }
    void *larger = smpi_keep(loop, (count == 0 ? 1 : 2 * count) * element);
    if (larger != NULL && count > 0) {
        memcpy(larger, array, count * element);
    }
    return larger;
}

void smpi_keep_close(struct smp_loop *loop)
{
    while (loop->kept != NULL) {
        struct smpi_kept *kept = loop->kept;
        loop->kept = kept->next;
        smpi_free(loop, kept);
    }
}

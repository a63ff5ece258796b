/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer's source in memory. */
#include <smp/transfer.h>

#include <string.h>

static int read_memory(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    memcpy(data, (const uint8_t *)user + offset, len);
    return SMP_OK;
}

void smp_source_memory(struct smp_source *source, const void *data, size_t len)
{
    *source = (struct smp_source){
        .size = sizeof(*source),
        .length = len,
        .read = read_memory,
        .user = (void *)(uintptr_t)data, /* only ever read */
    };
}

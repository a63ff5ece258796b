/* SPDX-License-Identifier: Apache-2.0 */
#include "lenient.h"

#include "device.h"

#include <smp/fs.h>
#include <smp/img.h>
#include <smp/os.h>
#include <smp/settings.h>

#include <stdlib.h>
#include <string.h>

#define MEMORY 4096u /* for one decoded request, whose texts stay where they are */

/* What a key that is missing is taken for, as CBOR: an entry of the request's map. */
static const struct missing {
    uint16_t group;
    uint8_t id;
    uint8_t op;
    uint8_t len;
    uint8_t entry[7];
} missing[] = {
    {SMP_GROUP_OS, 0, SMP_OP_READ, 3, {0x61, 'd', 0x60}},
    {SMP_GROUP_OS, 0, SMP_OP_WRITE, 3, {0x61, 'd', 0x60}},
    {SMP_GROUP_FS, 0, SMP_OP_WRITE, 6, {0x64, 'd', 'a', 't', 'a', 0x40}},
    {SMP_GROUP_SETTINGS, 0, SMP_OP_WRITE, 5, {0x63, 'v', 'a', 'l', 0x40}},
    {SMP_GROUP_IMG, 1, SMP_OP_WRITE, 5, {0x63, 'o', 'f', 'f', 0x00}},
};
#define MISSING (sizeof(missing) / sizeof(missing[0]))

static const struct missing *find_missing(const struct smp_header *header)
{
    for (size_t i = 0; i < MISSING; i++) {
        if (missing[i].group == header->group && missing[i].id == header->id &&
            missing[i].op == header->op)
            return &missing[i];
    }
    return NULL;
}

static smp_handler *find_handler(const struct smp_header *header)
{
    const struct sim_group *group;

    for (size_t i = 0; (group = sim_group_at(i)) != NULL; i++) {
        for (size_t k = 0; group->id == header->group && k < group->n_handlers; k++) {
            if (group->handlers[k].id == header->id && group->handlers[k].op == header->op)
                return group->handlers[k].handle;
        }
    }
    return NULL;
}

/* Adds an entry to a map of fewer than 23, which has room for it.  False: it is no such map. */
static bool add_entry(uint8_t *map, size_t *len, const struct missing *entry)
{
    bool open = *len > 1 && map[0] == 0xbf && map[*len - 1] == 0xff;

    if (!open && (*len == 0 || map[0] < 0xa0 || map[0] >= 0xb7))
        return false;
    if (!open)
        map[0]++;
    *len -= open;
    memcpy(map + *len, entry->entry, entry->len);
    *len += entry->len;
    if (open)
        map[(*len)++] = 0xff;
    return true;
}

static int decode(const struct smp_exchange *exchange, const uint8_t *map, size_t len, void *memory,
                  struct smp_result *result)
{
    *result = (struct smp_result){.size = sizeof(*result)};
    return smp_message_decode(smp_command_request(smp_exchange_command(exchange)), false, map, len,
                              memory, MEMORY, result);
}

/* The request is the same with one entry more. */
static void answer_completed(struct sim_device *device, struct smp_exchange *exchange,
                             const struct missing *entry, uint8_t *map, void *memory)
{
    const struct smp_header *header = smp_exchange_header(exchange);
    struct smp_bytes payload = smp_exchange_payload(exchange);
    struct smp_result result;
    size_t len = payload.len;

    if (len > 0)
        memcpy(map, payload.data, len);
    /* A key that is there already, with a value of the wrong type, is there twice now. */
    if (!add_entry(map, &len, entry) || decode(exchange, map, len, memory, &result) != SMP_OK)
        return;
    if (header->group == SMP_GROUP_IMG)
        smp_exchange_fail(exchange, SMP_IMG_RC_INVALID_OFFSET, NULL);
    else
        find_handler(header)(exchange, result.rsp, device);
}

static bool is_reset(const struct smp_header *header)
{
    return header->group == SMP_GROUP_OS && header->id == 5 && header->op == SMP_OP_WRITE;
}

void sim_lenient(struct sim_device *device, struct smp_exchange *exchange)
{
    const struct smp_header *header = smp_exchange_header(exchange);
    const struct missing *entry = find_missing(header);
    bool reset = is_reset(header) && device->profile->always_resets;
    struct smp_bytes payload = smp_exchange_payload(exchange);
    const struct smp_os_reset_req plain = {.size = sizeof(plain)};
    uint8_t *memory;
    struct smp_result result;

    if ((entry == NULL && !reset) || device->profile->mynewt)
        return;
    memory = malloc(MEMORY + payload.len + sizeof(entry->entry) + 1);
    if (memory != NULL && decode(exchange, payload.data, payload.len, memory, &result) != SMP_OK) {
        if (reset)
            find_handler(header)(exchange, &plain, device);
        else
            answer_completed(device, exchange, entry, memory + MEMORY, memory);
    }
    free(memory);
}

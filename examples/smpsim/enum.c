/* SPDX-License-Identifier: Apache-2.0 */
/* Group enumeration: what is switched on, as it is. */
#include "device.h"
#include "text.h"

#include <smp/enum.h>

#define GROUPS_MAX 16u /* also of a request for details */

/* The groups that the device has, in order. */
static size_t present(const struct sim_device *device, const struct sim_group *groups[GROUPS_MAX])
{
    const struct sim_group *group;
    size_t count = 0;

    for (size_t i = 0; (group = sim_group_at(i)) != NULL && count < GROUPS_MAX; i++) {
        if (device->groups & group->bit)
            groups[count++] = group;
    }
    return count;
}

static void count(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_group *groups[GROUPS_MAX];
    struct smp_enum_count_rsp rsp = {.size = sizeof(rsp)};

    (void)request;
    rsp.count = (uint32_t)present(user, groups);
    smp_exchange_reply(exchange, &rsp);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_group *groups[GROUPS_MAX];
    uint16_t ids[GROUPS_MAX];
    struct smp_enum_list_rsp rsp = {.size = sizeof(rsp), .groups = ids};

    (void)request;
    rsp.n_groups = present(user, groups);
    for (size_t i = 0; i < rsp.n_groups; i++)
        ids[i] = groups[i]->id;
    smp_exchange_reply(exchange, &rsp);
}

static void single(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_enum_single_req *req = request;
    const struct sim_group *groups[GROUPS_MAX];
    size_t n = present(user, groups), index = req->has_index ? req->index : 0;
    struct smp_enum_single_rsp rsp = {.size = sizeof(rsp)};

    if (index > UINT16_MAX) { /* Zephyr reads 16 bits of it */
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "index");
        return;
    }
    if (index >= n) {
        smp_exchange_fail(exchange, SMP_ENUM_RC_INDEX_TOO_LARGE, NULL);
        return;
    }
    rsp.group = groups[index]->id;
    rsp.has_end = rsp.end = index == n - 1;
    smp_exchange_reply(exchange, &rsp);
}

/* One more than its highest command. */
static uint32_t handlers_of(const struct sim_device *device, const struct sim_group *group)
{
    uint32_t n = 0;

    for (size_t i = 0; i < group->n_handlers; i++) {
        uint8_t id = group->handlers[i].id;

        if (id >= n && !sim_profile_misses(device->profile, group->id, id))
            n = id + 1u;
    }
    return n;
}

static bool is_wanted(const struct smp_enum_details_req *req, uint16_t id)
{
    for (size_t i = 0; i < req->n_groups; i++) {
        if (req->groups[i] == id)
            return true;
    }
    return req->n_groups == 0;
}

static void details(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct sim_device *device = user;
    const struct smp_enum_details_req *req = request;
    const struct sim_group *groups[GROUPS_MAX];
    struct smp_enum_group entries[GROUPS_MAX];
    const struct smp_enum_group *pointers[GROUPS_MAX];
    struct smp_enum_details_rsp rsp = {.size = sizeof(rsp), .groups = pointers};
    size_t count = present(device, groups);

    if (req->n_groups > GROUPS_MAX) {
        smp_exchange_fail(exchange, SMP_ENUM_RC_TOO_MANY_GROUP_ENTRIES, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = rsp.n_groups;

        if (!is_wanted(req, groups[i]->id))
            continue;
        entries[n] = (struct smp_enum_group){
            .size = sizeof(entries[n]),
            .group = groups[i]->id,
            .has_name = true,
            .name = sim_str(groups[i]->title),
            .has_handlers = true,
            .handlers = handlers_of(device, groups[i]),
        };
        pointers[n] = &entries[n];
        rsp.n_groups++;
    }
    smp_exchange_reply(exchange, &rsp);
}

static const struct sim_handler handlers[] = {
    {0, SMP_OP_READ, count},
    {1, SMP_OP_READ, list},
    {2, SMP_OP_READ, single},
    {3, SMP_OP_READ, details},
};

const struct sim_group sim_group_enum = {
    .bit = SIM_GROUP_ENUM,
    .id = SMP_GROUP_ENUM,
    .name = "enum",
    .title = "enum mgmt",
    .handlers = handlers,
    .n_handlers = sizeof(handlers) / sizeof(handlers[0]),
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Group enumeration: what is switched on, as it is. */
#include "device.h"
#include "text.h"

#include <smp/enum.h>

#define ASKED_MAX 16u /* groups in a request for details */
#define GROUPS_MAX (16u + SIM_CUSTOM_MAX)

/* A group that is there. */
struct entry {
    uint16_t id;
    const char *title;
    uint32_t handlers; /* one more than its highest command */
};

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

static uint32_t handlers_of_custom(const struct smp_group *group)
{
    const struct smp_command *command;
    uint32_t n = 0;

    for (size_t i = 0; (command = smp_group_command(group, i)) != NULL; i++) {
        if (smp_command_id(command) >= n)
            n = smp_command_id(command) + 1u;
    }
    return n;
}

/* The groups that the device has, in order. */
static size_t present(const struct sim_device *device, struct entry entries[GROUPS_MAX])
{
    const struct sim_group *group;
    size_t count = 0;

    for (size_t i = 0; (group = sim_group_at(i)) != NULL; i++) {
        if (device->groups & group->bit)
            entries[count++] = (struct entry){group->id, group->title, handlers_of(device, group)};
    }
    for (size_t i = 0; i < device->custom.n_groups; i++) {
        const struct smp_group *custom = device->custom.groups[i];

        entries[count++] = (struct entry){smp_group_number(custom), smp_group_name(custom),
                                          handlers_of_custom(custom)};
    }
    return count;
}

static void count(struct smp_exchange *exchange, const void *request, void *user)
{
    struct entry entries[GROUPS_MAX];
    struct smp_enum_count_rsp rsp = {.size = sizeof(rsp)};

    (void)request;
    rsp.count = (uint32_t)present(user, entries);
    smp_exchange_reply(exchange, &rsp);
}

static void list(struct smp_exchange *exchange, const void *request, void *user)
{
    struct entry entries[GROUPS_MAX];
    uint16_t ids[GROUPS_MAX];
    struct smp_enum_list_rsp rsp = {.size = sizeof(rsp), .groups = ids};

    (void)request;
    rsp.n_groups = present(user, entries);
    for (size_t i = 0; i < rsp.n_groups; i++)
        ids[i] = entries[i].id;
    smp_exchange_reply(exchange, &rsp);
}

static void single(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_enum_single_req *req = request;
    struct entry entries[GROUPS_MAX];
    size_t n = present(user, entries), index = req->has_index ? req->index : 0;
    struct smp_enum_single_rsp rsp = {.size = sizeof(rsp)};

    if (index > UINT16_MAX) { /* Zephyr reads 16 bits of it */
        smp_exchange_refuse(exchange, SMP_RC_INVALID, "index");
        return;
    }
    if (index >= n) {
        smp_exchange_fail(exchange, SMP_ENUM_RC_INDEX_TOO_LARGE, NULL);
        return;
    }
    rsp.group = entries[index].id;
    rsp.has_end = rsp.end = index == n - 1;
    smp_exchange_reply(exchange, &rsp);
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
    const struct smp_enum_details_req *req = request;
    struct entry entries[GROUPS_MAX];
    struct smp_enum_group groups[GROUPS_MAX];
    const struct smp_enum_group *pointers[GROUPS_MAX];
    struct smp_enum_details_rsp rsp = {.size = sizeof(rsp), .groups = pointers};
    size_t count = present(user, entries);

    if (req->n_groups > ASKED_MAX) {
        smp_exchange_fail(exchange, SMP_ENUM_RC_TOO_MANY_GROUP_ENTRIES, NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t n = rsp.n_groups;

        if (!is_wanted(req, entries[i].id))
            continue;
        groups[n] = (struct smp_enum_group){
            .size = sizeof(groups[n]),
            .group = entries[i].id,
            .has_name = true,
            .name = sim_str(entries[i].title),
            .has_handlers = true,
            .handlers = entries[i].handlers,
        };
        pointers[n] = &groups[n];
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

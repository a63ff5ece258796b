/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of the language's own: the library lays the structs out. */
#include "internal.h"

int64_t shim_message_new(struct shim *shim, const char *name)
{
    struct smp_message *message = NULL;

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    int error = name ? smp_message_new(shim->loop, name, 0, &message) : SMP_ERR_INVALID;
    return error == SMP_OK ? shimi_add(shim, OBJECT_MESSAGE, message) : error;
}

/* Handle 0: no message. */
static int find_message(struct shim *shim, int64_t handle, struct smp_message **message)
{
    *message = NULL;
    return handle == 0 ? SMP_OK : shimi_find(shim, handle, OBJECT_MESSAGE, message);
}

int shim_message_add(struct shim *shim, int64_t handle, const char *key, const char *alias,
                     enum smp_kind kind, enum smp_kind element, uint32_t width, bool optional,
                     int64_t field_message)
{
    struct smp_message *message, *of_field;
    int error = shimi_find(shim, handle, OBJECT_MESSAGE, &message);

    if (error == SMP_OK)
        error = find_message(shim, field_message, &of_field);
    if (error != SMP_OK)
        return error;
    const struct smp_field_spec spec = {.size = sizeof(spec),
                                        .key = key,
                                        .alias = alias,
                                        .kind = kind,
                                        .element = element,
                                        .width = width,
                                        .optional = optional,
                                        .message = of_field};
    return smp_message_add(message, &spec);
}

int64_t shim_group_new(struct shim *shim, uint16_t id, const char *name)
{
    struct smp_group *group = NULL;

    if (!shim || !shim->loop)
        return SMP_ERR_CLOSED;
    int error = name ? smp_group_new(shim->loop, id, name, &group) : SMP_ERR_INVALID;
    return error == SMP_OK ? shimi_add(shim, OBJECT_GROUP, group) : error;
}

int shim_group_add_command(struct shim *shim, int64_t handle, const char *name, uint8_t id,
                           uint8_t op, bool idempotent, int64_t request, int64_t response,
                           const char *enable)
{
    struct smp_group *group;
    struct smp_message *asked, *answered;
    int error = shimi_find(shim, handle, OBJECT_GROUP, &group);

    if (error == SMP_OK)
        error = find_message(shim, request, &asked);
    if (error == SMP_OK)
        error = find_message(shim, response, &answered);
    if (error != SMP_OK)
        return error;
    const struct smp_command_spec spec = {.size = sizeof(spec),
                                          .name = name,
                                          .id = id,
                                          .op = op,
                                          .idempotent = idempotent,
                                          .request = asked,
                                          .response = answered,
                                          .enable = enable};
    return smp_group_add_command(group, &spec);
}

int shim_group_add_code(struct shim *shim, int64_t handle, int32_t rc, const char *name,
                        const char *text, const char *hint, int v1)
{
    const struct smp_code code = {
        .size = sizeof(code), .rc = rc, .name = name, .text = text, .hint = hint};
    struct smp_group *group;
    int error = shimi_find(shim, handle, OBJECT_GROUP, &group);

    return error == SMP_OK ? smp_group_add_code(group, &code, v1) : error;
}

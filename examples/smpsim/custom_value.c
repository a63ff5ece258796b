/* SPDX-License-Identifier: Apache-2.0 */
#include "custom_value.h"

#include <stdlib.h>
#include <string.h>

struct sim_custom_value *sim_custom_value_find(const struct sim_custom_values *values,
                                               uint16_t group, const char *key)
{
    for (size_t i = 0; i < values->n; i++) {
        if (values->values[i].group == group && strcmp(values->values[i].key, key) == 0)
            return &values->values[i];
    }
    return NULL;
}

struct sim_custom_value *sim_custom_value_add(struct sim_custom_values *values, uint16_t group,
                                              const char *key)
{
    struct sim_custom_value *found = sim_custom_value_find(values, group, key);
    struct sim_custom_value *grown;
    char *copy;

    if (found != NULL)
        return found;
    grown = realloc(values->values, (values->n + 1) * sizeof(*grown));
    if (grown == NULL)
        return NULL;
    values->values = grown;
    copy = strdup(key);
    if (copy == NULL)
        return NULL;
    grown[values->n] = (struct sim_custom_value){.group = group, .key = copy};
    return &grown[values->n++];
}

bool sim_custom_entry_set(struct sim_custom_entry *entry, const uint8_t *data, size_t len)
{
    uint8_t *copy = malloc(len);

    if (copy == NULL)
        return false;
    memcpy(copy, data, len);
    free(entry->data);
    *entry = (struct sim_custom_entry){copy, len};
    return true;
}

void sim_custom_values_reset(struct sim_custom_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        struct sim_custom_value *value = &values->values[i];

        free(value->now.data);
        value->now = (struct sim_custom_entry){NULL, 0};
        if (value->first.data != NULL)
            sim_custom_entry_set(&value->now, value->first.data, value->first.len);
    }
}

void sim_custom_values_free(struct sim_custom_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        free(values->values[i].key);
        free(values->values[i].first.data);
        free(values->values[i].now.data);
    }
    free(values->values);
    *values = (struct sim_custom_values){NULL, 0};
}

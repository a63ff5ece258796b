/* SPDX-License-Identifier: Apache-2.0 */
/* What the groups of description files have stored: one value for a key in a group. */
#ifndef SMPSIM_CUSTOM_VALUE_H
#define SMPSIM_CUSTOM_VALUE_H

#include <smp/message.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* {key: value} in CBOR; data NULL: nothing. */
struct sim_custom_entry {
    uint8_t *data;
    size_t len;
};

struct sim_custom_value {
    uint16_t group;
    char *key;
    struct sim_custom_entry first; /* after each boot */
    struct sim_custom_entry now;
};

struct sim_custom_values {
    struct sim_custom_value *values;
    size_t n;
};

/* The value of that key, or NULL. */
struct sim_custom_value *sim_custom_value_find(const struct sim_custom_values *values,
                                               uint16_t group, const char *key);
/* The same; makes one when there is none.  NULL: no memory. */
struct sim_custom_value *sim_custom_value_add(struct sim_custom_values *values, uint16_t group,
                                              const char *key);
/* Copies.  False: no memory, and nothing has changed. */
bool sim_custom_entry_set(struct sim_custom_entry *entry, const uint8_t *data, size_t len);

/* Everything as it was at first. */
void sim_custom_values_reset(struct sim_custom_values *values);
void sim_custom_values_free(struct sim_custom_values *values);

#endif

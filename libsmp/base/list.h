/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked lists.  An unlinked node points to itself. */
#ifndef SMPI_BASE_LIST_H
#define SMPI_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct smpi_list {
    struct smpi_list *next;
    struct smpi_list *previous;
};

/* clang-format off */
/* The struct around a node. */
#define SMPI_OF(node, type, member) ((type *)(void *)((char *)(node) - offsetof(type, member)))
/* clang-format on */

static inline void smpi_list_init(struct smpi_list *list)
{
    list->next = list;
    list->previous = list;
}

static inline bool smpi_list_empty(const struct smpi_list *list)
{
    return list->next == list;
}

static inline void smpi_list_remove(struct smpi_list *node)
{
    node->next->previous = node->previous;
    node->previous->next = node->next;
    smpi_list_init(node);
}

/* Inserts before `at`: with the head, at the end. */
static inline void smpi_list_add(struct smpi_list *at, struct smpi_list *node)
{
    node->next = at;
    node->previous = at->previous;
    at->previous->next = node;
    at->previous = node;
}

static inline void smpi_list_add_first(struct smpi_list *head, struct smpi_list *node)
{
    smpi_list_add(head->next, node);
}

#endif

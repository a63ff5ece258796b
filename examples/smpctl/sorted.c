/* SPDX-License-Identifier: Apache-2.0 */
#include "sorted.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    struct smp_str text;
    size_t place;
};

static int compare(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    size_t shorter = a->text.len < b->text.len ? a->text.len : b->text.len;
    int order = shorter ? memcmp(a->text.data, b->text.data, shorter) : 0;
    if (order == 0) {
        order = (a->text.len > b->text.len) - (a->text.len < b->text.len);
    }
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* Turns filled entries into their places; takes them over. */
static size_t *places(struct entry *entries, size_t n)
{
    size_t *order = calloc(n, sizeof *order);
    if (order) {
        qsort(entries, n, sizeof *entries, compare);
        for (size_t i = 0; i < n; i++) {
            order[i] = entries[i].place;
        }
    }
    free(entries);
    return order;
}

size_t *sorted_texts(const struct smp_str *texts, size_t n)
{
    struct entry *entries = n ? calloc(n, sizeof *entries) : NULL;
    if (!entries) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i] = (struct entry){texts[i], i};
    }
    return places(entries, n);
}

size_t *sorted_records(const void *const *records, size_t n,
                       struct smp_str (*name)(const void *record))
{
    struct entry *entries = n ? calloc(n, sizeof *entries) : NULL;
    if (!entries) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        entries[i] = (struct entry){name(records[i]), i};
    }
    return places(entries, n);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Two ends on a fake clock with a bad link between them. */
#ifndef TESTS_TRANSPORTS_BAD_ENDS_H
#define TESTS_TRANSPORTS_BAD_ENDS_H

#include "transports/catcher.h"

#define MS UINT64_C(1000000)

/* A little of all that can be wrong. */
static const struct smp_faults everything = {
    .size = sizeof(everything),
    .seed = 42,
    .drop = 50000,
    .duplicate = 50000,
    .reorder = 50000,
    .corrupt = 50000,
    .truncate = 50000,
    .delay_ns = 3 * MS,
    .jitter_ns = 2 * MS,
};

/* `near` has the bad link in front of it; `far` is the good end. */
struct ends {
    struct fake fake;
    struct smp_transport *near, *far;
    struct catcher *at_near, *at_far;
};

static inline struct ends ends_new(const struct smp_faults *faults)
{
    struct ends e = {.fake = fake_new()};
    struct smp_transport *inner;
    cr_assert(smp_loopback_new(e.fake.loop, 4096, &inner, &e.far) == SMP_OK);
    cr_assert(smp_faulty_new(inner, faults, &e.near) == SMP_OK);
    e.at_near = catcher_new(e.near);
    e.at_far = catcher_new(e.far);
    return e;
}

static inline void ends_free(struct ends *e)
{
    smp_transport_free(e->near);
    smp_transport_free(e->far);
    free(e->at_near);
    free(e->at_far);
    fake_free(&e->fake);
}

/* Lets time pass until nothing is under way. */
static inline void run(struct ends *e)
{
    cr_assert(smp_loop_run(e->fake.loop) == SMP_OK);
}

static inline void send_many(struct ends *e, struct smp_transport *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cr_assert(send_number(from, i, 100) == SMP_OK);
        settle(e->fake.loop);
    }
}

static inline void expect_numbers(const struct catcher *c, const uint32_t *numbers, size_t count)
{
    cr_assert(c->count == count, "%zu packets instead of %zu", c->count, count);
    for (size_t i = 0; i < count; i++) {
        cr_expect(caught_number(c, i) == numbers[i], "packet %zu is %u instead of %u", i,
                  caught_number(c, i), numbers[i]);
    }
}

#endif

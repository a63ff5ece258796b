/* SPDX-License-Identifier: Apache-2.0 */
/* A clock that only moves when told, or when a loop on it would sleep. */
#include <smp/error.h>
#include <smp/loopback.h>

#include <stdlib.h>

/* Not 0: code that takes 0 for "no time yet" would otherwise pass its tests by luck. */
#define START 1000000000u

struct smp_fake_clock {
    struct smp_clock clock;
    uint64_t now;
};

static uint64_t fake_now(void *user)
{
    const struct smp_fake_clock *clock = user;
    return clock->now;
}

static void fake_sleep(uint64_t until, void *user)
{
    struct smp_fake_clock *clock = user;
    if (until > clock->now && until != UINT64_MAX) {
        clock->now = until;
    }
}

int smp_fake_clock_new(struct smp_fake_clock **clock)
{
    if (clock == NULL) {
        return SMP_ERR_INVALID;
    }
    /* Older than any loop, so there is no loop's allocator to ask. */
    struct smp_fake_clock *made = calloc(1, sizeof(*made));
    if (made == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    made->clock = (struct smp_clock){.now = fake_now, .sleep = fake_sleep, .user = made};
    made->now = START;
    *clock = made;
    return SMP_OK;
}

void smp_fake_clock_free(struct smp_fake_clock *clock)
{
    free(clock);
}

const struct smp_clock *smp_fake_clock_get(struct smp_fake_clock *clock)
{
    return &clock->clock;
}

void smp_fake_clock_advance(struct smp_fake_clock *clock, uint64_t ns)
{
    clock->now = ns < UINT64_MAX - clock->now ? clock->now + ns : UINT64_MAX - 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Small deterministic chance: the same seed gives the same numbers everywhere.  Not for secrets. */
#ifndef SMPI_BASE_RANDOM_H
#define SMPI_BASE_RANDOM_H

#include <stdint.h>

/* splitmix64: any state will do, and each call moves it on. */
static inline uint64_t smpi_random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

#endif

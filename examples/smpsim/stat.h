/* SPDX-License-Identifier: Apache-2.0 */
/* Group statistics of the simulated device. */
#ifndef SMPSIM_STAT_H
#define SMPSIM_STAT_H

#include <stdint.h>

/* What only the statistics want to know; lost at a reset. */
struct sim_stat {
    uint32_t starved; /* requests without a buffer for the answer */
    uint32_t lost;    /* requests without a buffer */
};

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Exchanging two slots so that a power cut at any moment is made good. */
#ifndef SMPSIM_BOOT_SWAP_H
#define SMPSIM_BOOT_SWAP_H

#include "bootloader.h"

/* What a swap is about; it is written into the primary slot's trailer. */
struct boot_swap {
    unsigned image;
    enum smp_mcuboot_swap type; /* TEST, PERM or REVERT */
    uint32_t size;              /* bytes of the larger image */
};

/* Whether a swap was begun and not finished: *found, and then *swap is filled. */
int boot_swap_find(struct sim_boot_pair *pair, struct boot_swap *swap, bool *found);
/* Writes down that a swap begins.  Until that is complete the old trailers still decide. */
int boot_swap_begin(struct sim_boot_pair *pair, const struct boot_swap *swap);
/* Does all steps that are not done yet, then marks the primary slot. */
int boot_swap_run(struct sim_boot_pair *pair, const struct boot_swap *swap);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which image in the device is meant: HASH, SLOT or FILE. */
#ifndef SMPCTL_TARGET_H
#define SMPCTL_TARGET_H

#include <smp/mcuboot.h>

#include <stdint.h>

struct smpctl;

enum target_kind {
    TARGET_HASH,   /* hash is known */
    TARGET_PREFIX, /* a hash's first digits: the device is asked */
    TARGET_SLOT,   /* a slot's number: the device is asked */
};

struct target {
    enum target_kind kind;
    const char *text;
    uint8_t hash[SMP_MCUBOOT_HASH_MAX];
    size_t hash_len;
};

/* Reads what the user wrote, files included; needs no device. */
int target_read(struct smpctl *ctl, const char *text, struct target *target);

/* Asks the open device for what is missing: then the hash is known. */
int target_resolve(struct smpctl *ctl, struct target *target);

#endif

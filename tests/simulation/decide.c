/* SPDX-License-Identifier: Apache-2.0 */
/* What a seed decides: the device, the link, and what is to be done. */
#include "base/random.h"
#include "base/sha.h"
#include "simulation/run.h"

#include <stdlib.h>
#include <string.h>

#define MS UINT64_C(1000000)

/* An image around so many bytes: header, then info and SHA-256 of the TLV area. */
enum { HEADER = 32, TLVS = 40 };

static uint64_t below(struct run *run, uint64_t limit)
{
    return smpi_random_next(&run->random) % limit;
}

static bool one_in(struct run *run, uint64_t n)
{
    return below(run, n) == 0;
}

static uint32_t rate(struct run *run, uint32_t most)
{
    return one_in(run, 2) ? 0 : (uint32_t)below(run, most);
}

/* ---- the link, and what happens to the device ---- */

static void decide_faults(struct run *run)
{
    struct smp_faults *faults = &run->faults;
    *faults = (struct smp_faults){
        .size = sizeof(*faults),
        .seed = run->seed,
        .drop = rate(run, 200000),
        .duplicate = rate(run, 100000),
        .reorder = rate(run, 50000),
        .truncate = rate(run, 30000),
        .delay_ns = below(run, 200) * MS,
        .jitter_ns = one_in(run, 2) ? below(run, 50) * MS : 0,
        .drop_above = one_in(run, 8) ? 1500 : 0,
        .silent_after = one_in(run, 20) ? 1 + below(run, 200) : 0,
        .silent_after_bytes = one_in(run, 20) ? 1 + below(run, 100000) : 0,
        .burst = one_in(run, 3) ? 2 + (uint32_t)below(run, 9) : 0,
        .bytes_per_s = one_in(run, 4) ? 2000 + (uint32_t)below(run, 200000) : 0,
        .restart_at = one_in(run, 5) ? 1 + below(run, 60) : 0,
        .power_cut_at = one_in(run, 4) ? 1 + below(run, 250) : 0,
    };
    /* Only where no checksum guards the packets: rare, and nobody can promise the bytes then. */
    faults->corrupt = one_in(run, 8) ? (uint32_t)below(run, 20000) : 0;
    if (one_in(run, 4)) { /* a good link: then nothing may be lost at all */
        *faults = (struct smp_faults){
            .size = sizeof(*faults), .seed = run->seed, .delay_ns = below(run, 100) * MS};
    }
    if (run->faults_text != NULL) {
        *faults = (struct smp_faults){.size = sizeof(*faults), .seed = run->seed};
        (void)smp_faults_parse(faults, run->faults_text, NULL, 0);
    }
}

/* ---- the device ---- */

static void decide_device(struct run *run)
{
    static const uint32_t sizes[] = {128, 256, 384, 512, 1024, 1472, 2048, 4096, 8192};
    static const char *const profiles[] = {"zephyr-4.4", "zephyr-4.4", "zephyr-4.4",
                                           "zephyr-3.4", "zephyr-3.2", "mynewt"};
    const uint32_t slot = (uint32_t)run->bytes / SIM_FLASH_SECTOR * SIM_FLASH_SECTOR;
    struct sim_device_options *options = &run->options;
    *options = (struct sim_device_options){
        .state = run->folder,
        .images = {SMP_SOURCE_DIR "/tests/data/app-1.0.0.signed.bin"},
        .slot_size = slot + 16 * SIM_FLASH_SECTOR,
        .n_images = 1,
        .buf_size = sizes[below(run, sizeof(sizes) / sizeof(sizes[0]))],
        .buf_count = 1 + (uint32_t)below(run, 16),
        .work_us = one_in(run, 2) ? (uint32_t)below(run, 5000) : 0,
        .boot_ms = 100 + (uint32_t)below(run, 3000),
        .erase_ms = one_in(run, 3) ? (uint32_t)below(run, 20000) : 0,
        .align = one_in(run, 3) ? 8 : 1,
        .fs_size = 400000,
        .faults = run->faults,
    };
    options->profile = sim_profile_find(profiles[below(run, 6)]);
    options->no_params = options->buf_size >= 384 && one_in(run, 6); /* all take the fall-back */
    bool needs_384 = run->job == JOB_UPDATE || options->profile->no_params; /* an image list does */
    if (needs_384 && options->buf_size < 384) {
        options->buf_size = 384;
    }
}

/* ---- what is sent ---- */

static void put_le(uint8_t *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> 8 * i);
    }
}

static void make_image(struct run *run)
{
    uint8_t *data = run->data;
    uint32_t size = (uint32_t)run->bytes - HEADER - TLVS;
    struct smpi_sha sha;
    memset(data, 0, HEADER);
    put_le(data, SMP_MCUBOOT_MAGIC, 4);
    put_le(data + 8, HEADER, 2);
    put_le(data + 12, size, 4);
    data[20] = 9; /* version 9.0.0: newer than what runs */
    put_le(data + HEADER + size, 0x00286907, 4);
    put_le(data + HEADER + size + 4, 0x00200010, 4);
    smpi_sha_init(&sha, SMPI_SHA256);
    smpi_sha_update(&sha, data, HEADER + size);
    smpi_sha_final(&sha, data + HEADER + size + 8);
    memcpy(run->hash, data + HEADER + size + 8, sizeof(run->hash));
}

void run_decide(struct run *run)
{
    run->random = run->seed;
    run->job = (enum job)below(run, JOBS);
    run->bytes = HEADER + TLVS + 1 + below(run, one_in(run, 4) ? 300000 : 30000);
    decide_faults(run);
    decide_device(run);
    run->data = malloc(run->bytes);
    run->got = calloc(1, run->bytes);
    if (run->data == NULL || run->got == NULL) {
        abort();
    }
    for (size_t i = 0; i < run->bytes; i++) {
        run->data[i] = (uint8_t)smpi_random_next(&run->random);
    }
    if (run->job == JOB_UPDATE) {
        make_image(run);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a run ended as it may: the bytes, the errors, the time, the device's state. */
#include "simulation/run.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Fake hours: a slow device and a slow link may take long. */
#define TIME_LIMIT_MS 3600000ull
/* But an error comes soon after the last thing that happened: two minutes are a call's deadline. */
#define ERROR_LIMIT_MS 130000ull

static bool is_good_link(const struct smp_faults *faults)
{
    struct smp_faults bad = *faults;
    bad.delay_ns = 0; /* a slow link loses nothing */
    bad.jitter_ns = 0;
    return !sim_faults_of_links(&bad) && bad.restart_at == 0 && bad.power_cut_at == 0;
}

/* An error that says what is so. */
static bool is_fair(const struct run *run)
{
    const struct smp_faults *faults = &run->faults;
    bool died = faults->restart_at != 0 || faults->power_cut_at != 0;
    switch (run->error) {
    case SMP_ERR_STALLED:
    case SMP_ERR_STUCK:
    case SMP_ERR_STALE:
    case SMP_ERR_TIMEOUT:
        return !is_good_link(faults);
    case SMP_ERR_DEVICE:
        /* What it held in RAM is gone; and a request that was cut or changed may be refused. */
        if (run->rc == SMP_RC_NO_MEMORY && faults->duplicate != 0) {
            return true; /* the twin had the buffer of the answer */
        }
        return died || faults->truncate != 0 || faults->corrupt != 0;
    case SMP_ERR_NOT_STARTED:
        return died || faults->corrupt != 0;
    case SMP_ERR_CORRUPT:
    case SMP_ERR_OFFSET:
        /* A file's first chunk that came twice is counted twice. */
        return died || faults->corrupt != 0 ||
               (run->job == JOB_FILE_UPLOAD && faults->duplicate != 0);
    default:
        return faults->corrupt != 0 && run->error != SMP_ERR_NO_MEMORY &&
               run->error != SMP_ERR_REENTRANT;
    }
}

static bool file_arrived(const struct run *run)
{
    static uint8_t held[512 * 1024];
    char path[256];
    snprintf(path, sizeof(path), "%s/fs/file", run->folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, held, sizeof(held));
    if (fd >= 0) {
        close(fd);
    }
    return n == (ssize_t)run->bytes && memcmp(held, run->data, run->bytes) == 0;
}

static bool new_image_runs(const struct run *run)
{
    static uint8_t held[512 * 1024];
    struct sim_flash *slot = &run->device->pairs[0].primary;
    return sim_flash_read(slot, 0, held, (uint32_t)run->bytes) == SMP_OK &&
           memcmp(held, run->data, run->bytes) == 0;
}

static bool is_confirmed(const struct run *run)
{
    bool confirmed = false;
    return sim_boot_is_confirmed(&run->device->pairs[0].primary, &confirmed) == SMP_OK && confirmed;
}

static bool is_true(const struct run *run, uint32_t state)
{
    switch (state) {
    case SMP_UPDATE_UNKNOWN:
        return true;
    case SMP_UPDATE_CONFIRMED:
        return new_image_runs(run) && is_confirmed(run);
    case SMP_UPDATE_TRIAL:
        return new_image_runs(run) && !is_confirmed(run);
    case SMP_UPDATE_WRITTEN:
    case SMP_UPDATE_BROKEN:
        return false; /* it is in no recovery */
    default:
        return !new_image_runs(run);
    }
}

void run_check_report(struct run *run, const struct smp_update_report *report)
{
    const struct smp_faults *faults = &run->faults;
    /* A device that restarts by itself, or can be told anything, is not where it was seen last. */
    bool can_know = faults->restart_at == 0 && faults->power_cut_at == 0 && faults->corrupt == 0;
    if (can_know && !is_true(run, report->state)) {
        run->mistake = "the report tells another state than the device's";
    }
}

static bool arrived(const struct run *run)
{
    switch (run->job) {
    case JOB_UPDATE:
        return new_image_runs(run) && is_confirmed(run);
    case JOB_FILE_UPLOAD:
        return file_arrived(run) || run->faults.corrupt != 0;
    default:
        return memcmp(run->got, run->data, run->bytes) == 0 || run->faults.corrupt != 0;
    }
}

static bool is_whole(struct sim_flash *slot)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    return sim_boot_image(slot, true, &image) == SMP_OK && image.hash_good;
}

/* What runs is whole, and what is to run next, too. */
static bool is_allowed(const struct run *run)
{
    struct sim_boot_pair *pair = &run->device->pairs[0];
    enum smp_mcuboot_swap swap = SMP_MCUBOOT_SWAP_FAIL;
    if (!is_whole(&pair->primary) || sim_boot_swap_type(pair, &swap) != SMP_OK ||
        swap > SMP_MCUBOOT_SWAP_REVERT) {
        return false;
    }
    return swap == SMP_MCUBOOT_SWAP_NONE || is_whole(&pair->secondary) || run->faults.corrupt != 0;
}

const char *run_judge(struct run *run)
{
    if (run->mistake != NULL) {
        return run->mistake;
    }
    if (run->completions != run->calls || run->twice) {
        return run->completions < run->calls ? "never completed" : "completed more than once";
    }
    if (run->took_ms > TIME_LIMIT_MS) {
        return "took too long";
    }
    if (run->error_ms > ERROR_LIMIT_MS) {
        return "the error came late";
    }
    if (!is_allowed(run)) {
        return "the device's state is none of MCUboot's";
    }
    if (run->error != SMP_OK) {
        return is_fair(run) ? NULL : smp_error_name(run->error);
    }
    if (!arrived(run)) {
        return "said done, but the bytes differ";
    }
    if (is_good_link(&run->faults) && run->options.erase_ms < 9000 && run->overruns > 0) {
        return "overran the device's buffers";
    }
    return NULL;
}

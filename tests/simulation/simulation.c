/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of updates and transfers over thousands of bad links, each from one seed, on a fake
 * clock.
 *
 *     simulation [--first SEED] [--seeds COUNT] [--faults TEXT] [--verbose] [--trace]
 *
 * In each: what was said to have arrived has, byte for byte, or the error is clear and in time;
 * each callback came exactly once; nothing leaked; the device's slots are as MCUboot allows.  A
 * seed that fails prints the command that replays it.  With --faults the seeds decide all the rest.
 */
#include "simulation/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct settings {
    uint64_t first;
    uint64_t seeds;
    const char *faults;
    bool verbose;
    bool trace;
};

static void print_run(const struct run *run)
{
    const struct sim_device_options *options = &run->options;
    char faults[SMP_FAULTS_TEXT_MAX];
    smp_faults_print(&run->faults, faults, sizeof(faults));
    printf("seed %llu: %s of %zu bytes, %s, buffers %u x %u%s, erase %u ms, boot %u ms\n",
           (unsigned long long)run->seed, run_job_name(run->job), run->bytes,
           options->profile->name, options->buf_size, options->buf_count,
           options->no_params ? " (not told)" : "", options->erase_ms, options->boot_ms);
    printf("  %s\n", faults);
    printf("  %s: %s, rc %lld, %llu ms, %llu requests, %u without a buffer\n", run->step,
           smp_error_name(run->error), (long long)run->rc, (unsigned long long)run->took_ms,
           (unsigned long long)run->packets, run->overruns);
}

static void print_failure(const struct run *run, const char *wrong, const char *program)
{
    printf("FAILED %s: %s; again: %s --first %llu --seeds 1 --verbose", run_job_name(run->job),
           wrong, program, (unsigned long long)run->seed);
    if (run->faults_text != NULL) {
        printf(" --faults %s", run->faults_text);
    }
    printf("\n");
}

static void usage(const char *name)
{
    fprintf(stderr,
            "usage: %s [--first SEED] [--seeds COUNT] [--faults TEXT] [--verbose] [--trace]\n",
            name);
    exit(2);
}

static void read_options(struct settings *settings, int argc, char **argv)
{
    struct smp_faults faults = {.size = sizeof(faults)};
    char error[320];
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--verbose") == 0) {
            settings->verbose = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            settings->trace = true;
        } else if (value != NULL && strcmp(argv[i], "--first") == 0) {
            settings->first = strtoull(argv[++i], NULL, 10);
        } else if (value != NULL && strcmp(argv[i], "--seeds") == 0) {
            settings->seeds = strtoull(argv[++i], NULL, 10);
        } else if (value != NULL && strcmp(argv[i], "--faults") == 0) {
            settings->faults = argv[++i];
        } else {
            usage(argv[0]);
        }
    }
    if (settings->faults != NULL &&
        smp_faults_parse(&faults, settings->faults, error, sizeof(error)) != SMP_OK) {
        fprintf(stderr, "--faults: %s\n", error);
        exit(2);
    }
}

/* In memory, where the system has such a place. */
static void make_folder(char *folder, size_t size)
{
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, size, "%s/simulation-XXXXXX", where);
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        exit(1);
    }
}

int main(int argc, char **argv)
{
    struct settings settings = {.first = 1, .seeds = 300};
    uint64_t failed = 0, done = 0;
    char folder[64];
    read_options(&settings, argc, argv);
    make_folder(folder, sizeof(folder));
    for (uint64_t seed = settings.first; seed < settings.first + settings.seeds; seed++) {
        struct run run = {.seed = seed,
                          .folder = folder,
                          .faults_text = settings.faults,
                          .trace = settings.trace};
        const char *wrong = run_seed(&run);
        done += wrong == NULL && run.error == SMP_OK;
        failed += wrong != NULL;
        if (wrong != NULL) {
            print_failure(&run, wrong, argv[0]);
        }
        if (settings.verbose) {
            print_run(&run);
        }
    }
    rmdir(folder);
    printf("%llu seeds: %llu arrived, %llu ended in a clear error, %llu failed\n",
           (unsigned long long)settings.seeds, (unsigned long long)done,
           (unsigned long long)(settings.seeds - done - failed), (unsigned long long)failed);
    return failed == 0 ? 0 : 1;
}

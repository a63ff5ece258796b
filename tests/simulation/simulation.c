/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of transfers over thousands of bad links, each from one seed, on a
 * fake clock.
 *
 *     simulation [--first SEED] [--seeds COUNT] [--verbose] [--trace]
 *
 * In each: the bytes that arrived are the bytes that were sent, or the error is
 * clear and in time; the callback came exactly once; nothing leaked.  A seed that
 * fails prints the command that replays it.
 */
#include "simulation/device.h"

#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000ull

/* Fake hours.  Patience, stall times and restarts together stay far below. */
#define TIME_LIMIT_MS 3600000ull

enum job { JOB_IMAGE_UPLOAD, JOB_FILE_UPLOAD, JOB_FILE_DOWNLOAD, JOBS };

static const char *const job_names[] = {"image upload", "file upload", "file download"};

struct run {
    uint64_t seed;
    uint64_t random;
    struct device device;
    struct smp_faults faults;
    enum job job;
    uint64_t bytes;
    uint8_t *data;       /* what is sent, or lies on the device */
    uint8_t *got;        /* what was received */
    uint64_t restart_at; /* packets of progress before the device restarts; 0: never */
    uint64_t reports;
    unsigned completions;
    int error;
    int64_t rc;
    size_t live; /* blocks of the library's memory */
    bool lossless;
    bool trace;
};

static void *count_alloc(size_t bytes, void *user)
{
    struct run *run = user;
    run->live++;
    return calloc(1, bytes);
}

static void count_free(void *memory, void *user)
{
    struct run *run = user;
    run->live--;
    free(memory);
}

/* ---- what the seed decides ---- */

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

static void decide(struct run *run)
{
    static const uint32_t sizes[] = {128, 256, 384, 512, 1024, 1472, 2048, 4096, 8192};
    struct device *device = &run->device;
    run->random = run->seed;
    run->job = (enum job)below(run, JOBS);
    run->bytes = 1 + below(run, one_in(run, 4) ? 300000 : 30000);
    device->buf_size = sizes[below(run, sizeof(sizes) / sizeof(sizes[0]))];
    device->buf_count = 1 + (uint32_t)below(run, 16);
    device->no_params = device->buf_size >= 384 && one_in(run, 6); /* all take the fall-back */
    device->checks_image = one_in(run, 2);
    device->erase_ns = one_in(run, 3) ? below(run, 20000) * MS : 0;
    device->align = one_in(run, 3) ? 8 : 1;
    device->capacity = 400000;
    run->restart_at = one_in(run, 5) ? 1 + below(run, 40) : 0;
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
        .silent_after = one_in(run, 10) ? 1 + below(run, 200) : 0,
    };
    if (one_in(run, 4)) { /* a good link: then nothing may be lost at all */
        *faults = (struct smp_faults){
            .size = sizeof(*faults), .seed = run->seed, .delay_ns = below(run, 100) * MS};
        run->restart_at = 0;
        run->lossless = true;
    }
}

/* ---- the transfer ---- */

static void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct run *run = user;
    (void)session;
    run->completions++;
    run->error = result->error;
    run->rc = result->rc;
}

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    struct run *run = user;
    (void)session;
    if (progress->done > progress->total) {
        fprintf(stderr, "progress past the end\n");
        abort();
    }
    if (++run->reports == run->restart_at) {
        device_restart(&run->device);
    }
}

static int on_write(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    struct run *run = user;
    if (offset + len > run->bytes) {
        fprintf(stderr, "written past the end\n");
        abort();
    }
    memcpy(run->got + offset, data, len);
    return SMP_OK;
}

static int begin(struct run *run, struct smp_session *session, const struct smp_source *source,
                 const struct smp_sink *sink)
{
    const struct smp_str name = {"/lfs/file", 9};
    const struct smp_transfer_options transfer = {.size = sizeof(transfer),
                                                  .progress = on_progress};
    const struct smp_img_upload_options image = {.size = sizeof(image), .transfer = transfer};
    switch (run->job) {
    case JOB_IMAGE_UPLOAD:
        return smp_img_upload(session, source, &image, on_done, run, NULL);
    case JOB_FILE_UPLOAD:
        return smp_fs_upload(session, name, source, &transfer, on_done, run, NULL);
    default:
        memcpy(run->device.file, run->data, run->bytes);
        run->device.file_len = run->bytes;
        return smp_fs_download(session, name, sink, &transfer, on_done, run, NULL);
    }
}

/* NULL: all is as it should be; else what is not. */
static const char *judge(const struct run *run, uint64_t took_ms)
{
    if (run->completions != 1) {
        return run->completions == 0 ? "never completed" : "completed more than once";
    }
    if (took_ms > TIME_LIMIT_MS) {
        return "took too long";
    }
    if (run->error != SMP_OK) {
        bool hopeless = run->error == SMP_ERR_STALLED || run->error == SMP_ERR_TIMEOUT;
        /* A restart in the middle of a file leaves a device that refuses to go on. */
        bool refused = run->error == SMP_ERR_DEVICE || run->error == SMP_ERR_CORRUPT;
        if (run->lossless || (!hopeless && !(refused && run->restart_at != 0))) {
            return smp_error_name(run->error);
        }
        return NULL;
    }
    const uint8_t *arrived = run->job == JOB_IMAGE_UPLOAD  ? run->device.slot
                             : run->job == JOB_FILE_UPLOAD ? run->device.file
                                                           : run->got;
    if (memcmp(arrived, run->data, run->bytes) != 0) {
        return "said done, but the bytes differ";
    }
    if (run->lossless && run->device.erase_ns < 9000 * MS &&
        (run->device.overruns > 0 || run->device.starved > 0)) {
        return "overran the device's buffers";
    }
    return NULL;
}

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    struct smp_loop *const *loop = user;
    (void)level;
    printf("%8llu %.120s\n", *loop == NULL ? 0 : (unsigned long long)(smp_loop_now(*loop) / MS),
           text);
}

static void must(int error, const char *what)
{
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", what, smp_error_text(error));
        abort();
    }
}

static const char *simulate(struct run *run, uint64_t *took_ms)
{
    struct smp_fake_clock *clock = NULL;
    struct smp_loop *loop = NULL;
    struct smp_transport *near = NULL, *far = NULL, *bad = NULL;
    struct smp_session *session = NULL;
    const struct smp_allocator allocator = {count_alloc, count_free, run};
    decide(run);
    run->data = malloc(run->bytes);
    run->got = calloc(1, run->bytes);
    if (run->data == NULL || run->got == NULL) {
        abort();
    }
    for (uint64_t i = 0; i < run->bytes; i++) {
        run->data[i] = (uint8_t)smpi_random_next(&run->random);
    }
    must(smp_fake_clock_new(&clock), "clock");
    const struct smp_loop_options loop_options = {.size = sizeof(loop_options),
                                                  .allocator = &allocator,
                                                  .clock = smp_fake_clock_get(clock),
                                                  .log = run->trace ? on_log : NULL,
                                                  .log_user = &loop,
                                                  .log_level = SMP_LOG_DEBUG};
    must(smp_loop_new(&loop_options, &loop), "loop");
    must(smp_loopback_new(loop, 0, &near, &far), "loopback");
    must(smp_faulty_new(near, &run->faults, &bad), "link");
    must(smp_session_new(bad, NULL, &session), "session");
    device_open(&run->device, loop, one_in(run, 2) ? below(run, 5) * MS : 0);
    must(smp_server_listen(run->device.server, far), "listen");

    struct smp_source source;
    smp_source_memory(&source, run->data, run->bytes);
    const struct smp_sink sink = {.size = sizeof(sink), .write = on_write, .user = run};
    uint64_t start = smp_loop_now(loop);
    must(begin(run, session, &source, &sink), "begin");
    int turned = 1;
    while (run->completions == 0 && turned >= 0 &&
           smp_loop_now(loop) - start < TIME_LIMIT_MS * MS) {
        turned = smp_loop_turn(loop, -1);
    }
    *took_ms = (smp_loop_now(loop) - start) / MS;
    const char *wrong = judge(run, *took_ms);

    smp_session_free(session);
    device_close(&run->device);
    smp_transport_free(bad);
    smp_transport_free(far);
    smp_loop_free(loop);
    smp_fake_clock_free(clock);
    free(run->data);
    free(run->got);
    if (wrong == NULL && run->completions != 1) {
        wrong = "completed again when freed";
    }
    return wrong != NULL ? wrong : run->live != 0 ? "leaked" : NULL;
}

/* ---- */

static void print_run(const struct run *run, uint64_t took_ms)
{
    const struct device *device = &run->device;
    const struct smp_faults *faults = &run->faults;
    printf("seed %llu: %s of %llu bytes, buffers %u x %u%s, erase %llu ms\n",
           (unsigned long long)run->seed, job_names[run->job], (unsigned long long)run->bytes,
           device->buf_size, device->buf_count, device->no_params ? " (not told)" : "",
           (unsigned long long)(device->erase_ns / MS));
    printf("  drop %u duplicate %u reorder %u truncate %u delay %llu above %zu silent %llu "
           "restart %llu\n",
           faults->drop, faults->duplicate, faults->reorder, faults->truncate,
           (unsigned long long)(faults->delay_ns / MS), faults->drop_above,
           (unsigned long long)faults->silent_after, (unsigned long long)run->restart_at);
    printf("  %s, rc %lld, %llu ms; overruns %llu, starved %llu\n", smp_error_name(run->error),
           (long long)run->rc, (unsigned long long)took_ms, (unsigned long long)device->overruns,
           (unsigned long long)device->starved);
}

static void usage(const char *name)
{
    fprintf(stderr, "usage: %s [--first SEED] [--seeds COUNT] [--verbose] [--trace]\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    uint64_t first = 1, seeds = 300, failed = 0, done = 0;
    bool verbose = false, trace = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else if (strcmp(argv[i], "--first") == 0 && i + 1 < argc) {
            first = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc) {
            seeds = strtoull(argv[++i], NULL, 10);
        } else {
            usage(argv[0]);
        }
    }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        struct run run = {.seed = seed, .trace = trace};
        uint64_t took_ms = 0;
        const char *wrong = simulate(&run, &took_ms);
        done += run.error == SMP_OK;
        if (wrong != NULL) {
            failed++;
            printf("FAILED %s: %s; again: %s --first %llu --seeds 1 --verbose\n",
                   job_names[run.job], wrong, argv[0], (unsigned long long)seed);
        }
        if (verbose) {
            print_run(&run, took_ms);
        }
    }
    printf("%llu seeds: %llu transfers arrived, %llu ended in a clear error\n",
           (unsigned long long)seeds, (unsigned long long)done,
           (unsigned long long)(seeds > done + failed ? seeds - done - failed : 0));
    return failed == 0 ? 0 : 1;
}

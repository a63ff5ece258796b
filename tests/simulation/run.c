/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha.h"
#include "simulation/run.h"

#include "tree.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

/* Fake time for one call, and for the device to come to rest at the end. */
#define CALL_LIMIT_MS 3600000ull
#define REST_MS 10000ull

static const struct smp_str file_name = {"/lfs/file", 9};

const char *run_job_name(enum job job)
{
    static const char *const names[] = {"update", "file upload", "file download"};
    return names[job];
}

static void must(int error, const char *what)
{
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", what, smp_error_text(error));
        abort();
    }
}

/* ---- memory, log and events ---- */

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

static void trace(struct run *run, const char *text)
{
    if (run->trace) {
        unsigned long long now = run->loop == NULL ? 0 : smp_loop_now(run->loop) / MS;
        printf("%8llu %.120s\n", now, text);
    }
}

static void on_log(enum smp_log_level level, const char *text, void *user)
{
    (void)level;
    trace(user, text);
}

static void on_event(enum sim_event event, const char *text, void *user)
{
    struct run *run = user;
    trace(run, text);
    if (event == SIM_EVENT_BROKEN) {
        run->mistake = "the device's flash failed";
    }
}

/* ---- calls ---- */

/* What one call's callback has seen. */
struct call {
    struct run *run;
    unsigned completions;
    int error;
    int64_t rc;
    bool same; /* the hash's */
};

static void on_done(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct call *call = user;
    (void)session;
    if (result->error != SMP_OK) {
        struct run *run = call->run;
        uint64_t idle_ms = (smp_loop_now(run->loop) - run->moved_at) / MS;
        run->error_ms = idle_ms > run->error_ms ? idle_ms : run->error_ms;
    }
    call->run->completions++;
    call->run->twice = call->run->twice || ++call->completions > 1;
    call->error = result->error;
    call->rc = result->rc;
}

/* Turns the loop until the call is over; its error, which is the run's. */
static int finish(struct run *run, const char *step, int error, struct call *call)
{
    uint64_t start = smp_loop_now(run->loop);
    int turned = 1;
    must(error, step);
    run->calls++;
    run->step = step;
    run->moved_at = start;
    while (call->completions == 0 && turned >= 0 &&
           smp_loop_now(run->loop) - start < CALL_LIMIT_MS * MS) {
        turned = smp_loop_turn(run->loop, -1);
    }
    run->error = call->error;
    run->rc = call->rc;
    return call->completions == 0 ? SMP_ERR_TIMEOUT : call->error;
}

static void pass(struct run *run, uint64_t ms)
{
    uint64_t end = smp_loop_now(run->loop) + ms * MS;
    while (smp_loop_now(run->loop) < end) {
        uint64_t left = (end - smp_loop_now(run->loop) + MS - 1) / MS;
        if (smp_loop_turn(run->loop, (int)left) < 0) {
            abort();
        }
    }
}

/* ---- jobs ---- */

static void on_progress(struct smp_session *session, const struct smp_progress *progress,
                        void *user)
{
    struct call *call = user;
    (void)session;
    call->run->moved_at = smp_loop_now(call->run->loop);
    if (progress->done > progress->total) {
        call->run->mistake = "progress past the end";
    }
}

static int on_write(void *user, uint64_t offset, const uint8_t *data, size_t len)
{
    struct run *run = user;
    if (offset > run->bytes || len > run->bytes - offset) {
        /* Who tells another length may be believed, if its packets can be changed on the way. */
        run->mistake = run->faults.corrupt != 0 ? NULL : "written past the end";
        return SMP_ERR_SINK;
    }
    memcpy(run->got + offset, data, len);
    return SMP_OK;
}

static const struct smp_transfer_options transfer = {.size = sizeof(transfer),
                                                     .progress = on_progress};

static void on_hash(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct call *call = user;
    const struct run *run = call->run;
    const struct smp_fs_hash_rsp *rsp = result->rsp;
    uint8_t sha[32];
    struct smpi_sha ctx;
    on_done(session, result, user);
    smpi_sha_init(&ctx, SMPI_SHA256);
    smpi_sha_update(&ctx, run->data, run->bytes);
    smpi_sha_final(&ctx, sha);
    if (result->error == SMP_OK) {
        call->same = rsp->output.kind == SMP_KIND_BYTES &&
                     rsp->output.as.bytes.len == sizeof(sha) &&
                     memcmp(rsp->output.as.bytes.data, sha, sizeof(sha)) == 0;
    }
}

/* As smpctl does: a device that got the first chunk twice counts it twice, and fills the hole. */
static int check_file(struct run *run)
{
    struct call call = {.run = run};
    const struct smp_fs_hash_req req = {
        .size = sizeof(req), .name = file_name, .has_type = true, .type = {"sha256", 6}};
    int error =
        finish(run, "file hash", smp_fs_hash(run->session, &req, on_hash, &call, NULL), &call);
    return error == SMP_OK && !call.same ? SMP_ERR_CORRUPT : error;
}

static int upload_file(struct run *run)
{
    struct call call = {.run = run};
    struct smp_source source;
    smp_source_memory(&source, run->data, run->bytes);
    int error = finish(
        run, "file upload",
        smp_fs_upload(run->session, file_name, &source, &transfer, on_done, &call, NULL), &call);
    return error == SMP_OK ? check_file(run) : error;
}

static int download_file(struct run *run)
{
    struct call call = {.run = run};
    const struct smp_sink sink = {.size = sizeof(sink), .write = on_write, .user = run};
    return finish(run, "file download",
                  smp_fs_download(run->session, file_name, &sink, &transfer, on_done, &call, NULL),
                  &call);
}

static void on_update_progress(struct smp_session *session,
                               const struct smp_update_progress *progress, void *user)
{
    struct call *call = user;
    struct run *run = call->run;
    (void)session;
    if (progress->phase != run->phase || progress->phase == SMP_UPDATE_UPLOADING) {
        run->moved_at = smp_loop_now(run->loop); /* waiting moves nothing */
    }
    run->phase = progress->phase;
    if (progress->phase == SMP_UPDATE_UPLOADING && progress->done > progress->total) {
        run->mistake = "progress past the end";
    }
}

static void on_updated(struct smp_session *session, const struct smp_result *result, void *user)
{
    const struct call *call = user;
    const struct smp_update_report *report = result->rsp;
    on_done(session, result, user);
    call->run->step = smp_update_phase_name(report->phase);
    run_check_report(call->run, report);
}

static int update(struct run *run)
{
    struct call call = {.run = run};
    const struct smp_update_options options = {
        .size = sizeof(options),
        .goal = SMP_UPDATE_CONFIRMED,
        .progress = on_update_progress,
    };
    struct smp_source source;
    smp_source_memory(&source, run->data, run->bytes);
    int error = smp_update_start(run->session, &source, &options, on_updated, &call, NULL);
    return finish(run, "update", error, &call);
}

/* ---- the world ---- */

static void wipe(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        sim_tree_wipe(fd);
        close(fd);
    }
}

/* What is to be downloaded lies in the device's file system before it starts. */
static void place_file(const struct run *run)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/fs", run->folder);
    if (mkdir(path, 0777) < 0) {
        perror(path);
        abort();
    }
    snprintf(path, sizeof(path), "%s/fs/file", run->folder);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(run->data, 1, run->bytes, file) != run->bytes || fclose(file) != 0) {
        perror(path);
        abort();
    }
}

static void open_world(struct run *run)
{
    const struct smp_allocator allocator = {count_alloc, count_free, run};
    struct smp_transport *end;
    char error[1024];
    must(smp_fake_clock_new(&run->clock), "clock");
    const struct smp_loop_options options = {.size = sizeof(options),
                                             .allocator = &allocator,
                                             .clock = smp_fake_clock_get(run->clock),
                                             .log = run->trace ? on_log : NULL,
                                             .log_user = run,
                                             .log_level = SMP_LOG_DEBUG};
    must(smp_loop_new(&options, &run->loop), "loop");
    must(smp_loopback_new(run->loop, 0, &run->near, &end), "loopback");
    must(smp_faulty_new(end, &run->faults, &run->far), "link");
    must(smp_session_new(run->near, NULL, &run->session), "session");
    run->options.event = on_event;
    run->options.event_user = run;
    if (sim_device_new(run->loop, &run->options, &run->device, error, sizeof(error)) != SMP_OK) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
    must(sim_device_listen(run->device, run->far), "listen");
}

static void close_world(struct run *run)
{
    sim_device_free(run->device);
    smp_transport_free(run->near);
    smp_transport_free(run->far);
    smp_loop_free(run->loop);
    smp_fake_clock_free(run->clock);
    free(run->data);
    free(run->got);
}

const char *run_seed(struct run *run)
{
    static int (*const jobs[])(struct run *) = {update, upload_file, download_file};
    run_decide(run);
    wipe(run->folder);
    if (run->job == JOB_FILE_DOWNLOAD) {
        place_file(run);
    }
    open_world(run);
    uint64_t start = smp_loop_now(run->loop);
    run->error = jobs[run->job](run);
    run->took_ms = (smp_loop_now(run->loop) - start) / MS;
    run->packets = run->device->faults.requests;
    run->overruns = run->device->stat.lost + run->device->stat.starved;
    smp_session_free(run->session);
    pass(run, REST_MS); /* boots, swaps, closes its file */
    const char *wrong = run_judge(run);
    close_world(run);
    wipe(run->folder);
    return wrong != NULL ? wrong : run->live != 0 ? "leaked" : NULL;
}

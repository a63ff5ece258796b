/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An upload of 2 MiB in memory: the library's client against a server that only
 * counts, over the loopback transport.  Prints packets, bytes on the wire, heap
 * allocations between the first and the last chunk, and time per chunk of both
 * sides together.  Exit status 1: an allocation, or more than 2.5 % over the data.
 */
#include "core/loop.h"

#include <smp/smp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BYTES = 2 * 1024 * 1024, OVERHEAD_LIMIT_PER_MILLE = 25 };

static unsigned long allocations;
static unsigned long at_first, at_last;

static void *counting_alloc(size_t bytes, void *user)
{
    (void)user;
    allocations++;
    return calloc(1, bytes);
}

static void counting_free(void *memory, void *user)
{
    (void)user;
    free(memory);
}

/* Takes every chunk that is in order. */
static void take(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_img_upload_req *req = request;
    uint64_t *have = user;
    if (req->off == *have) {
        *have += req->data.len;
    }
    at_first = req->off == 0 ? allocations : at_first;
    at_last = allocations;
    const struct smp_img_upload_rsp rsp = {.size = sizeof(rsp), .has_off = true, .off = *have};
    smp_exchange_reply(exchange, &rsp);
}

static void params(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_params_rsp *rsp = user;
    (void)request;
    smp_exchange_reply(exchange, rsp);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int must(int error, const char *what)
{
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", what, smp_error_text(error));
        exit(1);
    }
    return error;
}

static int measure(uint32_t buf_size, uint32_t buf_count)
{
    const struct smp_allocator allocator = {counting_alloc, counting_free, NULL};
    const struct smp_loop_options loop_options = {.size = sizeof(loop_options),
                                                  .allocator = &allocator};
    const struct smp_server_options server_options = {
        .size = sizeof(server_options), .buf_size = buf_size, .buf_count = buf_count};
    struct smp_os_params_rsp rsp = {
        .size = sizeof(rsp), .buf_size = buf_size, .buf_count = buf_count};
    struct smp_loop *loop = NULL;
    struct smp_transport *a = NULL, *b = NULL;
    struct smp_session *session = NULL;
    struct smp_server *server = NULL;
    uint64_t have = 0;
    smp_id id = 0;
    const struct smp_result *result = NULL;

    must(smp_loop_new(&loop_options, &loop), "loop");
    must(smp_loopback_new(loop, 0, &a, &b), "loopback");
    must(smp_server_new(loop, &server_options, &server), "server");
    must(smp_server_listen(server, b), "listen");
    must(smp_server_handle(server, SMP_GROUP_IMG, 1, SMP_OP_WRITE, take, &have), "handle");
    must(smp_server_handle(server, SMP_GROUP_OS, 6, SMP_OP_READ, params, &rsp), "handle");
    must(smp_session_new(a, NULL, &session), "session");

    uint8_t *data = malloc(BYTES);
    if (data == NULL) {
        return 1;
    }
    memset(data, 0x5a, BYTES);
    struct smp_source source;
    smp_source_memory(&source, data, BYTES);
    struct smp_img_upload_options options = {.size = sizeof(options), .has_sha = true};

    double start = now();
    must(smp_img_upload(session, &source, &options, NULL, NULL, &id), "upload");
    must(smp_wait(session, id, &result), "wait");
    double took = now() - start;
    must(result->error, "result");

    struct smp_session_stats stats = {.size = sizeof(stats)};
    smp_session_get_stats(session, &stats);
    double wire = (double)(stats.bytes_sent + stats.bytes_received);
    double over = wire / BYTES - 1;
    unsigned long heap = at_last - at_first;
    printf("%6u x %-3u %8lu %12.0f %8.2f %% %12lu %10.0f ns\n", buf_size, buf_count,
           (unsigned long)stats.sent, wire, over * 100, heap, took * 1e9 / (double)stats.sent);

    smp_session_free(session);
    smp_server_free(server);
    smp_transport_free(a);
    smp_transport_free(b);
    smp_loop_free(loop);
    free(data);
    bool good =
        have == BYTES && heap == 0 && (buf_size < 2048 || over * 1000 <= OVERHEAD_LIMIT_PER_MILLE);
    return good ? 0 : 1;
}

int main(void)
{
    printf("%12s %8s %12s %10s %12s %13s\n", "buffers", "packets", "wire bytes", "overhead",
           "allocations", "each chunk");
    int status = measure(384, 4);
    status |= measure(2048, 8);
    status |= measure(8192, 16);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the bindings are compared with: the same work in C, with callbacks on one loop.
 *
 *     c_bench echo COUNT            client and server joined in memory; prints microseconds an echo
 *     c_bench state COUNT           the same with the state of two images
 *     c_bench udp ADDRESS COUNT     echoes of a device
 *     c_bench upload ADDRESS BYTES  prints seconds
 */
#include <smp/smp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bench {
    struct smp_loop *loop;
    struct smp_session *session;
    bool state; /* asks for the state, not for echoes */
    long left;
    int error;
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void next(struct bench *bench);

static void answered(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct bench *bench = user;

    (void)session;
    bench->error = result->error;
    if (result->error == SMP_OK && --bench->left > 0)
        next(bench);
    else
        smp_loop_stop(bench->loop);
}

static void next(struct bench *bench)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"hello", 5}};

    bench->error = bench->state ? smp_img_state_read(bench->session, answered, bench, NULL)
                                : smp_os_echo(bench->session, &req, answered, bench, NULL);
    if (bench->error != SMP_OK)
        smp_loop_stop(bench->loop);
}

static void uploaded(struct smp_session *session, const struct smp_result *result, void *user)
{
    struct bench *bench = user;

    (void)session;
    bench->error = result->error;
    smp_loop_stop(bench->loop);
}

static void serve(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};

    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

static void serve_state(struct smp_exchange *exchange, const void *request, void *user)
{
    static const uint8_t hash[32] = {0x11};
    const struct smp_img_image old = {.size = sizeof(old),
                                      .version = {"1.4.2", 5},
                                      .has_hash = true,
                                      .hash = {hash, sizeof(hash)},
                                      .has_bootable = true,
                                      .bootable = true,
                                      .has_confirmed = true,
                                      .confirmed = true,
                                      .has_active = true,
                                      .active = true};
    const struct smp_img_image new = {.size = sizeof(new),
                                      .slot = 1,
                                      .version = {"1.5.0", 5},
                                      .has_hash = true,
                                      .hash = {hash, sizeof(hash)},
                                      .has_bootable = true,
                                      .bootable = true,
                                      .has_pending = true,
                                      .pending = true};
    const struct smp_img_image *images[] = {&old, &new};
    const struct smp_img_state_rsp rsp = {
        .size = sizeof(rsp), .images = images, .n_images = 2, .has_split_status = true};

    (void)request;
    (void)user;
    smp_exchange_reply(exchange, &rsp);
}

static int fail(const char *what, int error)
{
    fprintf(stderr, "%s: %s\n", what, smp_error_text(error));
    return 1;
}

static int sequence(struct bench *bench, long count)
{
    bench->left = count;
    double began = now();
    next(bench);
    smp_loop_run(bench->loop);
    if (bench->error != SMP_OK)
        return fail("sequence", bench->error);
    printf("%.3f\n", (now() - began) / (double)count * 1e6);
    return 0;
}

/* As much of a MCUboot header as a device looks at. */
static void write_header(uint8_t *data, size_t size)
{
    const uint32_t body = (uint32_t)size - 1024;
    const uint8_t header[32] = {0x3d,
                                0xb8,
                                0xf3,
                                0x96,
                                [9] = 2, /* 512 bytes of header */
                                [12] = (uint8_t)body,
                                [13] = (uint8_t)(body >> 8),
                                [14] = (uint8_t)(body >> 16),
                                [15] = (uint8_t)(body >> 24),
                                [20] = 9};

    memcpy(data, header, sizeof(header));
}

static int upload(struct bench *bench, size_t size)
{
    struct smp_source source = {.size = sizeof(source)};
    const size_t seed = (size_t)(now() * 1e6); /* a device skips what it has already */
    uint8_t *data = malloc(size);

    for (size_t i = 0; data && i < size; i++)
        data[i] = (uint8_t)(i ^ i >> 8 ^ i >> 16 ^ seed);
    if (data)
        write_header(data, size);
    smp_source_memory(&source, data, size);
    double began = now();
    bench->error = smp_img_upload(bench->session, &source, NULL, uploaded, bench, NULL);
    if (bench->error == SMP_OK)
        smp_loop_run(bench->loop);
    free(data);
    if (bench->error != SMP_OK)
        return fail("upload", bench->error);
    printf("%.3f\n", now() - began);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct smp_transport *near = NULL, *far = NULL;
    struct smp_server *server = NULL;
    bool in_memory = argc == 3 && (strcmp(argv[1], "echo") == 0 || strcmp(argv[1], "state") == 0);

    if (!in_memory && argc != 4) {
        fprintf(stderr, "usage: c_bench echo|state COUNT | udp|upload ADDRESS COUNT\n");
        return 2;
    }
    int error = smp_loop_new(NULL, &bench.loop);
    if (error == SMP_OK)
        error = in_memory ? smp_loopback_new(bench.loop, 0, &near, &far)
                          : smp_udp_connect(bench.loop, argv[2], &near);
    if (error == SMP_OK && in_memory)
        error = smp_server_new(bench.loop, NULL, &server);
    if (error == SMP_OK && in_memory)
        error = smp_server_listen(server, far);
    if (error == SMP_OK && in_memory)
        error = smp_server_handle(server, SMP_GROUP_OS, 0, SMP_OP_WRITE, serve, NULL);
    if (error == SMP_OK && in_memory)
        error = smp_server_handle(server, SMP_GROUP_IMG, 0, SMP_OP_READ, serve_state, NULL);
    if (error == SMP_OK)
        error = smp_session_new(near, NULL, &bench.session);
    if (error != SMP_OK)
        return fail("c_bench", error);
    bench.state = strcmp(argv[1], "state") == 0;
    long number = strtol(argv[argc - 1], NULL, 10);
    int status =
        strcmp(argv[1], "upload") == 0 ? upload(&bench, (size_t)number) : sequence(&bench, number);
    smp_session_free(bench.session);
    smp_server_free(server);
    smp_transport_free(near);
    smp_transport_free(far);
    smp_loop_free(bench.loop);
    return status;
}

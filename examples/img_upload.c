/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uploads a firmware file to a device, with callbacks on a running loop.
 *
 *     img_upload udp://192.0.2.1:1337 zephyr.signed.bin
 */
#include <smp/smp.h>

#include <stdio.h>
#include <string.h>

/* The library asks for pieces of the file when it has a use for them. */
static int read_file(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    FILE *file = user;
    return fseek(file, (long)offset, SEEK_SET) == 0 && fread(data, 1, len, file) == len
               ? SMP_OK
               : SMP_ERR_SOURCE;
}

static void show(struct smp_session *session, const struct smp_progress *progress, void *user)
{
    (void)session;
    (void)user;
    printf("\r%llu of %llu bytes", (unsigned long long)progress->done,
           (unsigned long long)progress->total);
    fflush(stdout);
}

static void finished(struct smp_session *session, const struct smp_result *result, void *user)
{
    int *error = user;
    char text[300];

    *error = result->error;
    smp_result_text(smp_session_loop(session), result, text, sizeof(text));
    printf("\n%s\n", result->error == SMP_OK ? "done" : text);
    smp_loop_stop(smp_session_loop(session));
}

int main(int argc, char **argv)
{
    struct smp_loop *loop = NULL;
    struct smp_transport *transport = NULL;
    struct smp_session *session = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "usage: img_upload ADDRESS FILE\n");
        return 2;
    }
    const struct smp_source source = {
        .size = sizeof(source), .length = (uint64_t)ftell(file), .read = read_file, .user = file};
    const struct smp_img_upload_options options = {
        .size = sizeof(options), .transfer = {.size = sizeof(options.transfer), .progress = show}};
    const char *address = strncmp(argv[1], "udp://", 6) == 0 ? argv[1] + 6 : argv[1];
    int outcome = SMP_OK;
    int error = smp_loop_new(NULL, &loop);
    if (error == SMP_OK) {
        error = smp_udp_connect(loop, address, &transport);
    }
    if (error == SMP_OK) {
        error = smp_session_new(transport, NULL, &session);
    }
    if (error == SMP_OK) {
        error = smp_img_upload(session, &source, &options, finished, &outcome, NULL);
    }
    if (error == SMP_OK) {
        error = smp_loop_run(loop);
    }
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], smp_error_text(error));
    }
    smp_session_free(session);
    smp_transport_free(transport);
    smp_loop_free(loop);
    fclose(file);
    return error == SMP_OK && outcome == SMP_OK ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates a device: uploads, tries the new image, and keeps it when the device still answers.
 *
 *     update udp://192.0.2.1:1337 zephyr.signed.bin
 */
#include <smp/smp.h>

#include <stdio.h>
#include <string.h>

static smp_id update;

static int read_file(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    FILE *file = user;
    return fseek(file, (long)offset, SEEK_SET) == 0 && fread(data, 1, len, file) == len
               ? SMP_OK
               : SMP_ERR_SOURCE;
}

static void show(struct smp_session *session, const struct smp_update_progress *progress,
                 void *user)
{
    (void)session;
    (void)user;
    printf("\r%-12s %llu of %llu ", smp_update_phase_name(progress->phase),
           (unsigned long long)progress->done, (unsigned long long)progress->total);
    fflush(stdout);
}

/* ---- is the new image good? here: does it answer an echo ---- */

static void echoed(struct smp_session *session, const struct smp_result *result, void *user)
{
    (void)user;
    smp_update_decide(session, update, result->error == SMP_OK ? SMP_UPDATE_YES : SMP_UPDATE_NO);
}

static void decide(struct smp_session *session, smp_id id, const struct smp_update_report *report,
                   void *user)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {"well?", 5}};
    (void)report;
    update = id;
    if (smp_os_echo(session, &req, echoed, user, NULL) != SMP_OK) {
        smp_update_decide(session, id, SMP_UPDATE_NO);
    }
}

static int update_device(struct smp_session *session, const struct smp_source *source)
{
    const struct smp_update_options options = {
        .size = sizeof(options), .decide = decide, .progress = show};
    const struct smp_result *result;
    smp_id id;
    int error = smp_update_start(session, source, &options, NULL, NULL, &id);

    if (error != SMP_OK || (error = smp_wait(session, id, &result)) != SMP_OK) {
        fprintf(stderr, "%s\n", smp_error_text(error));
        return error;
    }
    const struct smp_update_report *report = result->rsp;
    printf("\n%.*s\n", (int)report->text.len, report->text.data);
    return result->error != SMP_OK || report->state != SMP_UPDATE_CONFIRMED ? SMP_ERR_DEVICE
                                                                            : SMP_OK;
}

int main(int argc, char **argv)
{
    struct smp_loop *loop = NULL;
    struct smp_transport *transport = NULL;
    struct smp_session *session = NULL;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;

    if (!file || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "usage: update ADDRESS FILE\n");
        return 2;
    }
    const struct smp_source source = {
        .size = sizeof(source), .length = (uint64_t)ftell(file), .read = read_file, .user = file};
    const char *address = strncmp(argv[1], "udp://", 6) == 0 ? argv[1] + 6 : argv[1];
    int error = smp_loop_new(NULL, &loop);
    if (error == SMP_OK) {
        error = smp_udp_connect(loop, address, &transport);
    }
    if (error == SMP_OK) {
        error = smp_session_new(transport, NULL, &session);
    }
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], smp_error_text(error));
    } else {
        error = update_device(session, &source);
    }
    smp_session_free(session);
    smp_transport_free(transport);
    smp_loop_free(loop);
    fclose(file);
    return error == SMP_OK ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends text to a device, and prints what comes back.
 *
 *     echo udp://192.0.2.1:1337 hello
 */
#include <smp/smp.h>

#include <stdio.h>
#include <string.h>

/* Waits for the answer; says on stderr what was wrong with it. */
static int answer(struct smp_session *session, int error, smp_id id,
                  const struct smp_result **result)
{
    char text[300];

    if (error == SMP_OK) {
        error = smp_wait(session, id, result);
    }
    if (error != SMP_OK) {
        fprintf(stderr, "%s\n", smp_error_text(error));
    } else if ((*result)->error != SMP_OK) {
        smp_result_text(smp_session_loop(session), *result, text, sizeof(text));
        fprintf(stderr, "%s\n", text);
        error = (*result)->error;
    }
    return error;
}

static int echo(struct smp_session *session, const char *text)
{
    const struct smp_os_echo_req req = {.size = sizeof(req), .text = {text, strlen(text)}};
    const struct smp_result *result;
    smp_id id = 0;

    int error = smp_os_echo(session, &req, NULL, NULL, &id);
    error = answer(session, error, id, &result);
    if (error == SMP_OK) {
        const struct smp_os_echo_rsp *rsp = result->rsp;
        printf("%.*s\n", (int)rsp->text.len, rsp->text.data);
    }
    return error;
}

int main(int argc, char **argv)
{
    struct smp_loop *loop = NULL;
    struct smp_transport *transport = NULL;
    struct smp_session *session = NULL;

    if (argc != 3) {
        fprintf(stderr, "usage: echo ADDRESS TEXT\n");
        return 2;
    }
    const char *address = strncmp(argv[1], "udp://", 6) == 0 ? argv[1] + 6 : argv[1];
    int error = smp_loop_new(NULL, &loop);
    if (error == SMP_OK) {
        error = smp_udp_connect(loop, address, &transport);
    }
    if (error == SMP_OK) {
        error = smp_session_new(transport, NULL, &session);
    }
    if (error == SMP_OK) {
        error = echo(session, argv[2]);
    } else {
        fprintf(stderr, "%s: %s\n", argv[1], smp_error_text(error));
    }
    smp_session_free(session);
    smp_transport_free(transport);
    smp_loop_free(loop);
    return error == SMP_OK ? 0 : 1;
}

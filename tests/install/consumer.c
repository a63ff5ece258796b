/* SPDX-License-Identifier: Apache-2.0 */
/* A program that uses the installed library: sends an echo over the loopback, which nobody answers. */
#include <smp/smp.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    struct smp_loop *loop;
    struct smp_transport *near, *far;
    struct smp_session *session;
    const struct smp_os_echo_req hello = {.size = sizeof(hello), .text = {"hello", 5}};
    const struct smp_session_options hurry = {
        .size = sizeof(hurry), .timeout_ms = 1, .tries = 1, .no_params = true};
    const struct smp_result *result;
    smp_id id;

    if (strcmp(smp_version(), SMP_VERSION_STRING) != 0 || smp_loop_new(NULL, &loop) != SMP_OK ||
        smp_loopback_new(loop, 0, &near, &far) != SMP_OK ||
        smp_session_new(near, &hurry, &session) != SMP_OK ||
        smp_os_echo(session, &hello, NULL, NULL, &id) != SMP_OK ||
        smp_wait(session, id, &result) != SMP_OK || result->error != SMP_ERR_TIMEOUT) {
        fprintf(stderr, "the installed library does not work\n");
        return 1;
    }
    smp_session_free(session);
    smp_transport_free(near);
    smp_transport_free(far);
    smp_loop_free(loop);
    printf("libsmp %s\n", smp_version());
    return 0;
}

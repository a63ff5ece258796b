/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks many devices at once which firmware they run: one loop, one thread.
 *
 *     many udp://192.0.2.1 udp://192.0.2.2 udp://[2001:db8::3]:1337
 */
#include <smp/smp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct device {
    const char *name;
    struct smp_transport *transport;
    struct smp_session *session;
    int *waiting; /* devices that have not answered yet, nor timed out */
};

static void answered(struct smp_session *session, const struct smp_result *result, void *user)
{
    const struct device *device = user;
    char text[300];

    if (--*device->waiting == 0) {
        smp_loop_stop(smp_session_loop(session));
    }
    if (result->error != SMP_OK) {
        smp_result_text(smp_session_loop(session), result, text, sizeof(text));
        printf("%s: %s\n", device->name, text);
        return;
    }
    const struct smp_img_state_rsp *state = result->rsp;
    for (size_t i = 0; i < state->n_images; i++) {
        const struct smp_img_image *image = state->images[i];
        if (image->active) {
            printf("%s: %.*s\n", device->name, (int)image->version.len, image->version.data);
        }
    }
}

static int ask(struct smp_loop *loop, struct device *device)
{
    const char *address = device->name;
    address = strncmp(address, "udp://", 6) == 0 ? address + 6 : address;
    int error = smp_udp_connect(loop, address, &device->transport);
    if (error == SMP_OK) {
        error = smp_session_new(device->transport, NULL, &device->session);
    }
    return error == SMP_OK ? smp_img_state_read(device->session, answered, device, NULL) : error;
}

int main(int argc, char **argv)
{
    struct smp_loop *loop = NULL;
    int waiting = argc - 1;
    struct device *devices = calloc((size_t)argc, sizeof(*devices));
    int error = devices ? smp_loop_new(NULL, &loop) : SMP_ERR_NO_MEMORY;

    for (int i = 1; i < argc && error == SMP_OK; i++) {
        devices[i].name = argv[i];
        devices[i].waiting = &waiting;
        error = ask(loop, &devices[i]);
        if (error != SMP_OK) {
            fprintf(stderr, "%s: %s\n", argv[i], smp_error_text(error));
        }
    }
    if (error == SMP_OK && waiting > 0) {
        error = smp_loop_run(loop);
    }
    for (int i = 1; devices && i < argc; i++) {
        smp_session_free(devices[i].session);
        smp_transport_free(devices[i].transport);
    }
    smp_loop_free(loop);
    free(devices);
    return error == SMP_OK ? 0 : 1;
}

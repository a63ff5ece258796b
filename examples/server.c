/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end: a device that answers echo, on UDP, until it is killed.
 *
 *     server 127.0.0.1:1337 &
 *     smpctl -d udp://127.0.0.1:1337 echo hello
 */
#include <smp/smp.h>

#include <stdio.h>
#include <string.h>

static void echo(struct smp_exchange *exchange, const void *request, void *user)
{
    const struct smp_os_echo_req *req = request;
    const struct smp_os_echo_rsp rsp = {.size = sizeof(rsp), .text = req->text};

    (void)user;
    printf("echo: %.*s\n", (int)req->text.len, req->text.data);
    smp_exchange_reply(exchange, &rsp);
}

int main(int argc, char **argv)
{
    struct smp_loop *loop = NULL;
    struct smp_transport *transport = NULL;
    struct smp_server *server = NULL;
    char address[SMP_UDP_ADDRESS_MAX];

    if (argc != 2) {
        fprintf(stderr, "usage: server ADDRESS\n");
        return 2;
    }
    const char *where = strncmp(argv[1], "udp://", 6) == 0 ? argv[1] + 6 : argv[1];
    int error = smp_loop_new(NULL, &loop);
    if (error == SMP_OK) {
        error = smp_udp_listen(loop, where, &transport);
    }
    if (error == SMP_OK) {
        error = smp_server_new(loop, NULL, &server);
    }
    if (error == SMP_OK) {
        error = smp_server_listen(server, transport);
    }
    if (error == SMP_OK) {
        error = smp_server_handle(server, SMP_GROUP_OS, 0, SMP_OP_WRITE, echo, NULL);
    }
    if (error == SMP_OK) {
        error = smp_udp_local_address(transport, address, sizeof(address));
    }
    if (error == SMP_OK) {
        printf("listening on udp://%s\n", address);
        fflush(stdout);
        error = smp_loop_run(loop);
    }
    if (error != SMP_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], smp_error_text(error));
    }
    smp_server_free(server);
    smp_transport_free(transport);
    smp_loop_free(loop);
    return error == SMP_OK ? 0 : 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "support/duet.h"

#include "support/hex.h"
#include "support/report.h"

#include <string.h>

void duet_open(struct duet *duet, const struct smp_server_options *options, bool v1)
{
    const struct smp_session_options session = {.size = sizeof(session), .v1 = v1};
    memset(duet, 0, sizeof(*duet));
    WORLD_MUST(world_open(&duet->world, &session) == SMP_OK);
    duet->session = duet->world.session;
    WORLD_MUST(smp_server_new(duet->world.loop, options, &duet->server) == SMP_OK);
    WORLD_MUST(smp_server_listen(duet->server, duet->world.far) == SMP_OK);
}

void duet_close(struct duet *duet)
{
    smp_server_free(duet->server);
    world_close(&duet->world);
}

static void handle(struct smp_exchange *exchange, const void *request, void *user)
{
    struct duet *duet = user;
    struct smp_bytes payload = smp_exchange_payload(exchange);
    WORLD_MUST(request != NULL);
    hex_write(payload.data, payload.len, duet->request, sizeof(duet->request));
    duet->asked++;
    report_tested("call", duet->world.loop, smp_exchange_command(exchange));
    if (duet->rc != 0) {
        WORLD_MUST(smp_exchange_fail(exchange, duet->rc, duet->answer) == SMP_OK);
    } else {
        WORLD_MUST(smp_exchange_reply(exchange, duet->answer) == SMP_OK);
    }
}

void duet_serve(struct duet *duet, uint16_t group, uint8_t id, uint8_t op, const void *answer)
{
    duet->answer = answer;
    WORLD_MUST(smp_server_handle(duet->server, group, id, op, handle, duet) == SMP_OK);
}

const struct smp_result *duet_result(struct duet *duet)
{
    const struct smp_result *result = NULL;
    WORLD_MUST(smp_wait(duet->session, duet->id, &result) == SMP_OK);
    return result;
}

/* Hex without the spaces people put in. */
static void squeeze(const char *hex, char *out, size_t size)
{
    uint8_t bytes[1024];
    hex_write(bytes, hex_read(hex, bytes, sizeof(bytes)), out, size);
}

const void *duet_answer(struct duet *duet, const char *request_hex)
{
    char wanted[1024];
    const struct smp_result *result = duet_result(duet);
    squeeze(request_hex, wanted, sizeof(wanted));
    if (result->error != SMP_OK || strcmp(duet->request, wanted) != 0 || duet->asked != 1) {
        char text[256];
        smp_result_text(duet->world.loop, result, text, sizeof(text));
        fprintf(stderr, "asked %u times, last with %s; the answer: %s\n", duet->asked,
                duet->request, text);
        abort();
    }
    return result->rsp;
}

/* Whether the client is told code and name. */
static void expect_code(struct duet *duet, const struct smp_command *command, const void *request,
                        const struct duet_code *code, bool v1)
{
    const struct smp_group *group = smp_group_find(duet->world.loop, smp_command_group(command));
    duet->rc = code->rc;
    WORLD_MUST(smp_session_call(duet->session, command, request, NULL, NULL, &duet->id) == SMP_OK);
    const struct smp_result *result = duet_result(duet);
    if (v1) {
        WORLD_MUST(result->error == (code->v1 == 0 ? SMP_OK : SMP_ERR_DEVICE));
        WORLD_MUST(result->rc == code->v1 && !result->from_group);
        return;
    }
    WORLD_MUST(result->error == SMP_ERR_DEVICE && result->from_group);
    WORLD_MUST(result->rc == code->rc && result->group == smp_command_group(command));
    WORLD_MUST(strcmp(smp_group_code(group, result->rc)->name, code->name) == 0);
}

void duet_codes(uint16_t group, uint8_t id, uint8_t op, const void *request,
                const struct duet_code *codes, size_t n_codes)
{
    for (int v1 = 0; v1 <= 1; v1++) {
        struct duet duet;
        duet_open(&duet, NULL, v1 == 1);
        duet_serve(&duet, group, id, op, NULL);
        const struct smp_command *command = smp_command_find(duet.world.loop, group, id, op);
        const struct smp_group *table = smp_group_find(duet.world.loop, group);
        for (size_t i = 0; i < n_codes; i++) {
            expect_code(&duet, command, request, &codes[i], v1 == 1);
        }
        size_t known = 0;
        for (int64_t rc = 1; rc < 512; rc++) {
            known += smp_group_code(table, rc) != NULL;
        }
        WORLD_MUST(known == n_codes);
        duet_close(&duet);
    }
}

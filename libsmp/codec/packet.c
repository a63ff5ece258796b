/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/packet.h"
#include "codec/decode.h"
#include "codec/registry.h"

int smpi_packet_decode(const struct smpi_registry *registry, struct smpi_arena *arena,
                       const uint8_t *packet, size_t len, struct smp_result *result)
{
    *result = (struct smp_result){.size = sizeof(*result), .error = SMP_ERR_MALFORMED};
    if (smp_header_decode(packet, len, &result->header) != SMP_OK)
        return SMP_ERR_MALFORMED;
    const struct smp_header *header = &result->header;
    if (header->length > len - SMP_HEADER_SIZE)
        return SMP_ERR_MALFORMED;

    struct smp_bytes payload = {.data = packet + SMP_HEADER_SIZE, .len = header->length};
    const struct smp_command *command =
        smpi_registry_command(registry, header->group, header->id, header->op);
    bool is_answer = header->op & 1;
    const struct smp_message *message = !command    ? NULL
                                        : is_answer ? command->response
                                                    : command->request;
    result->has_answer = is_answer;
    result->command = command;
    smpi_decode(message, payload, is_answer, arena, result);
    /* An application's own group may carry anything. */
    if (!message && header->group >= SMP_GROUP_USER && result->error == SMP_ERR_MALFORMED)
        result->error = SMP_OK;
    return result->error == SMP_ERR_DEVICE ? SMP_OK : result->error;
}

int smp_message_decode(const struct smp_message *message, bool is_answer, const uint8_t *cbor,
                       size_t len, void *memory, size_t size, struct smp_result *result)
{
    if (!result || (!cbor && len > 0) || (!memory && size > 0))
        return SMP_ERR_INVALID;
    struct smpi_arena arena = {.base = memory, .size = size};
    *result = (struct smp_result){.size = sizeof(*result), .has_answer = is_answer};
    smpi_decode(message, (struct smp_bytes){cbor, len}, is_answer, &arena, result);
    return result->error == SMP_ERR_DEVICE ? SMP_OK : result->error;
}

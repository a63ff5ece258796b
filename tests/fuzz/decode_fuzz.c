/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a packet: the first byte chooses a table, the rest is decoded
 * and dumped as a packet, and its payload by that table.  What was decoded is
 * walked, so that a wrong pointer shows, and if it was well-formed it is encoded
 * and must decode again.
 */
#include "codec/decode.h"
#include "codec/dump.h"
#include "codec/encode.h"
#include "codec/groups.h"
#include "codec/packet.h"
#include "codec/result.h"

#include <smp/message.h>

#include <stdlib.h>
#include <string.h>

static const struct smp_message *const messages[] = {
    NULL, &t_upload, &t_offset, &t_state, &t_pools, &t_root, &t_counters, &t_all, &t_shell,
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

static _Alignas(max_align_t) uint8_t memory[16384];
static _Alignas(max_align_t) uint8_t again_memory[65536];
static volatile size_t sink;

static void walk(const struct smp_message *message, const void *record)
{
    for (size_t i = 0; i < smp_message_fields(message); i++) {
        const struct smp_field *field = smp_message_field(message, i);
        struct smp_value value;
        if (smp_field_get(field, record, &value) == SMP_OK &&
            (value.kind == SMP_KIND_STR || value.kind == SMP_KIND_BYTES ||
             value.kind == SMP_KIND_CBOR))
            for (size_t j = 0; j < value.as.bytes.len; j++)
                sink += value.as.bytes.data[j];
        for (size_t j = 0; j < smp_field_count(field, record); j++) {
            const void *element = smp_field_element(field, record, j);
            if (element)
                walk(smp_field_message(field), element);
            else if (smp_field_scalar(field, record, j, &value) != SMP_OK)
                abort();
        }
    }
}

/* With an error nothing is required, so only what was complete can be asked for again. */
static void encode_again(const struct smp_message *message, const void *record)
{
    static uint8_t cbor[1 << 18];
    struct smpi_arena arena = {.base = again_memory, .size = sizeof(again_memory)};
    struct smp_result result = {0};
    size_t len;

    if (smpi_encode(message, record, NULL, cbor, sizeof(cbor), &len, NULL) != SMP_OK)
        abort();
    int error = smpi_decode(message, (struct smp_bytes){cbor, len}, false, &arena, &result);
    if (error != SMP_OK)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
    struct smp_result result = {0};
    char text[512];

    if (size < 1)
        return 0;
    const struct smp_message *message = messages[data[0] % MESSAGES];
    bool is_answer = data[0] & 0x80;
    data++;
    size--;

    smpi_packet_decode(&t_registry, &arena, data, size, &result);
    smpi_result_text(&t_registry, &result, text, sizeof(text));
    size_t len = smpi_packet_dump(&t_registry, data, size, text, sizeof(text));
    if (len < sizeof(text) ? strlen(text) != len : strlen(text) != sizeof(text) - 1)
        abort();
    if (result.rsp)
        walk(result.message, result.rsp);

    smpi_arena_reset(&arena);
    int error = smpi_decode(message, (struct smp_bytes){data, size}, is_answer, &arena, &result);
    if ((result.rsp != NULL) != (message && (error == SMP_OK || error == SMP_ERR_DEVICE)))
        abort();
    if (result.rsp)
        walk(message, result.rsp);
    if (message && error == SMP_OK)
        encode_again(message, result.rsp);
    return 0;
}

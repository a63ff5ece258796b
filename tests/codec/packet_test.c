/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/packet.h"
#include "codec/groups.h"
#include "codec/vector.h"

static struct smp_result decode(const char *notation, int expected)
{
    static _Alignas(max_align_t) uint8_t memory[4096];
    struct smpi_arena arena = {.base = memory, .size = sizeof(memory)};
    struct smp_bytes packet = vector(notation);
    struct smp_result result;

    memset(&result, 0x5a, sizeof(result));
    cr_assert_eq(smpi_packet_decode(&t_registry, &arena, packet.data, packet.len, &result),
                 expected);
    cr_assert_eq(result.size, sizeof(result));
    return result;
}

Test(packet, decodes_answers_by_the_response_table)
{
    struct smp_result result = decode("0b 00 0009 0001 2a 01 bf 63'off' 190c00 ff", SMP_OK);

    cr_assert_eq(result.error, SMP_OK);
    cr_assert_eq(result.header.sequence, 42);
    cr_assert_eq(result.command, &t_img_commands[2]);
    cr_assert_eq(result.message, &t_offset);
    cr_assert(result.has_answer);
    cr_assert_eq(((const struct t_offset *)result.rsp)->off, 3072);
    expect_bytes(result.payload.data, result.payload.len, "bf 63'off' 190c00 ff");
}

Test(packet, decodes_requests_by_the_request_table)
{
    struct smp_result result = decode("0a 00 0006 0001 2a 01 a1 63'off' 05", SMP_OK);

    cr_assert_eq(result.message, &t_upload);
    cr_assert_not(result.has_answer);
    cr_assert_eq(((const struct t_upload *)result.rsp)->off, 5);
}

Test(packet, a_device_that_said_no_is_not_malformed)
{
    struct smp_result result = decode("0b 00 0006 0001 2a 01 bf 62'rc' 03 ff", SMP_OK);

    cr_assert_eq(result.error, SMP_ERR_DEVICE);
    cr_assert_eq(result.rc, 3);
}

Test(packet, unknown_commands_give_header_and_payload)
{
    struct smp_result result = decode("01 00 0004 0001 2a 63 a1 61'x' 05", SMP_OK);
    cr_assert_null(result.command);
    cr_assert_null(result.message);
    cr_assert_null(result.rsp);
    cr_assert_eq(result.header.id, 0x63);
    cr_assert_eq(result.payload.len, 4);

    result = decode("01 00 0006 0001 2a 63 bf 62'rc' 08 ff", SMP_OK);
    cr_assert_eq(result.error, SMP_ERR_DEVICE);

    result = decode("07 00 0001 0001 2a 00 a0", SMP_OK); /* op 7 */
    cr_assert_null(result.command);
}

Test(packet, an_applications_group_may_carry_anything)
{
    struct smp_result result = decode("01 00 0003 0046 2a 00 ffffff", SMP_OK);

    cr_assert_eq(result.error, SMP_OK);
    cr_assert_null(result.key);
    expect_bytes(result.payload.data, result.payload.len, "ffffff");
    decode("01 00 0003 0002 2a 00 ffffff", SMP_ERR_MALFORMED);
}

Test(packet, lengths_are_believed_up_to_the_end_only)
{
    decode("", SMP_ERR_MALFORMED);
    decode("0b 00 0000 0001 2a", SMP_ERR_MALFORMED);
    decode("0b 00 0002 0001 2a 01 a0", SMP_ERR_MALFORMED);
    decode("0b 00 ffff 0001 2a 01 a0", SMP_ERR_MALFORMED);
    cr_assert_eq(decode("0b 00 0001 0001 2a 01 a0 ffff", SMP_OK).payload.len, 1);
    cr_assert_eq(decode("0b 00 0000 0001 2a 01", SMP_OK).error, SMP_OK);
}

Test(packet, names_the_key_that_was_wrong)
{
    cr_assert_str_eq(decode("0b 00 0006 0001 2a 01 a1 63'off' 20", SMP_ERR_MALFORMED).key, "off");
}

Test(packet, maps_decode_into_memory_of_the_callers)
{
    static _Alignas(max_align_t) uint8_t memory[256];
    struct smp_bytes cbor = vector("a1 63'off' 190c00");
    struct smp_result result;

    cr_assert_eq(
        smp_message_decode(&t_offset, true, cbor.data, cbor.len, memory, sizeof(memory), &result),
        SMP_OK);
    cr_assert_eq(result.message, &t_offset);
    cr_assert(result.has_answer);
    cr_assert_eq(((const struct t_offset *)result.rsp)->off, 3072);
    cr_assert((const uint8_t *)result.rsp >= memory &&
              (const uint8_t *)result.rsp < memory + sizeof(memory));

    cr_assert_eq(smp_message_decode(&t_offset, true, cbor.data, cbor.len, memory, 4, &result),
                 SMP_ERR_TOO_LARGE);
    cr_assert_null(result.rsp);
    cr_assert_eq(smp_message_decode(&t_offset, true, NULL, 1, memory, sizeof(memory), &result),
                 SMP_ERR_INVALID);
}

Test(packet, a_refusal_decodes_into_memory_of_the_callers)
{
    static _Alignas(max_align_t) uint8_t memory[256];
    struct smp_bytes cbor = vector("a2 62'rc' 03 63'rsn' 62'no'");
    struct smp_result result;

    cr_assert_eq(
        smp_message_decode(NULL, true, cbor.data, cbor.len, memory, sizeof(memory), &result),
        SMP_OK);
    cr_assert_eq(result.error, SMP_ERR_DEVICE);
    cr_assert_eq(result.rc, 3);
    cr_assert_eq(result.reason.len, 2);
}

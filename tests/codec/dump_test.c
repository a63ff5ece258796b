/* SPDX-License-Identifier: Apache-2.0 */
/* Notation after RFC 8949, 8 and appendix A. */
#include "codec/dump.h"
#include "codec/groups.h"
#include "codec/vector.h"

static const char *dump(const char *notation)
{
    static char text[4096];
    struct smp_bytes packet = vector(notation);
    size_t len = smpi_packet_dump(&t_registry, packet.data, packet.len, text, sizeof(text));

    cr_assert_eq(len, strlen(text));
    return text;
}

/* What the payload alone looks like. */
static const char *payload(const char *notation)
{
    uint8_t packet[1024] = {1, 0, 0, 0, 0, 0x46, 0, 0};
    static char text[4096];
    struct smp_bytes cbor = vector(notation);

    cr_assert_lt(cbor.len, sizeof(packet) - 8);
    packet[2] = (uint8_t)(cbor.len >> 8);
    packet[3] = (uint8_t)cbor.len;
    memcpy(packet + 8, cbor.data, cbor.len);
    struct smp_bytes exact = vector_copy(packet, cbor.len + 8);
    smpi_packet_dump(&t_registry, exact.data, exact.len, text, sizeof(text));
    const char *head = "v1 read response, mine command 0, seq 0: ";
    cr_assert_eq(strncmp(text, head, strlen(head)), 0, "%s", text);
    return text + strlen(head);
}

Test(dump, names_what_it_knows)
{
    cr_assert_str_eq(dump("0b 00 0009 0001 2a 01 bf 63'off' 190c00 ff"),
                     "v2 write response, img upload, seq 42: {_ \"off\": 3072}");
    cr_assert_str_eq(dump("00 00 0001 0000 ff 03 a0"),
                     "v1 read request, os memory_pools, seq 255: {}");
    cr_assert_str_eq(dump("08 00 0001 0001 00 07 a0"), "v2 read request, img command 7, seq 0: {}");
    cr_assert_str_eq(dump("1f 00 0000 0141 00 07"), "v4 op 7, group 321 command 7, seq 0");
}

Test(dump, works_without_a_registry)
{
    struct smp_bytes packet = vector("08 00 0001 0001 00 00 a0");
    char text[100];

    smpi_packet_dump(NULL, packet.data, packet.len, text, sizeof(text));
    cr_assert_str_eq(text, "v2 read request, group 1 command 0, seq 0: {}");
}

Test(dump, writes_every_kind_of_item)
{
    cr_assert_str_eq(payload("00"), "0");
    cr_assert_str_eq(payload("1bffffffffffffffff"), "18446744073709551615");
    cr_assert_str_eq(payload("20"), "-1");
    cr_assert_str_eq(payload("3b7fffffffffffffff"), "-9223372036854775808");
    cr_assert_str_eq(payload("3bfffffffffffffffe"), "-18446744073709551615");
    cr_assert_str_eq(payload("3bffffffffffffffff"), "-18446744073709551616");
    cr_assert_str_eq(payload("f4"), "false");
    cr_assert_str_eq(payload("f5"), "true");
    cr_assert_str_eq(payload("f6"), "null");
    cr_assert_str_eq(payload("f7"), "undefined");
    cr_assert_str_eq(payload("f0"), "simple(16)");
    cr_assert_str_eq(payload("f8ff"), "simple(255)");
    cr_assert_str_eq(payload("f93c00"), "1.0");
    cr_assert_str_eq(payload("fb3ff199999999999a"), "1.1");
    cr_assert_str_eq(payload("f9fc00"), "-Infinity");
    cr_assert_str_eq(payload("f97c00"), "Infinity");
    cr_assert_str_eq(payload("f97e00"), "NaN");
    cr_assert_str_eq(payload("40"), "h''");
    cr_assert_str_eq(payload("44 01020304"), "h'01020304'");
    cr_assert_str_eq(payload("60"), "\"\"");
    cr_assert_str_eq(payload("62 225c"), "\"\\\"\\\\\"");
    cr_assert_str_eq(payload("62 0a1b"), "\"\\n\\u001b\"");
    cr_assert_str_eq(payload("c1 05"), "5");
}

Test(dump, writes_containers_of_both_kinds)
{
    cr_assert_str_eq(payload("80"), "[]");
    cr_assert_str_eq(payload("83 01 02 03"), "[1, 2, 3]");
    cr_assert_str_eq(payload("9f ff"), "[_ ]");
    cr_assert_str_eq(payload("9f 01 82 02 03 9f 04 05 ff ff"), "[_ 1, [2, 3], [_ 4, 5]]");
    cr_assert_str_eq(payload("a2 01 02 03 04"), "{1: 2, 3: 4}");
    cr_assert_str_eq(payload("bf 61'a' 80 61'b' a1 80 bf ff ff"),
                     "{_ \"a\": [], \"b\": {[]: {_ }}}");
    cr_assert_str_eq(payload("7f 61'a' 60 61'b' ff"), "(_ \"a\", \"\", \"b\")");
    cr_assert_str_eq(payload("5f 41 00 ff"), "(_ h'00')");
}

Test(dump, nests_as_deeply_as_the_decoder)
{
    cr_assert_str_eq(payload("81 81 81 81 81 81 81 81 7f 61'a' ff"), "[[[[[[[[(_ \"a\")]]]]]]]]");
    cr_assert_str_eq(payload("81 81 81 81 81 81 81 81 80"), "not CBOR, h'818181818181818180'");
}

Test(dump, cuts_long_byte_strings)
{
    cr_assert_str_eq(
        payload("5820 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
        "h'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff'");
    cr_assert_str_eq(
        payload("5821 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff 11"),
        "h'00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff...' /33 bytes/");
}

Test(dump, shows_what_is_not_cbor_as_hex)
{
    cr_assert_str_eq(payload("ff"), "not CBOR, h'ff'");
    cr_assert_str_eq(payload("a1 61'a'"), "not CBOR, h'a16161'");
    cr_assert_str_eq(payload("a0 a0"), "not CBOR, h'a0a0'");
    cr_assert_str_eq(payload("a0 0000"), "{}"); /* padding */
}

Test(dump, tells_headers_that_are_wrong)
{
    cr_assert_str_eq(dump(""), "0 bytes, too short for a header: h''");
    cr_assert_str_eq(dump("0b 00 00"), "3 bytes, too short for a header: h'0b0000'");
    cr_assert_str_eq(dump("0b 00 0005 0001 2a 01 a0"),
                     "v2 write response, img upload, seq 42, length says 5 and 1 came: {}");
}

Test(dump, follows_snprintfs_rule)
{
    struct smp_bytes packet = vector("0b 00 0009 0001 2a 01 bf 63'off' 190c00 ff");
    const char *whole = "v2 write response, img upload, seq 42: {_ \"off\": 3072}";

    cr_assert_eq(smpi_packet_dump(&t_registry, packet.data, packet.len, NULL, 0), strlen(whole));
    for (size_t size = 1; size < 80; size++) {
        char text[80];
        memset(text, 'x', sizeof(text));
        cr_assert_eq(smpi_packet_dump(&t_registry, packet.data, packet.len, text, size),
                     strlen(whole));
        size_t shown = size - 1 < strlen(whole) ? size - 1 : strlen(whole);
        cr_assert_eq(strlen(text), shown);
        cr_assert_eq(strncmp(text, whole, shown), 0);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* @see protocol, 1.1 */
#include "codec/vector.h"

#include <smp/header.h>

Test(header, is_unpacked_field_by_field)
{
    struct smp_bytes bytes = vector("0b a5 0102 0304 fe 11");
    struct smp_header header;

    cr_assert_eq(smp_header_decode(bytes.data, bytes.len, &header), SMP_OK);
    cr_assert_eq(header.version, SMP_PROTOCOL_V2);
    cr_assert_eq(header.op, SMP_OP_WRITE_RSP);
    cr_assert_eq(header.flags, 0xa5);
    cr_assert_eq(header.length, 0x0102);
    cr_assert_eq(header.group, 0x0304);
    cr_assert_eq(header.sequence, 0xfe);
    cr_assert_eq(header.id, 0x11);
}

Test(header, ignores_the_reserved_bits)
{
    struct smp_bytes bytes = vector("ff 00 0000 0000 00 00");
    struct smp_header header;

    cr_assert_eq(smp_header_decode(bytes.data, bytes.len, &header), SMP_OK);
    cr_assert_eq(header.version, 3);
    cr_assert_eq(header.op, 7);
}

Test(header, needs_eight_bytes)
{
    struct smp_header header;

    for (size_t len = 0; len < SMP_HEADER_SIZE; len++) {
        struct smp_bytes bytes = vector_copy("\x0b\x00\x00\x00\x00\x00\x00\x00", len);
        cr_assert_eq(smp_header_decode(bytes.data, bytes.len, &header), SMP_ERR_MALFORMED);
    }
}

Test(header, is_packed_as_the_protocol_shows_it)
{
    static const struct {
        uint8_t version;
        uint8_t op;
        const char *wanted;
    } vectors[] = {
        {0, 0, "00 00 0009 0001 2a 06"}, {0, 1, "01 00 0009 0001 2a 06"},
        {0, 2, "02 00 0009 0001 2a 06"}, {0, 3, "03 00 0009 0001 2a 06"},
        {1, 0, "08 00 0009 0001 2a 06"}, {1, 1, "09 00 0009 0001 2a 06"},
        {1, 2, "0a 00 0009 0001 2a 06"}, {1, 3, "0b 00 0009 0001 2a 06"},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct smp_header header = {.version = vectors[i].version,
                                    .op = vectors[i].op,
                                    .length = 9,
                                    .group = 1,
                                    .sequence = 42,
                                    .id = 6};
        uint8_t out[SMP_HEADER_SIZE];
        smp_header_encode(&header, out);
        expect_bytes(out, sizeof(out), vectors[i].wanted);
    }
}

Test(header, cuts_bits_over_a_fields_width)
{
    struct smp_header header = {.version = 0xff, .op = 0xff, .group = 0xffff, .length = 0xfffe};
    uint8_t out[SMP_HEADER_SIZE];

    smp_header_encode(&header, out);
    expect_bytes(out, sizeof(out), "1f 00 fffe ffff 00 00");
}

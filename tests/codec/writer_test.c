/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors after RFC 8949, appendix A. */
#include "codec/writer.h"
#include "codec/vector.h"

static uint8_t out[256];

static struct smpi_writer writer_of(size_t capacity)
{
    memset(out, 0xee, sizeof(out));
    return (struct smpi_writer){.at = out, .end = out + capacity};
}

static void expect_written(const struct smpi_writer *writer, const char *notation)
{
    cr_assert_not(writer->full);
    expect_bytes(out, (size_t)(writer->at - out), notation);
}

Test(writer, uses_the_shortest_head_for_every_number)
{
    static const struct {
        int64_t number;
        const char *cbor;
    } vectors[] = {
        {0, "00"},
        {23, "17"},
        {24, "1818"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {4294967296, "1b0000000100000000"},
        {INT64_MAX, "1b7fffffffffffffff"},
        {-1, "20"},
        {-24, "37"},
        {-25, "3818"},
        {-256, "38ff"},
        {-257, "390100"},
        {INT64_MIN, "3b7fffffffffffffff"},
    };

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct smpi_writer writer = writer_of(sizeof(out));
        smpi_write_int(&writer, vectors[i].number);
        expect_written(&writer, vectors[i].cbor);
    }
    struct smpi_writer writer = writer_of(sizeof(out));
    smpi_write_uint(&writer, UINT64_MAX);
    expect_written(&writer, "1bffffffffffffffff");
}

Test(writer, writes_strings_and_heads)
{
    struct smpi_writer writer = writer_of(sizeof(out));
    uint8_t letters[24];

    memset(letters, 'a', sizeof(letters));
    smpi_write_map(&writer, 2);
    smpi_write_text(&writer, "off", 3);
    smpi_write_bytes(&writer, (const uint8_t *)"\x01\x02", 2);
    smpi_write_text(&writer, "", 0);
    smpi_write_array(&writer, 24);
    smpi_write_bool(&writer, false);
    smpi_write_bool(&writer, true);
    expect_written(&writer, "a2 63'off' 42 0102 60 9818 f4 f5");

    writer = writer_of(sizeof(out));
    smpi_write_text(&writer, (const char *)letters, 23);
    smpi_write_text(&writer, (const char *)letters, 24);
    smpi_write_bytes(&writer, NULL, 0);
    expect_written(&writer, "77'aaaaaaaaaaaaaaaaaaaaaaa' 7818'aaaaaaaaaaaaaaaaaaaaaaaa' 40");
}

Test(writer, leaves_gaps)
{
    struct smpi_writer writer = writer_of(sizeof(out));

    cr_assert_eq(smpi_write_gap(&writer, 30), out + 2);
    cr_assert_eq(writer.at, out + 32);
    cr_assert_eq(out[0], 0x58);
    cr_assert_eq(out[1], 30);
}

Test(writer, never_goes_past_the_end_and_remembers_it)
{
    static const char text[] = "twenty-five characters...";

    for (size_t capacity = 0; capacity < 27; capacity++) {
        struct smpi_writer writer = writer_of(capacity);
        smpi_write_text(&writer, text, 25);
        cr_assert(writer.full, "capacity %zu", capacity);
        smpi_write_uint(&writer, 1);
        cr_assert(writer.full);
        for (size_t i = capacity; i < sizeof(out); i++)
            cr_assert_eq(out[i], 0xee, "capacity %zu, byte %zu", capacity, i);
    }
    for (size_t capacity = 0; capacity < 4; capacity++) {
        struct smpi_writer writer = writer_of(capacity);
        smpi_write_text(&writer, "off", 3);
        cr_assert(writer.full, "capacity %zu", capacity);
        for (size_t i = capacity; i < sizeof(out); i++)
            cr_assert_eq(out[i], 0xee);
    }
    struct smpi_writer writer = writer_of(10);
    cr_assert_null(smpi_write_gap(&writer, 10));
    cr_assert(writer.full);
    writer = writer_of(4);
    smpi_write_text(&writer, "off", 3);
    cr_assert_not(writer.full);
}

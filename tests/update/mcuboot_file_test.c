/* SPDX-License-Identifier: Apache-2.0 */
#include "update/image_bytes.h"

TestSuite(mcuboot_file, .init = make_by_hand);

static enum smp_mcuboot_file kind_of(const void *data, size_t len)
{
    struct smp_mcuboot_image image;
    memset(&file, 0, sizeof(file));
    memcpy(file.data, data, len);
    file.len = len;
    int error = read_file(&image);
    cr_expect_eq(error,
                 image.file == SMP_MCUBOOT_FILE_IMAGE ? SMP_ERR_MALFORMED : SMP_ERR_NOT_IMAGE);
    if (error == SMP_ERR_NOT_IMAGE) {
        cr_expect_str_eq(image.problem, smp_mcuboot_file_text(image.file));
    }
    return image.file;
}

#define KIND(text) kind_of(text, sizeof(text) - 1)

Test(mcuboot_file, kinds)
{
    cr_expect_eq(KIND(""), SMP_MCUBOOT_FILE_EMPTY);
    cr_expect_eq(KIND("\x3d\xb8\xf3\x96"), SMP_MCUBOOT_FILE_IMAGE);
    cr_expect_eq(KIND("\x3c\xb8\xf3\x96 and so on"), SMP_MCUBOOT_FILE_OLD);
    cr_expect_eq(KIND(":020000040000FA\n:1000"), SMP_MCUBOOT_FILE_HEX);
    cr_expect_eq(KIND(":00000001FF"), SMP_MCUBOOT_FILE_HEX);
    cr_expect_eq(KIND(": a colon is not enough"), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(KIND("S00F000068656C6C6F\n"), SMP_MCUBOOT_FILE_SREC);
    cr_expect_eq(KIND("S9030000FC"), SMP_MCUBOOT_FILE_SREC);
    cr_expect_eq(KIND("Some text that begins with S"), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(KIND("\177ELF\x01\x01\x01"), SMP_MCUBOOT_FILE_ELF);
    cr_expect_eq(KIND("PK\x03\x04\x14"), SMP_MCUBOOT_FILE_ZIP);
    cr_expect_eq(KIND("PK\x05\x06"), SMP_MCUBOOT_FILE_ZIP);
    cr_expect_eq(KIND("UF2\nWQ]\x9e"), SMP_MCUBOOT_FILE_UF2);
    cr_expect_eq(KIND("UF2"), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(KIND("\x7f"), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(KIND("\x96\xf3\xb8\x3d big-endian, which no host tool makes"),
                 SMP_MCUBOOT_FILE_UNKNOWN);
}

static enum smp_mcuboot_file kind_of_vectors(uint32_t stack, uint32_t reset, size_t at,
                                             uint8_t blank)
{
    uint8_t data[0x1100];
    memset(data, blank, sizeof(data));
    for (unsigned i = 0; i < 4; i++) {
        data[at + i] = (uint8_t)(stack >> 8 * i);
        data[at + 4 + i] = (uint8_t)(reset >> 8 * i);
    }
    return kind_of(data, sizeof(data));
}

Test(mcuboot_file, bare_firmware)
{
    cr_expect_eq(kind_of_vectors(0x20010000, 0x00000401, 0, 0x55), SMP_MCUBOOT_FILE_RAW);
    cr_expect_eq(kind_of_vectors(0x10008000, 0x08000401, 0, 0x55), SMP_MCUBOOT_FILE_RAW);
    cr_expect_eq(kind_of_vectors(0x3ffffff8, 0x60000401, 0, 0x55), SMP_MCUBOOT_FILE_RAW);
    /* zephyr.bin keeps room for the header, as zeros or erased. */
    cr_expect_eq(kind_of_vectors(0x20010000, 0x00000401, 0x200, 0), SMP_MCUBOOT_FILE_RAW);
    cr_expect_eq(kind_of_vectors(0x20010000, 0x00000401, 0x1000, 0xff), SMP_MCUBOOT_FILE_RAW);

    cr_expect_eq(kind_of_vectors(0x20010000, 0x00000400, 0, 0x55), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(kind_of_vectors(0x20010001, 0x00000401, 0, 0x55), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(kind_of_vectors(0x08000000, 0x00000401, 0, 0x55), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(kind_of_vectors(0x20010000, 0x20000401, 0, 0x55), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(kind_of_vectors(0x20010000, 0x00000401, 0x200, 0x55), SMP_MCUBOOT_FILE_UNKNOWN);
    cr_expect_eq(kind_of_vectors(0, 0, 0, 0), SMP_MCUBOOT_FILE_UNKNOWN);
}

Test(mcuboot_file, sentences_say_what_to_use)
{
    for (int kind = -1; kind <= SMP_MCUBOOT_FILE_SREC + 1; kind++) {
        const char *text = smp_mcuboot_file_text((enum smp_mcuboot_file)kind);
        cr_assert_not_null(text);
        if (kind != SMP_MCUBOOT_FILE_IMAGE && kind != SMP_MCUBOOT_FILE_OLD) {
            cr_expect_not_null(strstr(text, "zephyr.signed.bin"), "%d: %s", kind, text);
        }
    }
    cr_expect_not_null(strstr(smp_mcuboot_file_text(SMP_MCUBOOT_FILE_HEX), "Intel HEX"));
    cr_expect_not_null(strstr(smp_mcuboot_file_text(SMP_MCUBOOT_FILE_ELF), "ELF"));
    cr_expect_not_null(strstr(smp_mcuboot_file_text(SMP_MCUBOOT_FILE_ZIP), "zip"));
}

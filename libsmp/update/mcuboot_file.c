/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is that someone took for an image, and what to use instead. */
#include <smp/error.h>
#include <smp/mcuboot.h>

#include "update/image.h"

#include <string.h>

#define HEAD_SIZE SMP_MCUBOOT_HEADER_SIZE
#define MAGIC_OLD 0x96f3b83cu

static bool begins(const uint8_t *head, size_t len, const char *with, size_t with_len)
{
    return len >= with_len && memcmp(head, with, with_len) == 0;
}

static bool is_hex_digits(const uint8_t *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr("0123456789abcdefABCDEF", text[i]) == NULL || text[i] == '\0') {
            return false;
        }
    }
    return true;
}

/* The vector table of a Cortex-M: a stack pointer in RAM, then an odd (Thumb) address in code. */
static bool is_vector_table(const uint8_t *bytes)
{
    uint32_t stack = smpi_le32(bytes);
    uint32_t reset = smpi_le32(bytes + 4);
    bool in_ram = stack >= 0x10000000u && stack <= 0x3fffffffu && stack % 4 == 0;
    bool in_code = reset < 0x20000000u || (reset >= 0x60000000u && reset < 0xa0000000u);
    return in_ram && in_code && reset % 2 == 1;
}

static bool is_blank(const uint8_t *bytes, size_t len)
{
    for (size_t i = 1; i < len; i++) {
        if (bytes[i] != bytes[0]) {
            return false;
        }
    }
    return bytes[0] == 0x00 || bytes[0] == 0xff;
}

/*
 * Zephyr leaves room for MCUboot's header at the start of zephyr.bin; imgtool
 * fills it.  So the vector table may follow a blank piece of a usual length.
 */
static int find_firmware(const struct smp_source *source, const uint8_t *head, bool *found)
{
    static const uint32_t starts[] = {0x20, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000};
    uint8_t table[8];
    *found = is_vector_table(head);
    if (*found || !is_blank(head, HEAD_SIZE)) {
        return SMP_OK;
    }
    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]) && !*found; i++) {
        if (source->length < starts[i] + sizeof(table)) {
            return SMP_OK;
        }
        int error = smpi_image_fetch(source, starts[i], table, sizeof(table));
        if (error != SMP_OK) {
            return error;
        }
        *found = is_vector_table(table);
    }
    return SMP_OK;
}

static enum smp_mcuboot_file by_magic(const uint8_t *head, size_t len)
{
    if (len >= 4 && smpi_le32(head) == SMP_MCUBOOT_MAGIC) {
        return SMP_MCUBOOT_FILE_IMAGE;
    }
    if (len >= 4 && smpi_le32(head) == MAGIC_OLD) {
        return SMP_MCUBOOT_FILE_OLD;
    }
    if (begins(head, len, "\177ELF", 4)) {
        return SMP_MCUBOOT_FILE_ELF;
    }
    if (begins(head, len, "PK\x03\x04", 4) || begins(head, len, "PK\x05\x06", 4)) {
        return SMP_MCUBOOT_FILE_ZIP;
    }
    if (begins(head, len, "UF2\nWQ]\x9e", 8)) {
        return SMP_MCUBOOT_FILE_UF2;
    }
    /* The shortest records: ":00000001FF" and "S9030000FC". */
    if (len >= 11 && head[0] == ':' && is_hex_digits(head + 1, 10)) {
        return SMP_MCUBOOT_FILE_HEX;
    }
    if (len >= 10 && head[0] == 'S' && head[1] >= '0' && head[1] <= '9' &&
        is_hex_digits(head + 2, 8)) {
        return SMP_MCUBOOT_FILE_SREC;
    }
    return SMP_MCUBOOT_FILE_UNKNOWN;
}

int smpi_image_file_kind(const struct smp_source *source, enum smp_mcuboot_file *file)
{
    uint8_t head[HEAD_SIZE] = {0};
    size_t len = source->length < HEAD_SIZE ? (size_t)source->length : HEAD_SIZE;
    bool firmware = false;
    *file = SMP_MCUBOOT_FILE_UNKNOWN;
    if (len == 0) {
        *file = SMP_MCUBOOT_FILE_EMPTY;
        return SMP_OK;
    }
    int error = smpi_image_fetch(source, 0, head, len);
    if (error != SMP_OK) {
        return error;
    }
    *file = by_magic(head, len);
    if (*file != SMP_MCUBOOT_FILE_UNKNOWN || len < HEAD_SIZE) {
        return SMP_OK;
    }
    error = find_firmware(source, head, &firmware);
    if (firmware) {
        *file = SMP_MCUBOOT_FILE_RAW;
    }
    return error;
}

const char *smp_mcuboot_file_text(enum smp_mcuboot_file file)
{
    switch (file) {
    case SMP_MCUBOOT_FILE_IMAGE:
        return "a MCUboot image";
    case SMP_MCUBOOT_FILE_OLD:
        return "a MCUboot image of the first format, which no boot loader takes any more: "
               "sign it again with a current imgtool";
    case SMP_MCUBOOT_FILE_HEX:
        return "an Intel HEX file: use the signed binary from the same build "
               "(zephyr.signed.bin) instead";
    case SMP_MCUBOOT_FILE_ELF:
        return "an ELF file, made for debuggers: use the signed binary from the same build "
               "(zephyr.signed.bin) instead";
    case SMP_MCUBOOT_FILE_ZIP:
        return "a zip archive, perhaps a DFU package (dfu_application.zip): unpack it and use the "
               "signed binary inside (zephyr.signed.bin)";
    case SMP_MCUBOOT_FILE_RAW:
        return "bare firmware without a MCUboot header: use the signed binary from the same build "
               "(zephyr.signed.bin, not zephyr.bin), or sign it with imgtool sign";
    case SMP_MCUBOOT_FILE_EMPTY:
        return "an empty file: use the signed binary of a finished build (zephyr.signed.bin)";
    case SMP_MCUBOOT_FILE_UF2:
        return "a UF2 file, made for USB drag and drop: use the signed binary from the same build "
               "(zephyr.signed.bin) instead";
    case SMP_MCUBOOT_FILE_SREC:
        return "a Motorola S-record file: use the signed binary from the same build "
               "(zephyr.signed.bin) instead";
    case SMP_MCUBOOT_FILE_UNKNOWN:
        break;
    }
    return "not a MCUboot image, nor anything else that is known: use the signed binary of your "
           "build (zephyr.signed.bin)";
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Image files for the tests of the image reader: from tests/data, and made by hand. */
#ifndef TESTS_UPDATE_IMAGE_BYTES_H
#define TESTS_UPDATE_IMAGE_BYTES_H

#include <smp/error.h>
#include <smp/mcuboot.h>

#include "base/sha.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define DATA SMP_SOURCE_DIR "/tests/data/"

/* ---- a source of bytes that counts what is read ---- */

struct bytes {
    uint8_t data[72 * 1024];
    size_t len;
    uint64_t read;   /* bytes in all */
    size_t largest;  /* one read */
    uint64_t broken; /* reads at or past this offset fail; 0: none */
    int error;       /* what they answer */
};

static struct bytes file;

static inline int read_bytes(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    struct bytes *bytes = user;
    cr_assert(offset <= bytes->len && len <= bytes->len - offset, "read past the end");
    if (bytes->broken != 0 && offset + len > bytes->broken) {
        return bytes->error;
    }
    memcpy(data, bytes->data + offset, len);
    bytes->read += len;
    bytes->largest = len > bytes->largest ? len : bytes->largest;
    return SMP_OK;
}

static inline struct smp_source source_of(struct bytes *bytes)
{
    return (struct smp_source){
        .size = sizeof(struct smp_source), .length = bytes->len, .read = read_bytes, .user = bytes};
}

static inline void load(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), DATA "%s", name);
    memset(&file, 0, sizeof(file));
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s is missing", path);
    file.len = fread(file.data, 1, sizeof(file.data), f);
    cr_assert(file.len > 0 && file.len < sizeof(file.data));
    fclose(f);
}

static inline int read_file(struct smp_mcuboot_image *image)
{
    struct smp_source source = source_of(&file);
    memset(image, 0x5a, sizeof(*image));
    image->size = sizeof(*image);
    return smp_mcuboot_image_read(&source, image);
}

static inline int check_file(struct smp_mcuboot_image *image, uint8_t *sha)
{
    struct smp_source source = source_of(&file);
    memset(image, 0x5a, sizeof(*image));
    image->size = sizeof(*image);
    return smp_mcuboot_image_check(&source, image, sha);
}

static inline void expect_problem(int error, const struct smp_mcuboot_image *image,
                                  const char *word)
{
    cr_expect_eq(error, SMP_ERR_MALFORMED, "%d", error);
    cr_expect_eq(image->file, SMP_MCUBOOT_FILE_IMAGE);
    cr_assert_not_null(image->problem);
    cr_expect_not_null(strstr(image->problem, word), "\"%s\" lacks \"%s\"", image->problem, word);
}

/* ---- an image by hand ---- */

/*
 * 32 bytes of header, 8 of image, protected TLVs (a security counter), and a
 * SHA-256.  Every byte is from protocol.md 6.1 and 6.2.
 */
enum { IMAGE = 32, PROTECTED = 40, PLAIN = 52, HASH = 60, END = 92 };

static const uint8_t by_hand[HASH] = {
    0x3d, 0xb8, 0xf3, 0x96, /* magic */
    0x00, 0xc0, 0x00, 0x08, /* load address 0x0800c000 */
    0x20, 0x00,             /* header size */
    0x0c, 0x00,             /* protected TLVs: 12 bytes */
    0x08, 0x00, 0x00, 0x00, /* image size */
    0x21, 0x00, 0x00, 0x00, /* flags: PIC, RAM load */
    0x01, 0x02, 0x03, 0x04, /* version 1.2.1027 */
    0x05, 0x06, 0x07, 0x08, /* build 134678021 */
    0x00, 0x00, 0x00, 0x00, /* padding */
    'f',  'i',  'r',  'm',  'w',  'a',  'r',  'e',
    0x08, 0x69, 0x0c, 0x00,                         /* protected TLVs, 12 bytes */
    0x50, 0x00, 0x04, 0x00,                         /* security counter, 4 bytes */
    0x2a, 0x00, 0x00, 0x00, 0x07, 0x69, 0x28, 0x00, /* TLVs, 40 bytes */
    0x10, 0x00, 0x20, 0x00,                         /* SHA-256, 32 bytes */
};

static inline void put16(size_t offset, unsigned value)
{
    file.data[offset] = (uint8_t)value;
    file.data[offset + 1] = (uint8_t)(value >> 8);
}

static inline void put32(size_t offset, uint32_t value)
{
    put16(offset, value & 0xffff);
    put16(offset + 2, value >> 16);
}

static inline void make_by_hand(void)
{
    struct smpi_sha sha;
    memset(&file, 0, sizeof(file));
    memcpy(file.data, by_hand, sizeof(by_hand));
    smpi_sha_init(&sha, SMPI_SHA256);
    smpi_sha_update(&sha, file.data, PLAIN);
    smpi_sha_final(&sha, file.data + HASH);
    file.len = END;
}

/* Adds one to the area behind the image; its data are whatever is there. */
static inline void add_tlv(unsigned type, unsigned len)
{
    put16(file.len, type);
    put16(file.len + 2, len);
    file.len += 4 + len;
    put16(PLAIN + 2, (unsigned)(file.len - PLAIN));
}

#endif

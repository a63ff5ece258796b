/* SPDX-License-Identifier: Apache-2.0 */
#include "update/image_bytes.h"

TestSuite(mcuboot, .init = make_by_hand);

Test(mcuboot, header_by_hand)
{
    struct smp_mcuboot_image image;
    char text[SMP_MCUBOOT_VERSION_MAX];
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(image.size, sizeof(image));
    cr_expect_eq(image.file, SMP_MCUBOOT_FILE_IMAGE);
    cr_expect_eq(image.load_address, 0x0800c000);
    cr_expect_eq(image.header_size, 32);
    cr_expect_eq(image.protected_size, 12);
    cr_expect_eq(image.image_size, 8);
    cr_expect_eq(image.flags, SMP_MCUBOOT_PIC | SMP_MCUBOOT_RAM_LOAD);
    cr_expect_eq(image.tlv_offset, PLAIN);
    cr_expect_eq(image.tlv_size, 40);
    cr_expect_eq(image.end, END);
    cr_expect_eq(image.hash_type, SMP_MCUBOOT_TLV_SHA256);
    cr_expect_eq(image.hash_len, 32);
    cr_expect_arr_eq(image.hash, file.data + HASH, 32);
    cr_expect(image.hash_good);
    cr_expect_not(image.is_signed);
    cr_expect_not(image.has_trailer);
    cr_expect_null(image.problem);
    smp_mcuboot_version_text(&image.version, text);
    cr_expect_str_eq(text, "1.2.1027.134678021");
}

/* Nothing of the file beyond its TLVs, nor its hash, is looked at by a mere read. */
Test(mcuboot, read_does_not_hash)
{
    struct smp_mcuboot_image image;
    file.data[IMAGE] ^= 1;
    cr_expect_eq(read_file(&image), SMP_OK);
    cr_expect_not(image.hash_good);
    cr_expect_lt(file.read, 200);
}

Test(mcuboot, every_covered_byte_counts)
{
    struct smp_mcuboot_image image;
    uint8_t sha[32];
    for (size_t i = 20; i < PLAIN; i++) { /* from the version on: the rest changes the shape */
        if (i >= PROTECTED && i < PROTECTED + 8) {
            continue;
        }
        make_by_hand();
        file.data[i] ^= 0x80;
        cr_expect_eq(check_file(&image, sha), SMP_ERR_CORRUPT, "byte %zu", i);
        cr_expect_not(image.hash_good);
        cr_expect_not_null(image.problem);
    }
    make_by_hand();
    file.data[END - 1] ^= 1; /* the hash itself */
    cr_expect_eq(check_file(&image, NULL), SMP_ERR_CORRUPT);
}

/* The SHA-256 of the file is right even where the image's own hash is not. */
Test(mcuboot, file_hash_of_a_corrupt_image)
{
    struct smp_mcuboot_image image;
    struct smpi_sha whole;
    uint8_t sha[32], expected[32];
    file.data[IMAGE] ^= 1;
    smpi_sha_init(&whole, SMPI_SHA256);
    smpi_sha_update(&whole, file.data, file.len);
    smpi_sha_final(&whole, expected);
    cr_expect_eq(check_file(&image, sha), SMP_ERR_CORRUPT);
    cr_expect_arr_eq(sha, expected, 32);
}

/* ---- files that are cut short ---- */

Test(mcuboot, every_truncation_is_refused)
{
    struct smp_mcuboot_image image;
    for (size_t len = 0; len < END; len++) {
        file.len = len;
        int error = check_file(&image, NULL);
        if (len < 4) { /* too short to know its magic */
            cr_expect_eq(error, SMP_ERR_NOT_IMAGE, "%zu bytes: %d", len, error);
            cr_expect_eq(image.file, len == 0 ? SMP_MCUBOOT_FILE_EMPTY : SMP_MCUBOOT_FILE_UNKNOWN);
        } else {
            expect_problem(error, &image, "cut short");
        }
    }
}

Test(mcuboot, sizes_that_overflow)
{
    struct smp_mcuboot_image image;
    put32(12, 0xffffffff);
    expect_problem(read_file(&image), &image, "cut short");
    put32(12, 0xffffffe0); /* + 32 is 2^32 */
    expect_problem(read_file(&image), &image, "cut short");
    put16(8, 0xffff);
    put16(10, 0xffff);
    expect_problem(read_file(&image), &image, "cut short");
    make_by_hand();
    put32(12, 60); /* the end of the file exactly, no room for an info */
    put16(10, 0);
    expect_problem(read_file(&image), &image, "cut short");
}

Test(mcuboot, header_size)
{
    struct smp_mcuboot_image image;
    put16(8, 31);
    expect_problem(read_file(&image), &image, "32");
    put16(8, 0);
    expect_problem(read_file(&image), &image, "32");
    put16(8, 0xffff);
    expect_problem(read_file(&image), &image, "cut short");
}

/* ---- sources and arguments ---- */

Test(mcuboot, source_fails)
{
    static const int errors[] = {SMP_ERR_AGAIN, SMP_ERR_SYSTEM, -1000, 1};
    struct smp_mcuboot_image image;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        file.error = errors[i];
        file.broken = 1;
        cr_expect_eq(read_file(&image), SMP_ERR_SOURCE);
        cr_expect_not_null(image.problem);
        file.broken = PLAIN + 1;
        cr_expect_eq(read_file(&image), SMP_ERR_SOURCE);
        file.broken = HASH + 1;
        cr_expect_eq(check_file(&image, NULL), SMP_ERR_SOURCE);
    }
}

Test(mcuboot, arguments)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    struct smp_source source = source_of(&file);
    uint32_t cursor = 0;
    cr_expect_eq(smp_mcuboot_image_read(NULL, &image), SMP_ERR_INVALID);
    cr_expect_eq(smp_mcuboot_image_read(&source, NULL), SMP_ERR_INVALID);
    cr_expect_eq(smp_mcuboot_image_check(NULL, &image, NULL), SMP_ERR_INVALID);
    image.size = 0;
    cr_expect_eq(smp_mcuboot_image_read(&source, &image), SMP_ERR_INVALID);
    image.size = sizeof(image);
    source.read = NULL;
    cr_expect_eq(smp_mcuboot_image_read(&source, &image), SMP_ERR_INVALID);
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_INVALID);
    source = source_of(&file);
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, NULL, &tlv), SMP_ERR_INVALID);
    tlv.size = 0;
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_INVALID);
}

/* A caller that was built with a later, longer struct: its tail is left alone. */
Test(mcuboot, longer_struct)
{
    struct {
        struct smp_mcuboot_image image;
        uint8_t later[16];
    } caller;
    struct smp_source source = source_of(&file);
    memset(&caller, 0x77, sizeof(caller));
    caller.image.size = sizeof(caller);
    cr_expect_eq(smp_mcuboot_image_read(&source, &caller.image), SMP_OK);
    cr_expect_eq(caller.image.size, sizeof(caller));
    cr_expect_eq(caller.later[0], 0x77);
}

static int read_huge(void *user, uint64_t offset, uint8_t *data, size_t len)
{
    (void)user;
    memset(data, 0, len);
    if (offset == 0) {
        memcpy(data, by_hand, len);
    }
    return SMP_OK;
}

Test(mcuboot, huge)
{
    struct smp_mcuboot_image image = {.size = sizeof(image)};
    uint8_t sha[32];
    struct smp_source source = {
        .size = sizeof(source), .length = (uint64_t)UINT32_MAX + 1, .read = read_huge};
    cr_expect_eq(smp_mcuboot_image_check(&source, &image, sha), SMP_ERR_TOO_LARGE);
    cr_expect_not_null(image.problem);
    source.length = UINT64_MAX;
    cr_expect_eq(smp_mcuboot_image_read(&source, &image), SMP_ERR_TOO_LARGE);
}

/* ---- real images: hashes as imgtool dumpinfo prints them ---- */

static void expect_hex(const uint8_t *found, size_t len, const char *hex)
{
    char text[2 * SMP_MCUBOOT_HASH_MAX + 1] = "";
    for (size_t i = 0; i < len; i++) {
        snprintf(text + 2 * i, 3, "%02x", found[i]);
    }
    cr_expect_str_eq(text, hex);
}

static void expect_real(const char *name, const char *version, uint16_t hash_type, bool is_signed)
{
    struct smp_mcuboot_image image;
    struct smpi_sha whole;
    uint8_t sha[32], expected[32];
    char text[SMP_MCUBOOT_VERSION_MAX];
    load(name);
    cr_assert_eq(check_file(&image, sha), SMP_OK, "%s: %s", name, image.problem);
    cr_expect(image.hash_good, "%s", name);
    cr_expect_eq(image.hash_type, hash_type, "%s", name);
    cr_expect_eq(image.is_signed, is_signed, "%s", name);
    cr_expect_eq(image.header_size, 0x200);
    smp_mcuboot_version_text(&image.version, text);
    cr_expect_str_eq(text, version);
    smpi_sha_init(&whole, SMPI_SHA256);
    smpi_sha_update(&whole, file.data, file.len);
    smpi_sha_final(&whole, expected);
    cr_expect_arr_eq(sha, expected, 32, "%s", name);
    cr_expect_eq(check_file(&image, NULL), SMP_OK);
    cr_expect(image.hash_good, "%s", name);
}

Test(mcuboot, real_images)
{
    expect_real("app-1.0.0.signed.bin", "1.0.0", SMP_MCUBOOT_TLV_SHA256, true);
    expect_real("app-1.1.0.signed.bin", "1.1.0", SMP_MCUBOOT_TLV_SHA256, true);
    expect_real("unsigned.bin", "2.0.0", SMP_MCUBOOT_TLV_SHA256, false);
    expect_real("ed25519-sha512.signed.bin", "2.1.0.7", SMP_MCUBOOT_TLV_SHA512, true);
    expect_real("ed25519-pure.signed.bin", "2.2.0", SMP_MCUBOOT_TLV_SHA512, true);
    expect_real("ecdsa-p384.signed.bin", "2.3.0", SMP_MCUBOOT_TLV_SHA384, true);
    expect_real("rsa2048.signed.bin", "255.255.65535.4294967295", SMP_MCUBOOT_TLV_SHA256, true);
    expect_real("protected.signed.bin", "3.0.0", SMP_MCUBOOT_TLV_SHA256, true);
    expect_real("padded.signed.bin", "5.0.0", SMP_MCUBOOT_TLV_SHA256, true);
}

Test(mcuboot, real_hash)
{
    struct smp_mcuboot_image image;
    load("app-1.0.0.signed.bin");
    cr_assert_eq(read_file(&image), SMP_OK);
    expect_hex(image.hash, image.hash_len,
               "9286cd7d46313a75d3c9195c0cdd584889ce8c704da5640649b29bb9aa9cb6b2");
    cr_expect_eq(image.image_size, 0xc000);
    cr_expect_eq(image.end, file.len);
}

/* One pass over the file for both hashes; the header and the TLVs are read before. */
Test(mcuboot, one_pass)
{
    struct smp_mcuboot_image image;
    uint8_t sha[32];
    load("app-1.1.0.signed.bin");
    cr_assert_eq(check_file(&image, sha), SMP_OK);
    cr_expect_geq(file.read, file.len);
    cr_expect_lt(file.read, file.len + 256);
    cr_expect_leq(file.largest, 16 * 1024);
}

Test(mcuboot, encrypted_cannot_be_checked)
{
    struct smp_mcuboot_image image;
    struct smpi_sha whole;
    uint8_t sha[32], expected[32];
    load("encrypted.signed.bin");
    cr_expect_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(check_file(&image, sha), SMP_OK);
    cr_expect_eq(image.flags, SMP_MCUBOOT_ENCRYPTED_AES128);
    cr_expect_not(image.hash_good);
    cr_expect_null(image.problem);
    smpi_sha_init(&whole, SMPI_SHA256);
    smpi_sha_update(&whole, file.data, file.len);
    smpi_sha_final(&whole, expected);
    cr_expect_arr_eq(sha, expected, 32);
}

Test(mcuboot, padded)
{
    struct smp_mcuboot_image image;
    load("padded.signed.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect(image.has_trailer);
    cr_expect_lt(image.end, file.len);
    load("confirmed-align32.signed.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect(image.has_trailer);
    file.len--; /* the magic is not at the end any more */
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_not(image.has_trailer);
    load("app-1.0.0.signed.bin");
    memset(file.data + file.len, 0xff, 100); /* mere padding */
    file.len += 100;
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_not(image.has_trailer);
}

/* A magic that lies in the image's own bytes is no trailer. */
Test(mcuboot, magic_inside_the_image)
{
    struct smp_mcuboot_image image;
    add_tlv(0xa0, 16);
    memcpy(file.data + file.len - 16, smp_mcuboot_trailer_magic(), 16);
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_not(image.has_trailer);
}

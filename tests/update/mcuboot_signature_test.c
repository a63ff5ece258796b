/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of imgtool's images, with the right key, a wrong one, and damaged. */
#include "update/image_bytes.h"

#include <stdlib.h>

static char pem[4096];

static size_t load_key(const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), DATA "keys/test-only-%s.pub.pem", name);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s is missing", path);
    size_t len = fread(pem, 1, sizeof(pem), f);
    fclose(f);
    cr_assert(len > 0 && len < sizeof(pem));
    return len;
}

static struct smp_mcuboot_image image;

static int check_with(const char *key)
{
    struct smp_source source = source_of(&file);
    size_t len = load_key(key);
    return smp_mcuboot_signature_check(&source, &image, pem, len);
}

static const struct {
    const char *name;
    const char *key;
} signed_files[] = {
    {"app-1.0.0.signed.bin", "ecdsa-p256"},
    {"ecdsa-p384.signed.bin", "ecdsa-p384"},
    {"ed25519-sha512.signed.bin", "ed25519"},
    {"ed25519-pure.signed.bin", "ed25519"},
    {"rsa2048.signed.bin", "rsa-2048"},
    {"protected.signed.bin", "ecdsa-p256"},
    {"encrypted.signed.bin", "ecdsa-p256"},
    {"padded.signed.bin", "ecdsa-p256"},
    {"confirmed-align32.signed.bin", "ecdsa-p256"},
};
static const char *const keys[] = {"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"};
enum { FILES = sizeof(signed_files) / sizeof(signed_files[0]), KEYS = 4 };

Test(mcuboot_signature, is_good_with_the_key_it_was_made_with_and_no_other)
{
    for (size_t i = 0; i < FILES; i++) {
        load(signed_files[i].name);
        cr_assert_eq(check_file(&image, NULL), SMP_OK, "%s", signed_files[i].name);
        for (size_t k = 0; k < KEYS; k++) {
            bool right = strcmp(keys[k], signed_files[i].key) == 0;
            cr_expect_eq(check_with(keys[k]), right ? SMP_OK : SMP_ERR_SIGNATURE, "%s with %s",
                         signed_files[i].name, keys[k]);
        }
    }
}

Test(mcuboot_signature, an_image_without_one)
{
    load("unsigned.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(check_with("ecdsa-p256"), SMP_ERR_SIGNATURE);
}

static struct smp_mcuboot_tlv find_signature(void)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    struct smp_source source = source_of(&file);
    uint32_t cursor = 0;
    do {
        cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    } while (tlv.type < SMP_MCUBOOT_TLV_RSA2048_PSS || tlv.type > SMP_MCUBOOT_TLV_ED25519);
    return tlv;
}

/* Every byte counts, but for what an older imgtool put behind an ECDSA signature. */
Test(mcuboot_signature, a_changed_byte_is_noticed, .timeout = 60)
{
    for (size_t i = 0; i < 5; i++) {
        load(signed_files[i].name);
        cr_assert_eq(check_file(&image, NULL), SMP_OK);
        struct smp_mcuboot_tlv tlv = find_signature();
        for (uint32_t at = 0; at < tlv.len; at += 1 + at / 8) {
            file.data[tlv.offset + at] ^= 0x10;
            cr_expect_eq(check_with(signed_files[i].key), SMP_ERR_SIGNATURE, "%s, byte %u",
                         signed_files[i].name, (unsigned)at);
            file.data[tlv.offset + at] ^= 0x10;
        }
    }
}

Test(mcuboot_signature, a_signature_with_zeros_behind_it)
{
    load("app-1.0.0.signed.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    struct smp_mcuboot_tlv tlv = find_signature();
    cr_assert_eq(tlv.offset + tlv.len, image.end, "it is the last");
    put16(tlv.offset - 2, tlv.len + 2u);
    put16(image.tlv_offset + 2, image.tlv_size + 2);
    file.data[image.end] = file.data[image.end + 1] = 0;
    file.len = image.end + 2;
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(check_with("ecdsa-p256"), SMP_OK);
}

/* An image may be signed for two keys: one good signature is enough. */
Test(mcuboot_signature, the_second_of_two)
{
    load("app-1.0.0.signed.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    struct smp_mcuboot_tlv tlv = find_signature();
    uint32_t added = 4u + tlv.len;
    memmove(file.data + image.end, file.data + tlv.offset - 4, added);
    file.data[tlv.offset + 9] ^= 1;
    put16(image.tlv_offset + 2, image.tlv_size + added);
    file.len = image.end + added;
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(check_with("ecdsa-p256"), SMP_OK);
}

Test(mcuboot_signature, says_nothing_about_an_image_that_was_not_checked)
{
    load("app-1.0.0.signed.bin");
    cr_assert_eq(read_file(&image), SMP_OK);
    image.hash_good = false;
    cr_expect_eq(check_with("ecdsa-p256"), SMP_ERR_CORRUPT);
    file.data[5000] ^= 1;
    cr_assert_eq(check_file(&image, NULL), SMP_ERR_CORRUPT);
    cr_expect_eq(check_with("ecdsa-p256"), SMP_ERR_CORRUPT);
}

Test(mcuboot_signature, a_file_that_cannot_be_read_any_more)
{
    load("ed25519-pure.signed.bin");
    cr_assert_eq(check_file(&image, NULL), SMP_OK);
    file.broken = 1;
    file.error = SMP_ERR_SOURCE;
    cr_expect_eq(check_with("ed25519"), SMP_ERR_SOURCE);
}

Test(mcuboot_signature, refuses_nonsense)
{
    struct smp_source source = source_of(&file);
    cr_expect_eq(smp_mcuboot_signature_check(NULL, &image, pem, 1), SMP_ERR_INVALID);
    cr_expect_eq(smp_mcuboot_signature_check(&source, NULL, pem, 1), SMP_ERR_INVALID);
    cr_expect_eq(smp_mcuboot_signature_check(&source, &image, NULL, 0), SMP_ERR_INVALID);
}

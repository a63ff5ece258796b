/* SPDX-License-Identifier: Apache-2.0 */
#include "update/image_bytes.h"

TestSuite(mcuboot_tlv, .init = make_by_hand);

Test(mcuboot_tlv, protected_size_disagrees)
{
    struct smp_mcuboot_image image;
    put16(10, 0); /* the header knows of none, yet one is there */
    expect_problem(read_file(&image), &image, "no TLVs follow");
    put16(10, 8);
    expect_problem(read_file(&image), &image, "disagree");
    put16(10, 3);
    expect_problem(read_file(&image), &image, "disagree");
    make_by_hand();
    put16(PROTECTED + 2, 3);
    put16(10, 3);
    expect_problem(read_file(&image), &image, "disagree");
    make_by_hand();
    put16(PROTECTED, 0x6907);
    expect_problem(read_file(&image), &image, "no protected TLVs");
}

Test(mcuboot_tlv, tlv_area)
{
    struct smp_mcuboot_image image;
    put16(PLAIN, 0x6906);
    expect_problem(read_file(&image), &image, "no TLVs follow");
    make_by_hand();
    put16(PLAIN + 2, 3); /* less than its own info */
    expect_problem(read_file(&image), &image, "no TLVs follow");
    put16(PLAIN + 2, 41); /* one byte past the end of the file */
    expect_problem(read_file(&image), &image, "cut short");
    put16(PLAIN + 2, 0xffff);
    expect_problem(read_file(&image), &image, "cut short");
    put16(PLAIN + 2, 39); /* the hash no longer fits its area */
    expect_problem(read_file(&image), &image, "runs past");
    put16(PLAIN + 2, 7); /* not even an entry's head */
    expect_problem(read_file(&image), &image, "runs past");
    put16(PLAIN + 2, 4); /* an empty area */
    expect_problem(read_file(&image), &image, "no hash");
}

Test(mcuboot_tlv, tlv_runs_over)
{
    struct smp_mcuboot_image image;
    put16(HASH - 2, 33);
    expect_problem(read_file(&image), &image, "runs past");
    put16(HASH - 2, 0xffff);
    expect_problem(read_file(&image), &image, "runs past");
    make_by_hand();
    put16(PROTECTED + 6, 5); /* a protected one reaches into the other area */
    expect_problem(read_file(&image), &image, "runs past");
    put16(PROTECTED + 6, 3); /* and one leaves a byte over */
    expect_problem(read_file(&image), &image, "runs past");
}

Test(mcuboot_tlv, hash_tlv)
{
    struct smp_mcuboot_image image;
    put16(HASH - 4, 0x22); /* a signature, no hash */
    expect_problem(read_file(&image), &image, "no hash");
    put16(HASH - 4, 0x11); /* SHA-384 of 32 bytes */
    expect_problem(read_file(&image), &image, "wrong length");
    make_by_hand();
    put16(PROTECTED + 4, 0x10);
    expect_problem(read_file(&image), &image, "protected");
}

/* A second hash, of any kind: which one would the device list? */
Test(mcuboot_tlv, two_hashes)
{
    struct smp_mcuboot_image image;
    static const uint16_t kinds[][2] = {{0x10, 32}, {0x11, 48}, {0x12, 64}};
    for (size_t i = 0; i < 3; i++) {
        make_by_hand();
        put16(END, kinds[i][0]);
        put16(END + 2, kinds[i][1]);
        put16(PLAIN + 2, 44u + kinds[i][1]);
        file.len = END + 4u + kinds[i][1];
        expect_problem(read_file(&image), &image, "more than one");
    }
}

Test(mcuboot_tlv, other_tlvs_are_fine)
{
    static const unsigned types[] = {0x01, 0x02, 0x25, 0x31,   0x40,   0x74,
                                     0x75, 0x80, 0x81, 0x00a0, 0x12fe, 0xfffe};
    struct smp_mcuboot_image image;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        add_tlv(types[i], (unsigned)i); /* a length of 0 too */
    }
    cr_expect_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_not(image.is_signed);
    cr_expect_eq(image.end, file.len);
}

Test(mcuboot_tlv, signatures)
{
    struct smp_mcuboot_image image;
    for (unsigned type = 0x1f; type <= 0x26; type++) {
        make_by_hand();
        add_tlv(type, 64);
        cr_expect_eq(check_file(&image, NULL), SMP_OK);
        cr_expect_eq(image.is_signed, type >= 0x20 && type <= 0x24, "type %#x", type);
    }
}

Test(mcuboot_tlv, largest_tlv_area)
{
    struct smp_mcuboot_image image;
    add_tlv(0xa0, 0xffff - 40 - 4 - 4); /* the whole area: 65535 bytes, less one more entry */
    add_tlv(0xa0, 0);
    cr_expect_eq(file.len, PLAIN + 0xffffu);
    cr_expect_eq(check_file(&image, NULL), SMP_OK);
    cr_expect_eq(image.tlv_size, 0xffff);
}

Test(mcuboot_tlv, walking)
{
    struct smp_mcuboot_image image;
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    struct smp_source source = source_of(&file);
    uint32_t cursor = 0;
    cr_assert_eq(read_file(&image), SMP_OK);
    cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    cr_expect_eq(tlv.type, SMP_MCUBOOT_TLV_SEC_CNT);
    cr_expect_eq(tlv.len, 4);
    cr_expect_eq(tlv.offset, PROTECTED + 8);
    cr_expect(tlv.is_protected);
    cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    cr_expect_eq(tlv.type, SMP_MCUBOOT_TLV_SHA256);
    cr_expect_eq(tlv.len, 32);
    cr_expect_eq(tlv.offset, HASH);
    cr_expect_not(tlv.is_protected);
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_NOT_FOUND);
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_NOT_FOUND);
}

/* A protected TLV without data ends where the other area begins. */
Test(mcuboot_tlv, empty_protected_tlv)
{
    struct smp_mcuboot_image image;
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    struct smp_source source = source_of(&file);
    uint32_t cursor = 0;
    put16(PROTECTED + 6, 0); /* twice a TLV of 0 bytes */
    memcpy(file.data + PROTECTED + 8, (uint8_t[]){0xa1, 0x00, 0x00, 0x00}, 4);
    cr_assert_eq(read_file(&image), SMP_OK);
    cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    cr_expect_eq(tlv.type, 0xa1);
    cr_expect(tlv.is_protected);
    cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
    cr_expect_not(tlv.is_protected);
}

Test(mcuboot_tlv, walking_with_nonsense)
{
    struct smp_mcuboot_image image;
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    struct smp_source source = source_of(&file);
    cr_assert_eq(read_file(&image), SMP_OK);
    for (uint32_t cursor = 1; cursor < END + 8; cursor++) { /* reads past the end would assert */
        uint32_t at = cursor;
        smp_mcuboot_tlv_next(&source, &image, &at, &tlv);
    }
    uint32_t cursor = UINT32_MAX;
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_MALFORMED);
    file.len = source.length = END - 1; /* another, shorter file */
    cursor = 0;
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_MALFORMED);
}

Test(mcuboot_tlv, tlv_names)
{
    cr_expect_str_eq(smp_mcuboot_tlv_name(SMP_MCUBOOT_TLV_ECDSA_SIG), "ECDSA_SIG");
    cr_expect_str_eq(smp_mcuboot_tlv_name(0x74), "UUID_VID");
    cr_expect_str_eq(smp_mcuboot_tlv_name(0x81), "UUID_CID");
    cr_expect_null(smp_mcuboot_tlv_name(0xa0));
    cr_expect_null(smp_mcuboot_tlv_name(0));
}

Test(mcuboot_tlv, real_protected_tlvs)
{
    static const uint16_t expected[] = {0x50, 0x60, 0x40, 0x74, 0x75, 0xa0, 0x10, 0x01, 0x22};
    struct smp_mcuboot_image image;
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    uint32_t cursor = 0;
    load("protected.signed.bin");
    cr_assert_eq(read_file(&image), SMP_OK);
    struct smp_source source = source_of(&file);
    cr_expect_eq(image.protected_size, 0xb5);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        cr_assert_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_OK);
        cr_expect_eq(tlv.type, expected[i], "TLV %zu is %#x", i, tlv.type);
        cr_expect_eq(tlv.is_protected, i < 6);
    }
    cr_expect_eq(smp_mcuboot_tlv_next(&source, &image, &cursor, &tlv), SMP_ERR_NOT_FOUND);
}

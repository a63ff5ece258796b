/* SPDX-License-Identifier: Apache-2.0 */
/* Vectors: FIPS 180-4 examples and NIST's SHA-2 example values ("abc", two blocks, a million a). */
#include "base/sha.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

static void expect(enum smpi_sha_kind kind, const char *text, const char *hex)
{
    struct smpi_sha sha;
    uint8_t digest[SMPI_SHA_MAX];
    char found[2 * SMPI_SHA_MAX + 1];
    smpi_sha_init(&sha, kind);
    smpi_sha_update(&sha, text, strlen(text));
    smpi_sha_final(&sha, digest);
    for (unsigned i = 0; i < (unsigned)kind; i++) {
        snprintf(found + 2 * i, 3, "%02x", digest[i]);
    }
    cr_expect_str_eq(found, hex);
}

static const char two_blocks_256[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
static const char two_blocks_512[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                                     "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";

Test(sha, sha256)
{
    expect(SMPI_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(SMPI_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(SMPI_SHA256, two_blocks_256,
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

Test(sha, sha384)
{
    expect(SMPI_SHA384, "abc",
           "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
           "8086072ba1e7cc2358baeca134c825a7");
    expect(SMPI_SHA384, two_blocks_512,
           "09330c33f71147e83d192fc782cd1b4753111b173b3b05d22fa08086e3b0f712"
           "fcc7c71a557e2db966c3e9fa91746039");
}

Test(sha, sha512)
{
    expect(SMPI_SHA512, "abc",
           "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    expect(SMPI_SHA512, two_blocks_512,
           "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
           "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
}

/* A million times "a", in uneven pieces. */
Test(sha, in_pieces)
{
    static const uint8_t expected[32] = {0xcd, 0xc7, 0x6e, 0x5c, 0x99, 0x14, 0xfb, 0x92,
                                         0x81, 0xa1, 0xc7, 0xe2, 0x84, 0xd7, 0x3e, 0x67,
                                         0xf1, 0x80, 0x9a, 0x48, 0xa4, 0x97, 0x20, 0x0e,
                                         0x04, 0x6d, 0x39, 0xcc, 0xc7, 0x11, 0x2c, 0xd0};
    struct smpi_sha sha;
    uint8_t piece[997];
    uint8_t digest[SMPI_SHA_MAX];
    memset(piece, 'a', sizeof(piece));
    smpi_sha_init(&sha, SMPI_SHA256);
    for (size_t left = 1000000, len = 1; left > 0; left -= len) {
        len = len % sizeof(piece) + 1; /* 2, 3, ... 997, 1, 2 */
        len = len < left ? len : left;
        smpi_sha_update(&sha, piece, len);
    }
    smpi_sha_final(&sha, digest);
    cr_expect_arr_eq(digest, expected, sizeof(expected));
}

/* The image reader relies on it: a copy goes on by itself. */
Test(sha, copies_are_independent)
{
    struct smpi_sha one;
    uint8_t a[SMPI_SHA_MAX], b[SMPI_SHA_MAX];
    smpi_sha_init(&one, SMPI_SHA512);
    smpi_sha_update(&one, "abc", 3);
    struct smpi_sha two = one;
    smpi_sha_update(&two, "d", 1);
    smpi_sha_final(&one, a);
    smpi_sha_final(&two, b);
    cr_expect_arr_neq(a, b, 64);
    expect(SMPI_SHA512, "abc",
           "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
           "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    cr_expect_eq(a[0], 0xdd);
    cr_expect_eq(a[63], 0x9f);
}

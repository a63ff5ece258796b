/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys: those of the published test vectors, and files that are none. */
#include "base/signature.h"

#include "support/hex.h"

#include <smp/error.h>

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "-----END PUBLIC KEY-----\n"

static struct smpi_key key;

static int read_key(const char *pem)
{
    return smpi_key_read(&key, pem, strlen(pem));
}

/* RFC 8032, 7.1, tests 1 and 3. */
Test(signature, ed25519)
{
    uint8_t signature[64];
    cr_assert_eq(
        read_key(BEGIN "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" END),
        SMP_OK);
    hex_read("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc6"
             "1e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
             signature, sizeof(signature));
    cr_expect_eq(key.kind, SMPI_KEY_ED25519);
    cr_expect(smpi_key_check(&key, (const uint8_t *)"", 0, signature, sizeof(signature)));
    cr_expect_not(smpi_key_check(&key, (const uint8_t *)"x", 1, signature, sizeof(signature)));
    cr_expect_not(smpi_key_check(&key, (const uint8_t *)"", 0, signature, sizeof(signature) - 1));
    smpi_key_free(&key);
}

/* RFC 6979, A.2.5: P-256, SHA-256, message "sample". */
Test(signature, ecdsa)
{
    uint8_t digest[32], signature[72];
    cr_assert_eq(read_key(BEGIN
                          "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
                          "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n" END),
                 SMP_OK);
    hex_read("af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf", digest, 32);
    hex_read("3046"
             "022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
             "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
             signature, sizeof(signature));
    cr_expect_eq(key.kind, SMPI_KEY_ECDSA);
    cr_expect_eq(key.bits, 256);
    cr_expect(smpi_key_check(&key, digest, 32, signature, sizeof(signature)));
    digest[0] ^= 1;
    cr_expect_not(smpi_key_check(&key, digest, 32, signature, sizeof(signature)));
    digest[0] ^= 1;
    for (size_t len = 0; len < sizeof(signature); len++) {
        cr_expect_not(smpi_key_check(&key, digest, 32, signature, len), "cut to %zu", len);
    }
    smpi_key_free(&key);
}

Test(signature, refuses_what_is_no_key)
{
    static const char *const bad[] = {
        "",
        "key",
        BEGIN,
        BEGIN END,
        BEGIN "MCow\n" END,
        BEGIN "!!!!\n" END,
        "-----BEGIN PRIVATE "
        "KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n",
        /* one byte short, then one too many */
        BEGIN "MCkwBQYDK2VwAyAA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ==\n" END,
        /* a point that is not on the curve */
        BEGIN "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7\n"
              "Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimA==\n" END,
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(read_key(bad[i]), SMP_ERR_INVALID, "%zu", i);
    }
}

Test(signature, knows_that_it_does_not_know_a_kind)
{
    /* X25519, and the curve secp256k1 */
    cr_expect_eq(
        read_key(BEGIN "MCowBQYDK2VuAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n" END),
        SMP_ERR_UNSUPPORTED);
    cr_expect_eq(read_key(BEGIN "MFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEYP7UuiVanTHJYet0xjVtaMBJuJI7Yfps\n"
                                "5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ==\n" END),
                 SMP_ERR_UNSUPPORTED);
}

/* Any byte of a key changed, any length: an answer, and never a crash. */
Test(signature, reads_any_bytes)
{
    static const char *const files[] = {"ecdsa-p256", "ecdsa-p384", "ed25519", "rsa-2048"};
    char pem[2048], path[512];
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), SMP_SOURCE_DIR "/tests/data/keys/test-only-%s.pub.pem",
                 files[i]);
        FILE *f = fopen(path, "rb");
        cr_assert_not_null(f);
        size_t len = fread(pem, 1, sizeof(pem), f);
        fclose(f);
        for (size_t at = 0; at + 1 < len; at++) { /* the last newline may be missing */
            for (int flip = 1; flip < 64; flip *= 2) {
                pem[at] ^= (char)flip;
                if (smpi_key_read(&key, pem, len) == SMP_OK) {
                    smpi_key_free(&key);
                }
                pem[at] ^= (char)flip;
            }
            cr_expect_neq(smpi_key_read(&key, pem, at), SMP_OK);
        }
        cr_expect_eq(smpi_key_read(&key, pem, len), SMP_OK);
        smpi_key_free(&key);
    }
}

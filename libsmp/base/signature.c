/* SPDX-License-Identifier: Apache-2.0 */
#include "base/signature.h"

#include <smp/error.h>

#include <nettle/asn1.h>
#include <nettle/base64.h>
#include <nettle/bignum.h>
#include <nettle/dsa.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>

#include <string.h>

enum { DER_MAX = 1024, RSA_BITS_MIN = 2048, RSA_BITS_MAX = 4096, SALT = 32, DIGEST = 32 };

#define BEGIN "-----BEGIN PUBLIC KEY-----"
#define END "-----END PUBLIC KEY-----"

/* ---- PEM and DER ---- */

static const char *find(const char *text, size_t len, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= len; i++) {
        if (memcmp(text + i, what, n) == 0) {
            return text + i;
        }
    }
    return NULL;
}

/* The bytes between the two lines; 0: there are none. */
static size_t read_pem(const char *pem, size_t len, uint8_t *der)
{
    struct base64_decode_ctx base64;
    size_t n = 0;
    const char *begin = find(pem, len, BEGIN);
    if (begin == NULL) {
        return 0;
    }
    begin += strlen(BEGIN);
    len -= (size_t)(begin - pem);
    const char *end = find(begin, len, END);
    if (end == NULL || BASE64_DECODE_LENGTH((size_t)(end - begin)) > DER_MAX) {
        return 0;
    }
    base64_decode_init(&base64);
    bool good = base64_decode_update(&base64, &n, der, (size_t)(end - begin), begin) &&
                base64_decode_final(&base64);
    return good ? n : 0;
}

static bool is_oid(const struct asn1_der_iterator *i, const uint8_t *oid, size_t len)
{
    return i->type == ASN1_IDENTIFIER && i->length == len && memcmp(i->data, oid, len) == 0;
}

/* A bit string of whole bytes. */
static bool is_bytes(const struct asn1_der_iterator *i)
{
    return i->type == ASN1_BITSTRING && i->length > 1 && i->data[0] == 0;
}

/* ---- the kinds of key ---- */

static int read_rsa(struct smpi_key *key, struct asn1_der_iterator *bits)
{
    if (asn1_der_decode_bitstring_last(bits) != ASN1_ITERATOR_CONSTRUCTED) {
        return SMP_ERR_INVALID;
    }
    rsa_public_key_init(&key->as.rsa);
    key->kind = SMPI_KEY_RSA;
    if (!rsa_public_key_from_der_iterator(&key->as.rsa, RSA_BITS_MAX, bits) ||
        !mpz_odd_p(key->as.rsa.n) || mpz_cmp_ui(key->as.rsa.e, 1) <= 0) {
        rsa_public_key_clear(&key->as.rsa);
        return SMP_ERR_INVALID;
    }
    key->bits = mpz_sizeinbase(key->as.rsa.n, 2);
    if (key->bits < RSA_BITS_MIN) {
        rsa_public_key_clear(&key->as.rsa);
        return SMP_ERR_UNSUPPORTED;
    }
    return SMP_OK;
}

/* An uncompressed point: 04, x, y. */
static int read_point(struct smpi_key *key, const struct ecc_curve *curve, size_t bits,
                      const struct asn1_der_iterator *point)
{
    const uint8_t *data = point->data + 1;
    size_t size = bits / 8;
    mpz_t x, y;
    if (!is_bytes(point) || point->length != 2 + 2 * size || data[0] != 4) {
        return SMP_ERR_INVALID;
    }
    nettle_mpz_init_set_str_256_u(x, size, data + 1);
    nettle_mpz_init_set_str_256_u(y, size, data + 1 + size);
    ecc_point_init(&key->as.point, curve);
    key->kind = SMPI_KEY_ECDSA;
    key->bits = bits;
    bool good = ecc_point_set(&key->as.point, x, y);
    mpz_clear(x);
    mpz_clear(y);
    if (!good) {
        ecc_point_clear(&key->as.point);
    }
    return good ? SMP_OK : SMP_ERR_INVALID;
}

static int read_ecdsa(struct smpi_key *key, struct asn1_der_iterator *algorithm,
                      const struct asn1_der_iterator *point)
{
    static const uint8_t p256[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static const uint8_t p384[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
    if (asn1_der_iterator_next(algorithm) != ASN1_ITERATOR_PRIMITIVE) {
        return SMP_ERR_INVALID;
    }
    if (is_oid(algorithm, p256, sizeof(p256))) {
        return read_point(key, nettle_get_secp_256r1(), 256, point);
    }
    if (is_oid(algorithm, p384, sizeof(p384))) {
        return read_point(key, nettle_get_secp_384r1(), 384, point);
    }
    return SMP_ERR_UNSUPPORTED;
}

static int read_ed25519(struct smpi_key *key, const struct asn1_der_iterator *bits)
{
    if (!is_bytes(bits) || bits->length != 1 + sizeof(key->as.bytes)) {
        return SMP_ERR_INVALID;
    }
    key->kind = SMPI_KEY_ED25519;
    key->bits = 256;
    memcpy(key->as.bytes, bits->data + 1, sizeof(key->as.bytes));
    return SMP_OK;
}

/* SubjectPublicKeyInfo: { { algorithm, parameters }, bit string } */
int smpi_key_read(struct smpi_key *key, const char *pem, size_t len)
{
    static const uint8_t rsa[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
    static const uint8_t ecdsa[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    static const uint8_t ed25519[] = {0x2b, 0x65, 0x70};
    uint8_t der[DER_MAX];
    struct asn1_der_iterator info, algorithm;
    size_t n = read_pem(pem, len, der);
    if (n == 0 || asn1_der_iterator_first(&info, n, der) != ASN1_ITERATOR_CONSTRUCTED ||
        info.type != ASN1_SEQUENCE ||
        asn1_der_decode_constructed_last(&info) != ASN1_ITERATOR_CONSTRUCTED ||
        info.type != ASN1_SEQUENCE ||
        asn1_der_decode_constructed(&info, &algorithm) != ASN1_ITERATOR_PRIMITIVE ||
        asn1_der_iterator_next(&info) != ASN1_ITERATOR_PRIMITIVE || info.type != ASN1_BITSTRING) {
        return SMP_ERR_INVALID;
    }
    if (is_oid(&algorithm, rsa, sizeof(rsa))) {
        return read_rsa(key, &info);
    }
    if (is_oid(&algorithm, ecdsa, sizeof(ecdsa))) {
        return read_ecdsa(key, &algorithm, &info);
    }
    return is_oid(&algorithm, ed25519, sizeof(ed25519)) ? read_ed25519(key, &info)
                                                        : SMP_ERR_UNSUPPORTED;
}

void smpi_key_free(struct smpi_key *key)
{
    if (key->kind == SMPI_KEY_RSA) {
        rsa_public_key_clear(&key->as.rsa);
    } else if (key->kind == SMPI_KEY_ECDSA) {
        ecc_point_clear(&key->as.point);
    }
}

/* ---- signatures ---- */

static bool check_rsa(const struct smpi_key *key, const uint8_t *digest, const uint8_t *signature,
                      size_t len)
{
    mpz_t number;
    if (len != key->as.rsa.size) {
        return false;
    }
    nettle_mpz_init_set_str_256_u(number, len, signature);
    bool good = rsa_pss_sha256_verify_digest(&key->as.rsa, SALT, digest, number);
    mpz_clear(number);
    return good;
}

/* { r, s }; old versions of imgtool fill it with zeros to the largest length there could be. */
static bool read_numbers(struct dsa_signature *numbers, size_t bits, const uint8_t *signature,
                         size_t len)
{
    struct asn1_der_iterator i;
    return len >= 2 && signature[1] < 0x80 && len >= 2u + signature[1] &&
           asn1_der_iterator_first(&i, 2u + signature[1], signature) == ASN1_ITERATOR_CONSTRUCTED &&
           i.type == ASN1_SEQUENCE &&
           asn1_der_decode_constructed_last(&i) == ASN1_ITERATOR_PRIMITIVE &&
           i.type == ASN1_INTEGER && asn1_der_get_bignum(&i, numbers->r, (unsigned)bits) &&
           asn1_der_iterator_next(&i) == ASN1_ITERATOR_PRIMITIVE && i.type == ASN1_INTEGER &&
           asn1_der_get_bignum(&i, numbers->s, (unsigned)bits);
}

static bool check_ecdsa(const struct smpi_key *key, const uint8_t *digest, size_t len,
                        const uint8_t *signature, size_t signature_len)
{
    struct dsa_signature numbers;
    dsa_signature_init(&numbers);
    bool good = read_numbers(&numbers, key->bits, signature, signature_len) &&
                ecdsa_verify(&key->as.point, len, digest, &numbers);
    dsa_signature_clear(&numbers);
    return good;
}

bool smpi_key_check(const struct smpi_key *key, const uint8_t *message, size_t len,
                    const uint8_t *signature, size_t signature_len)
{
    switch (key->kind) {
    case SMPI_KEY_RSA:
        return len == DIGEST && check_rsa(key, message, signature, signature_len);
    case SMPI_KEY_ECDSA:
        return check_ecdsa(key, message, len, signature, signature_len);
    case SMPI_KEY_ED25519:
        return signature_len == ED25519_SIGNATURE_SIZE &&
               ed25519_sha512_verify(key->as.bytes, len, message, signature);
    }
    return false;
}

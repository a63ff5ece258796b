/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys and the signatures made with their other half, by nettle's hogweed. */
#ifndef SMPI_BASE_SIGNATURE_H
#define SMPI_BASE_SIGNATURE_H

#include <nettle/ecc.h>
#include <nettle/rsa.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum smpi_key_kind {
    SMPI_KEY_RSA,     /* PSS with SHA-256 */
    SMPI_KEY_ECDSA,   /* P-256 and P-384 */
    SMPI_KEY_ED25519, /* what is signed is given whole, not its digest */
};

struct smpi_key {
    enum smpi_key_kind kind;
    size_t bits; /* of an RSA key or a curve */
    union {
        struct rsa_public_key rsa;
        struct ecc_point point;
        uint8_t bytes[32];
    } as;
};

/*
 * Reads "-----BEGIN PUBLIC KEY-----".  SMP_ERR_INVALID: it is none; SMP_ERR_UNSUPPORTED: of
 * another kind.  After SMP_OK, smpi_key_free().
 */
int smpi_key_read(struct smpi_key *key, const char *pem, size_t len);
void smpi_key_free(struct smpi_key *key);

/* RSA: 32 bytes of digest.  ECDSA: any digest.  Ed25519: any message. */
bool smpi_key_check(const struct smpi_key *key, const uint8_t *message, size_t len,
                    const uint8_t *signature, size_t signature_len);

#endif

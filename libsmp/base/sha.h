/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-2, a stream at a time.  Nothing else in the library names nettle. */
#ifndef SMPI_BASE_SHA_H
#define SMPI_BASE_SHA_H

#include <nettle/sha2.h>

#include <stddef.h>
#include <stdint.h>

#define SMPI_SHA_MAX 64u

/* The value is the length of the digest. */
enum smpi_sha_kind {
    SMPI_SHA256 = 32,
    SMPI_SHA384 = 48,
    SMPI_SHA512 = 64,
};

/* May be copied: both copies go on from there. */
struct smpi_sha {
    enum smpi_sha_kind kind;
    union {
        struct sha256_ctx sha256;
        struct sha512_ctx sha512; /* SHA-384 too */
    } state;
};

void smpi_sha_init(struct smpi_sha *sha, enum smpi_sha_kind kind);
void smpi_sha_update(struct smpi_sha *sha, const void *data, size_t len);
/* Writes `kind` bytes.  The struct must be initialised again before further use. */
void smpi_sha_final(struct smpi_sha *sha, uint8_t *digest);

#endif

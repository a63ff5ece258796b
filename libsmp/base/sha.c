/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sha.h"

void smpi_sha_init(struct smpi_sha *sha, enum smpi_sha_kind kind)
{
    sha->kind = kind;
    switch (kind) {
    case SMPI_SHA256:
        sha256_init(&sha->state.sha256);
        break;
    case SMPI_SHA384:
        sha384_init(&sha->state.sha512);
        break;
    case SMPI_SHA512:
        sha512_init(&sha->state.sha512);
        break;
    }
}

void smpi_sha_update(struct smpi_sha *sha, const void *data, size_t len)
{
    if (sha->kind == SMPI_SHA256) {
        sha256_update(&sha->state.sha256, len, data);
    } else {
        sha512_update(&sha->state.sha512, len, data);
    }
}

void smpi_sha_final(struct smpi_sha *sha, uint8_t *digest)
{
    switch (sha->kind) {
    case SMPI_SHA256:
        sha256_digest(&sha->state.sha256, SMPI_SHA256, digest);
        break;
    case SMPI_SHA384:
        sha384_digest(&sha->state.sha512, SMPI_SHA384, digest);
        break;
    case SMPI_SHA512:
        sha512_digest(&sha->state.sha512, SMPI_SHA512, digest);
        break;
    }
}

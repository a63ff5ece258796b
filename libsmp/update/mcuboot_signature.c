/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an image is signed with a key: the boot loader's question, asked before anything is sent. */
#include <smp/error.h>
#include <smp/mcuboot.h>

#include "base/signature.h"
#include "update/image.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX 512u
#define PURE_MAX (64u << 20) /* such an image has to be in memory whole */

/* What the signature covers: the hash, or (SIG_PURE) all that the hash covers. */
struct message {
    const uint8_t *data;
    size_t len;
    uint8_t *memory; /* to be freed */
};

static int walk(const struct smp_source *source, const struct smp_mcuboot_image *image,
                uint16_t type, uint32_t *cursor, struct smp_mcuboot_tlv *tlv)
{
    int error;
    do {
        error = smp_mcuboot_tlv_next(source, image, cursor, tlv);
    } while (error == SMP_OK && tlv->type != type);
    return error;
}

static int read_message(const struct smp_source *source, const struct smp_mcuboot_image *image,
                        struct message *message)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    uint32_t cursor = 0;
    int error = walk(source, image, SMP_MCUBOOT_TLV_SIG_PURE, &cursor, &tlv);
    *message = (struct message){.data = image->hash, .len = image->hash_len};
    if (error != SMP_OK) {
        return error == SMP_ERR_NOT_FOUND ? SMP_OK : error;
    }
    if (image->tlv_offset > PURE_MAX) {
        return SMP_ERR_TOO_LARGE;
    }
    message->memory = malloc(image->tlv_offset);
    if (message->memory == NULL) {
        return SMP_ERR_NO_MEMORY;
    }
    message->data = message->memory;
    message->len = image->tlv_offset;
    return smpi_image_fetch(source, 0, message->memory, image->tlv_offset);
}

static uint16_t signature_type(const struct smpi_key *key)
{
    switch (key->kind) {
    case SMPI_KEY_RSA:
        return key->bits > 2048 ? SMP_MCUBOOT_TLV_RSA3072_PSS : SMP_MCUBOOT_TLV_RSA2048_PSS;
    case SMPI_KEY_ECDSA:
        return SMP_MCUBOOT_TLV_ECDSA_SIG;
    case SMPI_KEY_ED25519:
        return SMP_MCUBOOT_TLV_ED25519;
    }
    return 0;
}

/* One good signature is enough: an image may have several, made with different keys. */
static int check(const struct smp_source *source, const struct smp_mcuboot_image *image,
                 const struct smpi_key *key, const struct message *message)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    uint8_t signature[SIGNATURE_MAX];
    uint32_t cursor = 0;
    int error;
    while ((error = walk(source, image, signature_type(key), &cursor, &tlv)) == SMP_OK) {
        if (tlv.is_protected || tlv.len > sizeof(signature)) {
            continue;
        }
        error = smpi_image_fetch(source, tlv.offset, signature, tlv.len);
        if (error != SMP_OK) {
            return error;
        }
        if (smpi_key_check(key, message->data, message->len, signature, tlv.len)) {
            return SMP_OK;
        }
    }
    return error == SMP_ERR_NOT_FOUND ? SMP_ERR_SIGNATURE : error;
}

int smp_mcuboot_signature_check(const struct smp_source *source,
                                const struct smp_mcuboot_image *image, const char *pem, size_t len)
{
    struct smpi_key key;
    struct message message;
    if (source == NULL || source->read == NULL || image == NULL || pem == NULL) {
        return SMP_ERR_INVALID;
    }
    bool encrypted =
        (image->flags & (SMP_MCUBOOT_ENCRYPTED_AES128 | SMP_MCUBOOT_ENCRYPTED_AES256)) != 0;
    if (!image->hash_good && !encrypted) {
        return SMP_ERR_CORRUPT; /* a signature of a hash says nothing when the hash is wrong */
    }
    int error = smpi_key_read(&key, pem, len);
    if (error != SMP_OK) {
        return error;
    }
    error = read_message(source, image, &message);
    error = error == SMP_OK ? check(source, image, &key, &message) : error;
    free(message.memory);
    smpi_key_free(&key);
    return error;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TLV areas behind an image: first the protected one, which the hash covers,
 * then the other.  Each begins with 4 bytes: a magic and the length of the area,
 * these 4 included.
 */
#include <smp/error.h>
#include <smp/mcuboot.h>

#include "update/image.h"

#define INFO_SIZE 4u
#define ENTRY_SIZE 4u
#define INFO_MAGIC 0x6907u
#define INFO_MAGIC_PROTECTED 0x6908u
#define TLV_SIZE_FIRST (offsetof(struct smp_mcuboot_tlv, is_protected) + sizeof(bool))

static int malformed(struct smp_mcuboot_image *image, const char *problem)
{
    image->problem = problem;
    return SMP_ERR_MALFORMED;
}

/* Reads the area's info.  `offset` comes from the header and may be anything. */
static int read_info(const struct smp_source *source, uint64_t offset, uint16_t *magic,
                     uint16_t *total)
{
    uint8_t info[INFO_SIZE];
    if (offset > source->length || source->length - offset < sizeof(info)) {
        return SMP_ERR_MALFORMED;
    }
    int error = smpi_image_fetch(source, offset, info, sizeof(info));
    if (error == SMP_OK) {
        *magic = smpi_le16(info);
        *total = smpi_le16(info + 2);
    }
    return error;
}

static int read_protected_info(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    uint16_t magic = 0;
    uint16_t total = 0;
    if (image->protected_size == 0) {
        return SMP_OK;
    }
    uint64_t offset = (uint64_t)image->header_size + image->image_size;
    int error = read_info(source, offset, &magic, &total);
    if (error == SMP_ERR_MALFORMED) {
        return malformed(image, "the file is cut short: it ends before the protected TLVs");
    }
    if (error != SMP_OK) {
        return error;
    }
    if (magic != INFO_MAGIC_PROTECTED) {
        return malformed(image, "no protected TLVs stand where the header says they are");
    }
    if (total != image->protected_size || total < INFO_SIZE) {
        return malformed(image, "header and TLVs disagree about the size of the protected TLVs");
    }
    return SMP_OK;
}

static int read_areas(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    uint16_t magic = 0;
    uint16_t total = 0;
    int error = read_protected_info(source, image);
    if (error != SMP_OK) {
        return error;
    }
    uint64_t offset = (uint64_t)image->header_size + image->image_size + image->protected_size;
    error = read_info(source, offset, &magic, &total);
    if (error == SMP_ERR_MALFORMED) {
        return malformed(image, "the file is cut short: it ends before the TLVs with the hash");
    }
    if (error != SMP_OK) {
        return error;
    }
    if (magic != INFO_MAGIC || total < INFO_SIZE) {
        return malformed(image, "no TLVs follow the image: it is damaged, or was never signed "
                                "(imgtool sign)");
    }
    if (total > source->length - offset) {
        return malformed(image, "the file is cut short: it ends inside the TLVs");
    }
    image->tlv_offset = (uint32_t)offset; /* below source->length, which fits */
    image->tlv_size = total;
    image->end = (uint32_t)(offset + total);
    return SMP_OK;
}

static uint8_t hash_length(uint16_t type)
{
    switch (type) {
    case SMP_MCUBOOT_TLV_SHA256:
        return 32;
    case SMP_MCUBOOT_TLV_SHA384:
        return 48;
    case SMP_MCUBOOT_TLV_SHA512:
        return 64;
    default:
        return 0;
    }
}

static bool is_signature(uint16_t type)
{
    return type >= SMP_MCUBOOT_TLV_RSA2048_PSS && type <= SMP_MCUBOOT_TLV_ED25519;
}

static int read_hash(const struct smp_source *source, const struct smp_mcuboot_tlv *tlv,
                     struct smp_mcuboot_image *image)
{
    if (tlv->is_protected) {
        return malformed(image, "the hash stands among the protected TLVs, which it covers itself");
    }
    if (image->hash_len != 0) {
        return malformed(image, "there is more than one hash");
    }
    if (tlv->len != hash_length(tlv->type)) {
        return malformed(image, "the hash has the wrong length");
    }
    image->hash_type = tlv->type;
    image->hash_len = (uint8_t)tlv->len;
    return smpi_image_fetch(source, tlv->offset, image->hash, tlv->len);
}

int smpi_image_read_tlvs(const struct smp_source *source, struct smp_mcuboot_image *image)
{
    struct smp_mcuboot_tlv tlv = {.size = sizeof(tlv)};
    uint32_t cursor = 0;
    int error = read_areas(source, image);
    if (error != SMP_OK) {
        return error;
    }
    while ((error = smp_mcuboot_tlv_next(source, image, &cursor, &tlv)) == SMP_OK) {
        if (hash_length(tlv.type) != 0) {
            error = read_hash(source, &tlv, image);
            if (error != SMP_OK) {
                return error;
            }
        }
        image->is_signed = image->is_signed || is_signature(tlv.type);
    }
    if (error == SMP_ERR_MALFORMED) {
        return malformed(image, "a TLV runs past the end of its area");
    }
    if (error != SMP_ERR_NOT_FOUND) {
        return error;
    }
    if (image->hash_len == 0) {
        return malformed(image, "there is no hash (SHA-256, SHA-384 or SHA-512) in it");
    }
    return SMP_OK;
}

/* Where the area that holds offset `at` ends; steps over the info of the second. */
static uint32_t area_end(const struct smp_mcuboot_image *image, uint32_t *at)
{
    if (*at == image->tlv_offset) {
        *at += INFO_SIZE;
    }
    return *at < image->tlv_offset ? image->tlv_offset : image->end;
}

int smp_mcuboot_tlv_next(const struct smp_source *source, const struct smp_mcuboot_image *image,
                         uint32_t *cursor, struct smp_mcuboot_tlv *tlv)
{
    if (source == NULL || source->read == NULL || image == NULL || cursor == NULL || tlv == NULL ||
        tlv->size < TLV_SIZE_FIRST) {
        return SMP_ERR_INVALID;
    }
    if (image->end > source->length || image->end < INFO_SIZE ||
        image->tlv_offset > image->end - INFO_SIZE || image->protected_size > image->tlv_offset) {
        return SMP_ERR_MALFORMED; /* not what smp_mcuboot_image_read() found in this source */
    }
    uint32_t at = *cursor;
    if (at == 0) {
        at = image->tlv_offset - image->protected_size;
        at += image->protected_size != 0 ? INFO_SIZE : 0;
    }
    uint32_t end = area_end(image, &at);
    if (at == image->end) {
        *cursor = at;
        return SMP_ERR_NOT_FOUND;
    }
    uint8_t entry[ENTRY_SIZE];
    if (at > end || end - at < sizeof(entry)) {
        return SMP_ERR_MALFORMED;
    }
    int error = smpi_image_fetch(source, at, entry, sizeof(entry));
    if (error != SMP_OK) {
        return error;
    }
    at += (uint32_t)sizeof(entry);
    uint16_t len = smpi_le16(entry + 2);
    if (len > end - at) {
        return SMP_ERR_MALFORMED;
    }
    tlv->type = smpi_le16(entry);
    tlv->len = len;
    tlv->offset = at;
    tlv->is_protected = at <= image->tlv_offset;
    *cursor = at + len;
    return SMP_OK;
}

const char *smp_mcuboot_tlv_name(uint16_t type)
{
    static const struct {
        uint16_t type;
        const char *name;
    } names[] = {
        {SMP_MCUBOOT_TLV_KEYHASH, "KEYHASH"},
        {SMP_MCUBOOT_TLV_PUBKEY, "PUBKEY"},
        {SMP_MCUBOOT_TLV_SHA256, "SHA256"},
        {SMP_MCUBOOT_TLV_SHA384, "SHA384"},
        {SMP_MCUBOOT_TLV_SHA512, "SHA512"},
        {SMP_MCUBOOT_TLV_RSA2048_PSS, "RSA2048_PSS"},
        {SMP_MCUBOOT_TLV_ECDSA224, "ECDSA224"},
        {SMP_MCUBOOT_TLV_ECDSA_SIG, "ECDSA_SIG"},
        {SMP_MCUBOOT_TLV_RSA3072_PSS, "RSA3072_PSS"},
        {SMP_MCUBOOT_TLV_ED25519, "ED25519"},
        {SMP_MCUBOOT_TLV_SIG_PURE, "SIG_PURE"},
        {SMP_MCUBOOT_TLV_ENC_RSA2048, "ENC_RSA2048"},
        {SMP_MCUBOOT_TLV_ENC_KW, "ENC_KW"},
        {SMP_MCUBOOT_TLV_ENC_EC256, "ENC_EC256"},
        {SMP_MCUBOOT_TLV_ENC_X25519, "ENC_X25519"},
        {SMP_MCUBOOT_TLV_ENC_X25519_SHA512, "ENC_X25519_SHA512"},
        {SMP_MCUBOOT_TLV_DEPENDENCY, "DEPENDENCY"},
        {SMP_MCUBOOT_TLV_SEC_CNT, "SEC_CNT"},
        {SMP_MCUBOOT_TLV_BOOT_RECORD, "BOOT_RECORD"},
        {SMP_MCUBOOT_TLV_DECOMP_SIZE, "DECOMP_SIZE"},
        {SMP_MCUBOOT_TLV_DECOMP_SHA, "DECOMP_SHA"},
        {SMP_MCUBOOT_TLV_DECOMP_SIGNATURE, "DECOMP_SIGNATURE"},
        {SMP_MCUBOOT_TLV_COMP_DEC_SIZE, "COMP_DEC_SIZE"},
        {SMP_MCUBOOT_TLV_UUID_VID, "UUID_VID"},
        {SMP_MCUBOOT_TLV_UUID_CID, "UUID_CID"},
        /* The numbers MCUboot's design document gives for the same. */
        {SMP_MCUBOOT_TLV_UUID_VID_OLD, "UUID_VID"},
        {SMP_MCUBOOT_TLV_UUID_CID_OLD, "UUID_CID"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (names[i].type == type) {
            return names[i].name;
        }
    }
    return NULL;
}

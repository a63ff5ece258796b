/* SPDX-License-Identifier: Apache-2.0 */
#include "shim.h"

int shim_image_read(const uint8_t *data, size_t len, bool check, struct smp_mcuboot_image *image,
                    uint8_t *sha)
{
    struct smp_source source = {.size = sizeof(source)};

    if (!image || (!data && len > 0))
        return SMP_ERR_INVALID;
    image->size = sizeof(*image);
    smp_source_memory(&source, data, len);
    return check ? smp_mcuboot_image_check(&source, image, sha)
                 : smp_mcuboot_image_read(&source, image);
}

int shim_image_signature(const uint8_t *data, size_t len, const struct smp_mcuboot_image *image,
                         const char *pem, size_t pem_len)
{
    struct smp_source source = {.size = sizeof(source)};

    if (!image || !pem || (!data && len > 0))
        return SMP_ERR_INVALID;
    smp_source_memory(&source, data, len);
    return smp_mcuboot_signature_check(&source, image, pem, pem_len);
}

int shim_image_tlv(const uint8_t *data, size_t len, const struct smp_mcuboot_image *image,
                   uint32_t *cursor, struct smp_mcuboot_tlv *tlv)
{
    struct smp_source source = {.size = sizeof(source)};

    if (!image || !cursor || !tlv || (!data && len > 0))
        return SMP_ERR_INVALID;
    tlv->size = sizeof(*tlv);
    smp_source_memory(&source, data, len);
    return smp_mcuboot_tlv_next(&source, image, cursor, tlv);
}
